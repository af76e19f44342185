"""What an upload tells while it goes: plain lines without a terminal, and why descriptions wait."""

import asyncio
from io import StringIO

import pytest
from rich.console import Console

from scopix import Scopix
from scopix.cli import waiting
from tests.integration.cli.conftest import Run
from tests.integration.sdk.batches import BatchScopix
from tests.integration.sdk.faulty_server import Fault, FaultyServer, Seen, json_reply
from tests.integration.sdk.happy import IMAGE_ID
from tests.integration.sdk.keys import KEY

REASON = "The engine 'office' is away: \x1b[2Jconnection refused."


def test_plain_lines_come_when_there_is_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LINE_SECONDS", 0)
    log, screen = StringIO(), StringIO()
    lines = waiting.PlainLines(Console(file=log, width=20))
    for line in ("1 of 300 sent, and more than 20 columns", "2 of 300 sent", "2 of 300 sent"):
        lines.tell(line)
    assert log.getvalue() == "1 of 300 sent, and more than 20 columns\n2 of 300 sent\n"
    waiting.PlainLines(Console(file=screen, force_terminal=True)).tell("drawn otherwise")
    assert screen.getvalue() == ""
    monkeypatch.setattr(waiting, "LINE_SECONDS", 3600)
    waiting.PlainLines(Console(file=screen)).tell("too soon")
    assert screen.getvalue() == ""


@pytest.fixture
def busy(server: FaultyServer) -> FaultyServer:
    queued = {"id": IMAGE_ID, "filename": "a.png", "description_status": "queued"}
    page = {"items": [queued], "total_count": 1, "has_more": False, "limit": 1, "offset": 0}
    status = {"image_id": IMAGE_ID, "unified_status": "queued", "error_message": REASON}
    server.routes |= {
        "GET /api/v2/files": json_reply(page),
        f"GET /api/v2/files/{IMAGE_ID}/processing-status": json_reply(status),
    }
    return server


@pytest.mark.filterwarnings("ignore::scopix.InsecureTransportWarning")
async def test_why_descriptions_wait_is_told_once(busy: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "ASK_SECONDS", 0.001)
    told: list[str] = []
    third, loop = asyncio.Event(), asyncio.get_running_loop()
    path = f"GET /api/v2/files/{IMAGE_ID}/processing-status"
    status, rounds = busy.routes[path], []

    def counted(seen: Seen) -> Fault:
        rounds.append(seen)
        if len(rounds) == 3:
            loop.call_soon_threadsafe(third.set)
        return status

    busy.routes[path] = counted
    async with Scopix(api_key=KEY, base_url=busy.base_url) as client, asyncio.timeout(60):
        telling = asyncio.create_task(waiting.tell_reasons(client, told.append))
        await third.wait()
        telling.cancel()
    assert told == ["waiting: The engine 'office' is away: [2Jconnection refused."]


def test_an_upload_without_a_terminal_prints_lines(
    run: Run, server: FaultyServer, photos: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    BatchScopix(server)
    monkeypatch.setattr(waiting, "LINE_SECONDS", 0)
    result = run("upload", *photos)
    assert result.exit_code == 0, result.stderr
    first = result.stderr.splitlines()[0]
    assert first.endswith("of 7 sent, 0 done"), result.stderr
