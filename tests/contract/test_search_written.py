"""What people wrote into files is searched and narrowed down by, whoever describes the picture."""

import uuid

import pytest

from scopix_server.db.connection import SqlDatabase
from scopix_server.domain.description import Description, DescriptiveMetadata, ImageKind, Perception
from scopix_server.domain.hits import find_hits
from scopix_server.domain.listing import FileFilter, SearchMode
from scopix_server.domain.ports import DescriptionRecord
from scopix_server.domain.tenant import Tenant
from tests.contract.test_search import NOW, OTHER, TENANT, Text, enter, found

WRITTEN = {
    "street": DescriptiveMetadata(
        "Jubilee", "Grandmother at the gate", ("Forth Bridge", "Summer 2024"), "Bergen, Norge", "Kari Nordmann", 4
    ),
    "roof": DescriptiveMetadata(keywords=("bridge", "50%_off\0"), rating=2),
    "bare": None,
}
QUESTIONS = [
    ("keyword:bridge", {"street", "roof"}),
    ('keyword="forth bridge"', {"street"}),
    ("keyword=bridge", {"roof"}),
    ("keyword:2024", {"street"}),
    ("keyword:%_OFF", {"roof"}),
    ("keyword:%", {"roof"}),
    ("-keyword:bridge", {"bare"}),
    ("rating>=4", {"street"}),
    ("rating<3 -keyword:forth", {"roof"}),
    ("rating:4", {"street"}),
    ("rating=4 bridge", {"street"}),
    ("place:BERGEN credit:nordmann caption:gate", {"street"}),
    ("place:nordmann", set()),
    # As words: in the title, with the tags, with the description.
    ("jubilee", {"street"}),
    ("title:jubilee", {"street"}),
    ("forth", {"street"}),
    ("grandmother bergen", {"street"}),
    ("description:kari", {"street"}),
    # And they are no tags.
    ("tag:bridge", set()),
]  # fmt: skip


@pytest.fixture
def names(empty_database: SqlDatabase) -> dict[str, str]:
    """Pictures whose engine says nothing of what is written in them; the names by the ids."""
    for tenant_id in (TENANT, OTHER):
        empty_database.write(lambda t, i=tenant_id: t.tenants.add_tenant(Tenant(i, i, NOW)))
    known = {}
    for tenant in (TENANT, OTHER):
        for name, metadata in WRITTEN.items():
            file_id = enter(empty_database, name, Text(), tenant=tenant)
            describe(empty_database, file_id, 1, metadata)
            if tenant == TENANT:
                known[file_id] = name
    return known


def describe(database: SqlDatabase, file_id: str, revision: int, metadata: DescriptiveMetadata | None) -> None:
    perception = Perception(100, 100, descriptive=metadata)
    said = Description("A picture.", ("picture",), None, ImageKind.PHOTO, "engine", "1")
    record = DescriptionRecord(str(uuid.uuid4()), file_id, revision, said, "general", NOW, 1)
    database.write(lambda t: t.descriptions.claim(file_id, revision, NOW))
    database.write(lambda t: t.descriptions.save_perception(file_id, perception, None))
    assert database.write(lambda t: t.descriptions.complete(record))


def test_the_table(empty_database: SqlDatabase, names: dict[str, str]) -> None:
    answers = {question: {names[i] for i in found(empty_database, question)} for question, _ in QUESTIONS}
    assert answers == dict(QUESTIONS)


def test_what_is_written_no_more_is_found_no_more(empty_database: SqlDatabase, names: dict[str, str]) -> None:
    file_id = next(file_id for file_id, name in names.items() if name == "street")

    def ask_again(t: object) -> int:
        return t.descriptions.ask_again(t.files.get(TENANT, file_id), "general", NOW)  # type: ignore[attr-defined,no-any-return]

    describe(empty_database, file_id, empty_database.write(ask_again), DescriptiveMetadata(title="Quay"))
    for search in ("jubilee", "grandmother", "keyword:forth", "rating>=1 picture keyword:summer"):
        assert found(empty_database, search) == [], search
    assert found(empty_database, "quay") == [file_id]


def test_hits_are_shown_in_what_is_written(empty_database: SqlDatabase, names: dict[str, str]) -> None:
    criteria = FileFilter(search="jubilee summer gate", search_mode=SearchMode.ALL)
    lookups = empty_database.read(lambda t: t.files.lookups(TENANT, criteria))
    ((file, *_),) = empty_database.read(lambda t: t.files.list(TENANT, criteria, limit=9, offset=0))[:1]
    seen = empty_database.read(lambda t: t.descriptions.perception(file.id))
    made = empty_database.read(lambda t: t.descriptions.current([file.id]))[file.id].description
    hits = find_hits(lookups, file, made, seen)
    assert [(hit.field.value, hit.text) for hit in hits] == [
        ("title", "Jubilee"),
        ("tags", "Summer 2024"),
        ("description", "Grandmother at the gate"),
    ]
