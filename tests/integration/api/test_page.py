"""The page as a test: every example call of the documentation, written as a user would write it, in both clients.

The key and the address come from the environment; beside them only the placeholder paths are filled in.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from scopix import (
    BatchUploadResults,
    ContentCategory,
    DescriptionStatus,
    Scopix,
    SyncScopix,
    UploadResult,
    UploadSessionStatus,
)
from tests.integration.api.conftest import EXAMPLES, ON_SQLITE
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer

# The server of these tests is on this machine.
pytestmark = [ON_SQLITE, pytest.mark.filterwarnings("ignore::scopix.InsecureTransportWarning")]


@pytest.fixture(scope="session")
def server(seeing: InProcessServer) -> InProcessServer:
    """Pixels matter to these tests."""
    return seeing


@pytest.fixture(autouse=True)
def desk(server: InProcessServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder a user works in, with the files that the page names; the server is told by the environment."""
    monkeypatch.setenv("SCOPIX_BASE_URL", server.base_url)
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("img1.jpg", "img2.jpg", "img3.jpg")):
        Path(name).write_bytes(encoded(picture(seed=number), "JPEG"))
    for name, example in {
        "photo.jpg": "street-sign.jpg",
        "blueprint.jpg": "floor-plan.png",
        "living-room.jpg": "photo-coffee.jpg",
    }.items():
        Path(name).write_bytes((EXAMPLES / example).read_bytes())
    yield tmp_path


@pytest.fixture
def key(server: InProcessServer) -> str:
    return server.api_key


@pytest.fixture
def photos(desk: Path) -> str:
    """A folder as people have them."""
    for number, name in enumerate(
        ["a.jpg", "b.JPEG", "c.png", "deep/er/d.webp", "deep/e.gif", ".hidden.png", ".cache/f.jpg"]
    ):
        path = desk / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".gif": "GIF"}[path.suffix.lower()]
        path.write_bytes(encoded(picture(seed=50 + number), kind))
    for name in ("report.pdf", "notes.txt", "deep/film.mp4"):
        (desk / "photos" / name).write_bytes(b"no picture")
    return str(desk / "photos")


SHOWN = ["a.jpg", "b.JPEG", "c.png", "d.webp", "e.gif"]


def names(results: BatchUploadResults) -> list[str]:
    return sorted(result.filename for result in results)


# X1 -------------------------------------------------------------------------------------------------------------------


def check_x1(result: UploadResult, printed: str) -> None:
    assert isinstance(result, UploadResult)
    assert result.is_completed
    assert isinstance(result.description, str)
    assert printed.splitlines()[0] == f"Image ID: {result.image_id}"
    for line in ("Description: ", "Tags: [", "Visible Text: "):
        assert line in printed


