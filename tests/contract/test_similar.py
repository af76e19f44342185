"""Images that look like one, on SQLite and on PostgreSQL: the same answers as comparing all whole vectors at once."""

import dataclasses
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from scopix.types.vocabulary import DescriptionStatus, MediaType
from scopix_server.db.connection import SqlDatabase
from scopix_server.domain.description import Box, Perception, TextRegion
from scopix_server.domain.errors import NotFound, WrongMediaType
from scopix_server.domain.file import File
from scopix_server.domain.similar import SimilarFile
from scopix_server.domain.tenant import Tenant
from scopix_server.library.similar import find_similar

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TENANT = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
MANY = 600  # more than are compared at once
LENGTH = 48


@pytest.fixture
def database(empty_database: SqlDatabase) -> SqlDatabase:
    for tenant_id in (TENANT, OTHER):
        tenant = Tenant(tenant_id, tenant_id[0], NOW)
        empty_database.write(lambda t, tenant=tenant: t.tenants.add_tenant(tenant))
    return empty_database


def file_number(number: int, **changes: object) -> File:
    file = File(
        id=str(uuid.UUID(int=number)),
        tenant_id=TENANT,
        filename=f"{number}.png",
        content_type="image/png",
        media_type=MediaType.IMAGE,
        size_bytes=5,
        sha256="0" * 64,
        object_key="k",
        created_at=NOW,
        updated_at=NOW,
    )
    return dataclasses.replace(file, **changes)


def perceived(embedding: Sequence[float], *lines: str) -> Perception:
    box = Box(0.1, 0.1, 0.5, 0.1)
    return Perception(8, 8, text=tuple(TextRegion(line, box, 0.9) for line in lines), embedding=tuple(embedding))


def store(database: SqlDatabase, files: Sequence[tuple[File, Perception | None]]) -> None:
    def work(transaction: object) -> None:
        for file, perception in files:
            transaction.files.add(file)  # type: ignore[attr-defined]
            if perception is not None:
                transaction.descriptions.save_perception(file.id, perception, None)  # type: ignore[attr-defined]

    database.write(work)


def similar(database: SqlDatabase, file: File, *, limit: int = 20, min_score: float = 0.0) -> list[SimilarFile]:
    return database.read(lambda t: find_similar(t, file, limit=limit, min_score=min_score))


def test_as_comparing_everything_at_once(database: SqlDatabase) -> None:
    chance = np.random.default_rng(5)
    # As those of the label network: few large numbers, many small ones, most not below 0.
    vectors = chance.gamma(0.5, 1.0, (MANY, LENGTH)).astype(np.float32) - 0.1
    files = [file_number(number) for number in range(MANY)]
    store(database, [(file, perceived(row.tolist())) for file, row in zip(files, vectors, strict=True)])
    gone = set(range(0, MANY, 3)) - {MANY - 2}
    for number in gone:
        database.write(lambda t, n=number: t.files.mark_deleted(TENANT, files[n].id, NOW))
    asked = MANY - 2
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    truth = unit @ unit[asked]
    order = [int(n) for n in np.argsort(-truth) if n != asked and int(n) not in gone]
    found = similar(database, files[asked], limit=30)
    scores = [each.score for each in found]
    assert len(found) == 30
    assert scores == sorted(scores, reverse=True)
    numbers = [int(each.file.filename.partition(".")[0]) for each in found]
    assert len(set(numbers)) == 30
    assert not gone & set(numbers)
    for number, score in zip(numbers, scores, strict=True):
        assert score == pytest.approx(float(truth[number]), abs=0.01)
    # A byte a number may swap two that are hardly apart, and nothing else.
    assert min(truth[numbers]) >= truth[order[29]] - 0.02
    bar = float(truth[order[10]])
    assert {each.file.id for each in similar(database, files[asked], limit=100, min_score=bar + 0.01)} <= {
        files[n].id for n in order[:10]
    }


def test_what_is_another_s_deleted_or_the_image_itself_never_appears(database: SqlDatabase) -> None:
    same = perceived([1.0, 2.0, 0.0])
    mine, twin, foreign = file_number(1), file_number(2), file_number(3, tenant_id=OTHER)
    store(database, [(mine, same), (twin, same), (foreign, same)])
    assert [each.file.id for each in similar(database, mine)] == [twin.id]
    assert similar(database, foreign) == []
    database.write(lambda t: t.files.mark_deleted(TENANT, twin.id, NOW))
    assert similar(database, mine) == []
    database.write(lambda t: t.files.restore(TENANT, twin.id, NOW))
    (found,) = similar(database, mine)
    assert (found.file.id, round(found.score, 3), found.is_near_duplicate) == (twin.id, 1.0, True)


def test_what_is_seen_anew_replaces_what_was_seen(database: SqlDatabase) -> None:
    mine, other = file_number(1), file_number(2)
    store(database, [(mine, perceived([1.0, 0.0])), (other, perceived([0.0, 1.0]))])
    assert similar(database, mine, min_score=0.5) == []
    database.write(lambda t: t.descriptions.save_perception(other.id, perceived([2.0, 0.1]), None))
    (found,) = similar(database, mine, min_score=0.5)
    assert found.score == pytest.approx(0.9987, abs=0.005)
    # Of another network, or of nothing at all: not to be compared, and in nobody's way.
    for embedding in ([1.0, 2.0, 3.0], [], [0.0, 0.0], [float("nan"), 1.0]):
        database.write(lambda t, e=embedding: t.descriptions.save_perception(other.id, perceived(e), None))
        assert similar(database, mine) == []


def test_pages_of_one_layout_are_duplicates_only_if_they_read_alike(database: SqlDatabase) -> None:
    look = [0.3, 1.0, 0.2]
    lines = {1: "Invoice 4711 for Smith Ltd total 90", 2: "INVOICE 4711 for Smith Ltd. total 90"}
    lines[3] = "Invoice 4712 for Jones Inc total 75"
    files = {number: file_number(number) for number in lines}
    store(database, [(file, perceived(look, lines[number])) for number, file in files.items()])
    near = {each.file.id: each.is_near_duplicate for each in similar(database, files[1])}
    assert near == {files[2].id: True, files[3].id: False}


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (DescriptionStatus.QUEUED, "not looked at yet"),
        (DescriptionStatus.SKIPPED, "describe it first"),
        (DescriptionStatus.FAILED, "describe it again"),
    ],
)
def test_an_image_that_nobody_looked_at(database: SqlDatabase, status: DescriptionStatus, reason: str) -> None:
    file = file_number(1, description_status=status)
    store(database, [(file, None)])
    with pytest.raises(NotFound, match=reason) as caught:
        similar(database, file)
    assert caught.value.details["description_status"] == status.value


def test_what_is_no_image(database: SqlDatabase) -> None:
    file = file_number(1, media_type=MediaType.DOCUMENT)
    store(database, [(file, None)])
    with pytest.raises(WrongMediaType):
        similar(database, file)
