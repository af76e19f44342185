"""Which texts are to be embedded, and their vectors, on SQLite and on PostgreSQL."""

import dataclasses
import logging
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from scopix_server.analysis.embed import EmbedTexts
from scopix_server.db.connection import SqlDatabase
from scopix_server.domain.description import Description, ImageKind
from scopix_server.domain.listing import FileFilter
from scopix_server.domain.ports import DescriptionRecord
from scopix_server.domain.tenant import Tenant
from scopix_server.jobs.embedding import EmbeddingKeeper
from tests.contract.test_similar import NOW, OTHER, TENANT, file_number

LATER = datetime(2026, 2, 1, tzinfo=UTC)


class Numbers:
    """Makes of a text the bytes of its length: whoever looks at a vector knows the text."""

    def __init__(self, model: str = "lengths-1") -> None:
        self.model = model
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        self.texts += texts
        return [bytes([len(text) % 128]) for text in texts]


@pytest.fixture
def database(empty_database: SqlDatabase) -> SqlDatabase:
    for tenant_id in (TENANT, OTHER):
        tenant = Tenant(tenant_id, tenant_id[0], NOW)
        empty_database.write(lambda t, tenant=tenant: t.tenants.add_tenant(tenant))
    return empty_database


def describe(
    database: SqlDatabase, number: int, text: str, *, tenant_id: str = TENANT, tags: tuple[str, ...] = ()
) -> str:
    file = file_number(number, tenant_id=tenant_id)
    said = Description(text, tags, None, ImageKind.PHOTO, "builtin", "1")
    record = DescriptionRecord(str(uuid.uuid4()), file.id, 1, said, "general", NOW, 1)

    def work(transaction) -> None:
        if transaction.files.get(tenant_id, file.id) is None:
            transaction.files.add(file)
        revision = transaction.versions.next_revision(file.id)
        transaction.versions.add(dataclasses.replace(record, revision=revision))
        transaction.versions.choose(file.id, revision, NOW)

    database.write(work)
    return file.id


def kept(
    database: SqlDatabase, tenant_id: str = TENANT, model: str = "lengths-1", after: int = 0
) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}

    def look(transaction) -> None:
        for portion in transaction.embeddings.rows(model).changes(tenant_id, after):
            for row in portion:
                found.setdefault(row.file_id, []).append(row.vector)

    database.read(look)
    return found


def test_what_is_described_is_embedded_once(database: SqlDatabase) -> None:
    embedder = Numbers()
    embed = EmbedTexts(database, embedder)
    one = describe(database, 1, "A dog.", tags=("dog", "lawn"))
    database.write(lambda t: t.files.add(file_number(2)))
    assert database.read(lambda t: t.embeddings.pending(TENANT))
    assert (embed.embed_some(), embed.embed_some()) == (1, 0)
    assert embedder.texts == ["A dog.", "A dog. dog, lawn."]
    assert kept(database) == {one: [bytes([6]), bytes([17])]}
    assert not database.read(lambda t: t.embeddings.pending(TENANT))


def test_a_new_description_and_a_new_title_replace_the_vectors(database: SqlDatabase) -> None:
    embed = EmbedTexts(database, Numbers())
    one = describe(database, 1, "A dog.", tags=("dog",))
    embed.embed_some()
    before = database.read(lambda t: t.embeddings.rows("lengths-1").latest(TENANT))
    describe(database, 1, "A brown dog.")
    assert kept(database) == {one: [bytes([6]), bytes([11])]}  # the old ones stay until there are new ones
    embed.embed_some()
    assert kept(database, after=before) == kept(database) == {one: [bytes([12])]}
    file = database.read(lambda t: t.files.get(TENANT, one))
    database.write(lambda t: t.files.update(dataclasses.replace(file, title="Rex")))
    embed.embed_some()
    assert kept(database) == {one: [bytes([len("Rex. A brown dog.")])]}


def test_what_changes_while_it_is_embedded_is_embedded_again(database: SqlDatabase) -> None:
    one = describe(database, 1, "A dog.")

    class Slow(Numbers):
        def embed(self, texts: Sequence[str]) -> list[bytes]:
            if not self.texts:
                describe(database, 1, "Two dogs.")
            return super().embed(texts)

    embed = EmbedTexts(database, Slow())
    embed.embed_some()
    assert kept(database) == {}
    embed.embed_some()
    assert kept(database) == {one: [bytes([9])]}


def test_another_model_makes_new_ones_and_the_old_ones_serve_until_then(database: SqlDatabase) -> None:
    one = describe(database, 1, "A dog.")
    EmbedTexts(database, Numbers()).embed_some()
    later = EmbedTexts(database, Numbers("lengths-2"))
    assert (later.renew(), later.renew()) == (1, 0)
    assert kept(database, model="lengths-1") == {one: [bytes([6])]}
    assert later.embed_some() == 1
    assert (kept(database, model="lengths-1"), kept(database, model="lengths-2")) == ({}, {one: [bytes([6])]})


