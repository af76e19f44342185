"""Changing files through the SDK, in both clients, against the running server."""

import hashlib
import warnings
from collections.abc import Iterator

import pytest

from scopix import InsecureTransportWarning, ResourceNotFoundError, Scopix, ScopixError, SyncScopix, ValidationError
from tests.integration.api.conftest import EXAMPLES, ON_SQLITE
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer


@pytest.fixture
def client(server: InProcessServer) -> Iterator[SyncScopix]:
    warnings.simplefilter("ignore", InsecureTransportWarning)
    with SyncScopix(api_key=server.api_key, base_url=server.base_url) as client:
        yield client


def test_a_file_is_changed_deleted_and_brought_back(client: SyncScopix) -> None:
    file = client.files.upload(encoded(picture(seed=201)), filename="a.png", auto_describe=False)
    changed = client.files.update(file.image_id, title="A title", tags=["x"])
    assert (changed.title, changed.tags) == ("A title", ["x"])
    assert client.files.update(file.image_id, tags=[]).title == "A title"
    with pytest.raises(ValidationError):
        client.files.update(file.image_id)
    client.files.delete(file.image_id)
    with pytest.raises(ResourceNotFoundError):
        client.files.get(file.image_id)
    assert client.files.restore(file.image_id).id == file.image_id
    gone = client.files.batch_delete([file.image_id, "00000000-0000-4000-8000-000000000000"])
    assert (gone.summary.deleted, gone.summary.failed) == (1, 1)


def test_every_file_is_met_once_on_the_way_through_all(client: SyncScopix) -> None:
    data = encoded(picture(seed=202))
    ids = {
        client.files.upload(data, filename=f"{n}.png", tags=["walk"], auto_describe=False).image_id for n in range(7)
    }
    met = [item.id for item in client.files.list_all(page_size=3, tags=["walk"])]
    assert len(met) == 7
    assert set(met) == ids
    digest = hashlib.sha256(data).hexdigest()
    assert client.files.check_duplicates([digest, "0" * 64]).duplicates == [digest]


@ON_SQLITE
async def test_the_async_client_describes_again(seeing: InProcessServer) -> None:
    warnings.simplefilter("ignore", InsecureTransportWarning)
    async with Scopix(api_key=seeing.api_key, base_url=seeing.base_url) as client:
        first = await client.files.upload(EXAMPLES / "floor-plan.png", tags=["once more"])
        second = await client.files.retry_description(first.image_id, content_category="blueprint")
        assert second.is_completed
        assert "LIVING ROOM" in (second.description or "")
        done = await client.files.describe_matching(tags=["once more"], content_category="general")
        assert (done.matched, done.queued) == (1, 1)
        await client.files.wait_for_description(first.image_id)
        assert len((await client.files.get(first.image_id)).full_descriptions) == 3
        with pytest.raises(ScopixError):
            await client.files.describe_matching()
        assert [item.id async for item in client.files.list_all(tags=["once more"])] == [first.image_id]


def test_a_download_comes_in_chunks(client: SyncScopix) -> None:
    data = encoded(picture(700, 700, seed=203))
    file = client.files.upload(data, filename="a.png", auto_describe=False)
    assert b"".join(client.files.stream_download(file.image_id)) == data == client.files.download(file.image_id)
    with pytest.raises(ResourceNotFoundError):
        next(client.files.stream_download("00000000-0000-4000-8000-000000000000"))