async def test_x1_upload_a_single_image(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    async with Scopix(api_key=key) as client:
        # Upload a single file - returns UploadResult directly
        result = await client.files.upload("photo.jpg")

        print(f"Image ID: {result.image_id}")
        print(f"Description: {result.description}")
        print(f"Tags: {result.tags}")
        print(f"Visible Text: {result.visible_text}")
    check_x1(result, capsys.readouterr().out)


def test_x1_upload_a_single_image_sync(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    with SyncScopix(api_key=key) as client:
        result = client.files.upload("photo.jpg")

        print(f"Image ID: {result.image_id}")
        print(f"Description: {result.description}")
        print(f"Tags: {result.tags}")
        print(f"Visible Text: {result.visible_text}")
    check_x1(result, capsys.readouterr().out)


# X2, X9 ---------------------------------------------------------------------------------------------------------------


async def test_x2_upload_multiple_files(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    async with Scopix(api_key=key) as client:
        # Just pass a list - server-managed concurrency
        results = await client.files.upload_batch(["img1.jpg", "img2.jpg", "img3.jpg"])

        for result in results:
            print(f"{result.filename}: {result.description[:50]}...")
    check_x2(results, capsys.readouterr().out)


def test_x2_upload_multiple_files_sync(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    with SyncScopix(api_key=key) as client:
        results = client.files.upload_batch(["img1.jpg", "img2.jpg", "img3.jpg"])

        for result in results:
            print(f"{result.filename}: {result.description[:50]}...")
    check_x2(results, capsys.readouterr().out)


def check_x2(results: BatchUploadResults, printed: str) -> None:
    assert len(results) == 3
    assert [line.partition(": ")[0] for line in printed.splitlines()] == ["img1.jpg", "img2.jpg", "img3.jpg"]
    assert all(isinstance(result.description, str) and result.description for result in results)


async def test_x9_progress_callbacks_are_silent(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    async with Scopix(api_key=key) as client:
        results = await client.files.upload_batch(
            ["img1.jpg", "img2.jpg", "img3.jpg"],
        )
        for r in results:
            print(f"{r.filename}: {r.image_id}")
    assert capsys.readouterr().out.splitlines() == [f"{r.filename}: {r.image_id}" for r in results]
    assert len({r.image_id for r in results}) == 3


def test_x9_progress_callbacks_are_silent_sync(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    with SyncScopix(api_key=key) as client:
        results = client.files.upload_batch(
            ["img1.jpg", "img2.jpg", "img3.jpg"],
        )
        for r in results:
            print(f"{r.filename}: {r.image_id}")
    assert capsys.readouterr().out.splitlines() == [f"{r.filename}: {r.image_id}" for r in results]
    assert len({r.image_id for r in results}) == 3


# X3 - X6 --------------------------------------------------------------------------------------------------------------


async def test_x3_to_x6_directories(key: str, photos: str, desk: Path) -> None:
    async with Scopix(api_key=key) as client:
        # Upload all images in a directory (recursive by default)
        results = await client.files.upload_batch(photos)
        assert len(results) == 5
        assert names(results) == SHOWN
        assert all(result.description[:50] for result in results)

        # Non-recursive (only top-level files)
        results = await client.files.upload_batch(
            photos,
            recursive=False,  # Don't include subdirectories
        )
        assert names(results) == ["a.jpg", "b.JPEG", "c.png"]

        # Include hidden files and directories
        results = await client.files.upload_batch(
            photos,
            include_hidden=True,  # Include .hidden files and .cache/ dirs
        )
        assert names(results) == [".hidden.png", *SHOWN, "f.jpg"]

        # Mix files and directories
        results = await client.files.upload_batch(
            [
                f"{photos}/deep",  # All images in folder1
                f"{photos}/.cache",  # All images in folder2
                str(desk / "img1.jpg"),  # Plus this specific file
            ]
        )
        assert names(results) == ["d.webp", "e.gif", "f.jpg", "img1.jpg"]


def test_x3_to_x6_directories_sync(key: str, photos: str, desk: Path) -> None:
    with SyncScopix(api_key=key) as client:
        results = client.files.upload_batch(photos)
        assert len(results) == 5
        assert names(results) == SHOWN
        assert all(result.description[:50] for result in results)

        results = client.files.upload_batch(photos, recursive=False)
        assert names(results) == ["a.jpg", "b.JPEG", "c.png"]

        results = client.files.upload_batch(photos, include_hidden=True)
        assert names(results) == [".hidden.png", *SHOWN, "f.jpg"]

        results = client.files.upload_batch([f"{photos}/deep", f"{photos}/.cache", str(desk / "img1.jpg")])
        assert names(results) == ["d.webp", "e.gif", "f.jpg", "img1.jpg"]


# X7, X8 ---------------------------------------------------------------------------------------------------------------


async def test_x7_x8_content_categories(key: str) -> None:
    async with Scopix(api_key=key) as client:
        # Upload a blueprint with tailored analysis
        result = await client.files.upload("blueprint.jpg", content_category=ContentCategory.BLUEPRINT)
        print(result.description)  # Blueprint-specific description
        assert "plan" in str(result.description).lower()
        assert (await client.files.get(result.image_id)).content_category is ContentCategory.BLUEPRINT

        # Also works with string values
        result = await client.files.upload("living-room.jpg", content_category="architectural_design")
        assert result.is_completed
        details = await client.files.get(result.image_id)
        assert details.content_category is ContentCategory.ARCHITECTURAL_DESIGN


def test_x7_x8_content_categories_sync(key: str) -> None:
    with SyncScopix(api_key=key) as client:
        result = client.files.upload("blueprint.jpg", content_category=ContentCategory.BLUEPRINT)
        assert "plan" in str(result.description).lower()
        assert client.files.get(result.image_id).content_category is ContentCategory.BLUEPRINT

        result = client.files.upload("living-room.jpg", content_category="architectural_design")
        assert result.is_completed
        assert client.files.get(result.image_id).content_category is ContentCategory.ARCHITECTURAL_DESIGN


# X10 ------------------------------------------------------------------------------------------------------------------


def check_x10(status: UploadSessionStatus, heard: list[UploadSessionStatus]) -> None:
    assert (status.status, status.is_terminal, status.total_files) == ("completed", True, 3)
    progress = [one.progress_percentage for one in heard]
    assert progress == sorted(progress)
    assert progress[-1] == 100


async def test_x10_batched_progress(key: str) -> None:
    heard: list[UploadSessionStatus] = []
    async with Scopix(api_key=key) as client:
        results = await client.files.upload_batch(["img1.jpg", "img2.jpg", "img3.jpg"], wait_for_descriptions=False)
        session_id = results.session_id
        status = await client.files.wait_for_session(session_id, on_progress=heard.append)
    check_x10(status, heard)


def test_x10_batched_progress_sync(key: str) -> None:
    heard: list[UploadSessionStatus] = []
    with SyncScopix(api_key=key) as client:
        results = client.files.upload_batch(["img1.jpg", "img2.jpg", "img3.jpg"], wait_for_descriptions=False)
        session_id = results.session_id
        status = client.files.wait_for_session(session_id, on_progress=heard.append)
    check_x10(status, heard)


# X11, X12: a bucket of one's own. They belong here, and need an S3 server beside this one. ----------------------------


# X13 ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def files(desk: Path) -> list[str]:
    """Two pictures, and one that is damaged where only decoding finds it."""
    whole = encoded(picture(900, 700), "PNG")
    (desk / "damaged.png").write_bytes(whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))
    return ["img1.jpg", "damaged.png", "img2.jpg"]


def check_x13(results: BatchUploadResults, printed: str) -> None:
    assert printed.splitlines() == [f"Failed: {results[1].image_id}", "Summary: 2 succeeded, 1 failed"]
    assert [r.description_status for r in results] == [
        DescriptionStatus.COMPLETED,
        DescriptionStatus.FAILED,
        DescriptionStatus.COMPLETED,
    ]


async def test_x13_handle_upload_errors(key: str, files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    async with Scopix(api_key=key) as client:
        results = await client.files.upload_batch(files)

        # Check status using enum
        for r in results:
            if r.description_status == DescriptionStatus.FAILED:
                print(f"Failed: {r.image_id}")

        # Use convenience methods
        if results.has_failures:
            print(f"Summary: {results.summary()}")
            for r in results.retryable():
                print(f"Can retry: {r.image_id}")
    check_x13(results, capsys.readouterr().out)


def test_x13_handle_upload_errors_sync(key: str, files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with SyncScopix(api_key=key) as client:
        results = client.files.upload_batch(files)

        for r in results:
            if r.description_status == DescriptionStatus.FAILED:
                print(f"Failed: {r.image_id}")

        if results.has_failures:
            print(f"Summary: {results.summary()}")
            for r in results.retryable():
                print(f"Can retry: {r.image_id}")
    check_x13(results, capsys.readouterr().out)


# X14 ------------------------------------------------------------------------------------------------------------------


def test_x14_the_imports() -> None:
    names: dict[str, object] = {}
    exec("from scopix import Scopix, ContentCategory, DescriptionStatus", names)
    assert names["Scopix"] is Scopix
    assert names["ContentCategory"] is ContentCategory
    assert names["DescriptionStatus"] is DescriptionStatus
    assert "SCOPIX_BASE_URL" in os.environ
