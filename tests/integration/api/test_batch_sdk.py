"""Batches end to end: the seed's example calls, in both clients, against a real server with its worker."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scopix import BatchUploadResults, DescriptionStatus, Scopix, SyncScopix
from tests.integration.api.conftest import ON_SQLITE
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer

# The server of these tests is on this machine.
pytestmark = pytest.mark.filterwarnings("ignore::scopix.InsecureTransportWarning")


class Both:
    """The calls of `client.files`, made with the one client or the other."""

    def __init__(self, server: InProcessServer, kind: str) -> None:
        self._settings = {"api_key": server.api_key, "base_url": server.base_url}
        self._kind = kind

    async def __call__(self, method: str, *arguments: Any, **options: Any) -> Any:
        if self._kind == "sync":
            with SyncScopix(**self._settings) as client:
                return getattr(client.files, method)(*arguments, **options)
        async with Scopix(**self._settings) as client:
            return await getattr(client.files, method)(*arguments, **options)


@pytest.fixture(params=["async", "sync"])
def call(request: pytest.FixtureRequest, server: InProcessServer) -> Both:
    return Both(server, request.param)


@pytest.fixture
def photos(tmp_path: Path) -> Iterator[Path]:
    """Three pictures, one in a directory, two hidden, and files of other types."""
    root = tmp_path / "photos"
    for number, name in enumerate(
        ["img1.jpg", "img2.JPEG", "deep/img3.png", ".hidden.png", ".cache/img5.webp", "notes.txt", "film.mp4"]
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = {".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}.get(path.suffix.lower(), "PNG")
        path.write_bytes(encoded(picture(160, 120, seed=number), kind))
    yield root


def size_of(path: str) -> int:
    return Path(path).stat().st_size


def names(results: BatchUploadResults) -> list[str]:
    return [result.filename for result in results]


async def test_a_list_of_files_is_described(call: Both, photos: Path) -> None:  # X2, X9
    files = [str(photos / "img2.JPEG"), str(photos / "deep/img3.png"), str(photos / "img1.jpg")]
    results = await call("upload_batch", files)
    for result, path in zip(results, files, strict=True):
        assert result.filename == Path(path).name
        assert len(result.image_id) == 36
        assert result.description[:50]
        details = await call("get", result.image_id)
        assert details.size_bytes == size_of(path)
        assert details.upload_description == result.description


async def test_directories(call: Both, photos: Path) -> None:  # X3, X4, X5, X6
    quick = {"auto_describe": False}
    results = await call("upload_batch", str(photos))
    assert names(results) == ["img3.png", "img1.jpg", "img2.JPEG"]
    assert all(result.is_completed for result in results)
    assert names(await call("upload_batch", str(photos), recursive=False, **quick)) == ["img1.jpg", "img2.JPEG"]
    hidden = await call("upload_batch", str(photos), include_hidden=True, **quick)
    assert set(names(hidden)) == {"img1.jpg", "img2.JPEG", "img3.png", ".hidden.png", "img5.webp"}
    mixed = [str(photos / "deep"), str(photos / ".cache"), str(photos / ".hidden.png")]
    assert names(await call("upload_batch", mixed, **quick)) == ["img3.png", "img5.webp", ".hidden.png"]
    assert names(await call("upload_batch", str(photos / "img1.jpg"), **quick)) == ["img1.jpg"]


async def test_a_session_can_be_watched(call: Both, photos: Path) -> None:  # X10
    results = await call("upload_batch", str(photos), wait_for_descriptions=False)
    assert all(result.image_id for result in results)
    heard: list[float] = []
    status = await call(
        "wait_for_session", results.session_id, on_progress=lambda status: heard.append(status.progress_percentage)
    )
    assert status.status == "completed"
    assert (status.total_files, status.completed_files, status.pending_files) == (3, 3, 0)
    assert heard == sorted(heard)
    assert heard[-1] == 100
    page = await call("get_session_results", results.session_id)
    assert [one.image_id for one in page.results] == [result.image_id for result in results]
    assert results.session_id in {one.session_id for one in (await call("list_sessions")).items}


async def test_failures_are_told_and_raise_nothing(call: Both, photos: Path) -> None:  # X13
    damaged = bytearray(encoded(picture(900, 700), "PNG"))
    damaged[len(damaged) // 2 :][:400] = bytes(400)
    (photos / "a-damaged.png").write_bytes(bytes(damaged[: len(damaged) // 2]) + bytes(len(damaged) // 2))
    (photos / "b-empty.png").write_bytes(b"")
    (photos / "c-words.jpg").write_text("not a picture")
    results = await call("upload_batch", str(photos))
    failed = [result for result in results if result.description_status == DescriptionStatus.FAILED]
    assert names(failed) == ["a-damaged.png", "b-empty.png", "c-words.jpg"]
    assert all(result.description_error for result in failed)
    assert results.has_failures
    assert results.summary() == "3 succeeded, 3 failed"
    assert results.retryable() == []


async def test_duplicates_resolve_to_one_file(call: Both, tmp_path: Path) -> None:
    data = encoded(picture(seed=hash(str(tmp_path)) % 10_000))
    results = await call("upload_batch", [data, data], filenames=["one.png", "two.png"], skip_duplicates=True)
    assert names(results) == ["one.png", "two.png"]
    assert len({result.image_id for result in results}) == 1
    assert [result.is_completed for result in results] == [True, False]
    assert results[1].description_status is DescriptionStatus.SKIPPED
    again = await call("upload_batch", data, filenames=["three.png"], skip_duplicates=True)
    assert (again[0].image_id, again[0].description) == (results[0].image_id, results[0].description)


@ON_SQLITE
async def test_many_files_take_several_requests_and_keep_their_order(call: Both, tmp_path: Path) -> None:
    for number in range(450):
        (tmp_path / f"{number:04}.png").write_bytes(encoded(picture(16, 16, seed=number)))
    results = await call("upload_batch", tmp_path, auto_describe=False)
    assert names(results) == [f"{number:04}.png" for number in range(450)]
    assert len(results.session_ids) == 1
    assert Counter(result.description_status for result in results) == {DescriptionStatus.SKIPPED: 450}
    assert len({result.image_id for result in results}) == 450