def test_tenants_are_apart_and_deleted_files_wait(database: SqlDatabase) -> None:
    embed = EmbedTexts(database, Numbers())
    mine, theirs = describe(database, 1, "Mine"), describe(database, 2, "Theirs", tenant_id=OTHER)
    gone = describe(database, 3, "Gone")
    database.write(lambda t: t.files.mark_deleted(TENANT, gone, NOW))
    assert embed.embed_some() == 2
    assert (kept(database).keys(), kept(database, OTHER).keys()) == ({mine}, {theirs})
    assert not database.read(lambda t: t.embeddings.pending(TENANT))
    database.write(lambda t: t.files.restore(TENANT, gone, NOW))
    assert embed.embed_some() == 1
    assert kept(database).keys() == {mine, gone}


def test_vectors_go_with_their_file_and_with_their_tenant(database: SqlDatabase) -> None:
    embed = EmbedTexts(database, Numbers())
    first, second = describe(database, 1, "One"), describe(database, 2, "Two")
    embed.embed_some()
    database.write(lambda t: t.files.mark_deleted(TENANT, first, NOW))
    database.write(lambda t: t.upkeep.purge_files([first], LATER))
    assert kept(database).keys() == {second}
    database.write(lambda t: t.tenant_data.remove_files([second]))
    while database.write(lambda t: t.tenant_data.remove_some(TENANT, limit=100)):
        pass
    assert database.write(lambda t: t.tenant_data.remove_tenant(TENANT))
    assert kept(database) == {}


def test_a_text_that_the_model_cannot_take_stops_no_other(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It is logged with a traceback, which servers of other tests in this process are held not to have.
    monkeypatch.setattr(logging.getLogger(EmbedTexts.__module__), "propagate", False)

    class Picky(Numbers):
        works = True

        def embed(self, texts: Sequence[str]) -> list[bytes]:
            if not self.works or "odd" in texts[0]:
                raise ValueError("odd")
            return super().embed(texts)

    describe(database, 1, "An odd dog.")
    good = describe(database, 2, "A dog.")
    embedder = Picky()
    embed = EmbedTexts(database, embedder)
    embedder.works = False
    with pytest.raises(ValueError):
        embed.embed_some()
    assert database.read(lambda t: len(t.embeddings.due(limit=9))) == 2
    embedder.works = True
    assert (embed.embed_some(), embed.embed_some()) == (2, 0)
    assert kept(database).keys() == {good}


def test_it_can_be_stopped_between_two_files(database: SqlDatabase) -> None:
    for number in range(4):
        describe(database, number, "A dog.")
    turns = iter([True, True, False])
    embed = EmbedTexts(database, Numbers())
    assert embed.embed_some(lambda: next(turns)) == 2
    assert (len(kept(database)), embed.embed_some()) == (2, 2)


def test_a_thread_of_a_worker_does_it_and_another_waits_for_its_turn(database: SqlDatabase) -> None:
    one = describe(database, 1, "A dog.")
    busy = datetime.now(UTC) + timedelta(hours=1)
    database.write(lambda t: t.maintenance.take("embed", "another", datetime.now(UTC), busy, done_before=None))
    idle = Numbers()
    waiting = EmbeddingKeeper(database, EmbedTexts(database, idle), "this")
    waiting.start()
    waiting.stop()
    assert idle.texts == []
    database.write(lambda t: t.maintenance.finish("embed", "another", datetime.now(UTC), done=True))
    keeper = EmbeddingKeeper(database, EmbedTexts(database, Numbers()), "this")
    keeper.start()
    deadline = time.monotonic() + 60
    while not kept(database) and time.monotonic() < deadline:
        time.sleep(0.01)
    keeper.stop()
    assert kept(database).keys() == {one}
    assert database.read(lambda t: t.maintenance.holder("embed", datetime.now(UTC))) is None


def test_files_are_found_by_their_ids_and_a_filter(database: SqlDatabase) -> None:
    ids = [describe(database, number, "A dog.", tags=("dog",) if number % 2 else ()) for number in range(1, 5)]
    theirs = describe(database, 9, "A dog.", tenant_id=OTHER)
    database.write(lambda t: t.files.mark_deleted(TENANT, ids[3], NOW))
    everything = [*ids, theirs, "no-such-file"]
    assert database.read(lambda t: t.files.these(TENANT, everything)).keys() == set(ids[:3])
    assert database.read(lambda t: t.files.matching(TENANT, FileFilter(), everything)) == set(ids[:3])
    assert database.read(lambda t: t.files.matching(TENANT, FileFilter(tags=("dog",)), everything)) == {ids[0], ids[2]}
    assert database.read(lambda t: t.files.matching(TENANT, FileFilter(search="-tag:dog"), everything)) == {ids[1]}
    assert database.read(lambda t: t.files.matching(TENANT, FileFilter(search="::"), everything)) == set()
