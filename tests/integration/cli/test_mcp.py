"""`scopix mcp`: the program as an agent starts it, by the official library's own client."""

import sys
from pathlib import Path

from mcp import StdioServerParameters
from mcp.client.client import Client
from mcp.client.stdio import stdio_client

from tests.integration.cli.conftest import Run
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer


async def test_an_agent_on_this_computer_uploads_by_path(tmp_path: Path, scopix_server: InProcessServer) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "one.png").write_bytes(encoded(picture(seed=811)))
    (tmp_path / "other.png").write_bytes(encoded(picture(seed=812)))
    (folder / "way-out.png").symlink_to(tmp_path / "other.png")
    (folder / "notes.txt").write_text("not a picture")
    program = StdioServerParameters(
        command=str(Path(sys.executable).with_name("scopix")),
        args=["mcp", "--files", str(folder)],
        env={"SCOPIX_API_KEY": scopix_server.api_key, "SCOPIX_BASE_URL": scopix_server.base_url},
    )
    async with Client(stdio_client(program)) as client:
        assert len((await client.list_tools()).tools) == 9
        sent = await client.call_tool("upload_image", {"path": str(folder / "one.png"), "wait_seconds": 0})
        assert not sent.is_error, sent.content
        found = await client.call_tool("get_image", {"image_id": sent.structured_content["image_id"]})
        assert found.structured_content["content"]["filename"] == "one.png"
        for path in (tmp_path / "other.png", folder / "way-out.png", folder / ".." / "other.png"):
            refused = await client.call_tool("upload_image", {"path": str(path)})
            assert refused.is_error and "none of the folders" in refused.content[0].text, path
        refused = await client.call_tool("upload_image", {"path": str(folder / "notes.txt")})
        assert refused.is_error and "no JPEG" in refused.content[0].text


def test_a_wrong_key_or_folder_is_told_at_the_start(run: Run, real: Run, tmp_path: Path) -> None:
    done = real("mcp", SCOPIX_API_KEY="scopix_00000000_unknown_unknown_unknown")
    assert done.exit_code == 3 and "refused the key" in done.stderr
    done = run("mcp", "--files", tmp_path / "missing")
    assert done.exit_code == 2 and "is no directory" in done.stderr
