"""Search: one table of texts and questions, the same answers on SQLite and on PostgreSQL."""

import dataclasses
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scopix.types.vocabulary import DescriptionStatus, MediaType
from scopix_server.db.connection import SqlDatabase
from scopix_server.db.engine import create_engine
from scopix_server.db.migrate import migrate
from scopix_server.domain.description import Box, Description, ImageKind, Perception, SeenObject
from scopix_server.domain.file import File
from scopix_server.domain.listing import FileFilter, SearchMode, SortBy, SortOrder
from scopix_server.domain.ports import DescriptionRecord
from scopix_server.domain.tenant import Tenant
from tests.support.postgres import fresh_database

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TENANT, OTHER = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))


@dataclasses.dataclass(frozen=True)
class Text:
    """What is known of a file: `said` and `seen` by its description, which there is none without `said`."""

    title: str | None = None
    filename: str = "a.png"
    tags: tuple[str, ...] = ()
    said: str | None = None
    seen: str | None = None
    ai_tags: tuple[str, ...] = ()
    fields: dict[str, object] = dataclasses.field(default_factory=dict)


def enter(database: SqlDatabase, name: str, text: Text, *, tenant: str = TENANT, at: datetime = NOW) -> str:
    file = File(
        id=str(uuid.uuid5(uuid.UUID(int=3), tenant + name)),
        tenant_id=tenant,
        filename=text.filename,
        title=text.title,
        user_tags=text.tags,
        content_type="image/png",
        media_type=MediaType.IMAGE,
        size_bytes=5,
        sha256="0" * 64,
        object_key="k",
        created_at=at,
        updated_at=at,
        description_status=DescriptionStatus.QUEUED,
        description_revision=1,
        # What fields are of.
        content_category="document" if text.fields else "general",
    )
    database.write(lambda t: t.files.add(file))
    if text.said is not None:
        said = Description(text.said, text.ai_tags, text.seen, ImageKind.PHOTO, "builtin", "1", text.fields)
        record = DescriptionRecord(str(uuid.uuid4()), file.id, 1, said, "general", at, 1)
        database.write(lambda t: t.descriptions.claim(file.id, 1, at))
        assert database.write(lambda t: t.descriptions.complete(record))
    return file.id


def found(database: SqlDatabase, search: str, mode: SearchMode = SearchMode.ALL, **asked: object) -> list[str]:
    wanted = FileFilter(search=search, search_mode=mode, **asked)  # type: ignore[arg-type]
    files, total = database.read(lambda t: t.files.list(TENANT, wanted, limit=100, offset=0))
    assert total == len(files)
    return [file.id for file in files]


LONG = "x" * 300
MANY = " ".join(f"w{number}" for number in range(20_000))
TEXTS = {
    "kitchen": Text("Küche, Erdgeschoß", tags=("Floor Plan", "rot"), said="Plan of a kitchen.", seen="KITCHEN 12.5 m²"),
    "bath": Text("The bath room", said="A bath beside a bedroom.", seen="BATH\nroom 2", ai_tags=("floor plan",)),
    "tokyo": Text("東京の猫", "猫 01.jpg", said="東京タワーの写真", seen="2号出口"),
    "korean": Text("한국어 문서", said="A document."),
    "scripts": Text("Привет МИР ΣΊΣΥΦΟΣ שלום مرحبا नमस्ते"),
    # Letters that are younger than Unicode 6.1, and one that folding makes larger.
    "young": Text("\U0001e900\U0001e901 \U00010c80 \u13a0\uab71"),
    "signs": Text("co-op 50% a_b 'quoted' \\ back*slash (NEAR) AND:or", filename="50%_off.png"),
    "digits": Text("x² ½ Ⅷ ٣ ①"),
    "columns": Text("one", tags=("two",), said="three", seen="four", ai_tags=("five",)),
    "long": Text("long", said=LONG + "1 short"),
    "many": Text("many", said="a " * 300 + "needle " + "a " * 300, seen=MANY + " z end"),
    "bare": Text(filename="plain_file-01.PNG"),
    "nothing": Text(),
}  # fmt: skip
A, M, V = SearchMode.ALL, SearchMode.METADATA, SearchMode.VISIBLE_TEXT
QUESTIONS = [
    ("kitchen", A, {"kitchen"}),
    ("KITCH", A, {"kitchen"}),
    ("itchen", A, {"kitchen"}),
    ('"itchen"', A, set()),
    ("kuche erdgeschoss", A, {"kitchen"}),
    ("Küche", V, set()),
    ("kitchen", V, {"kitchen"}),
    ("kitchen", M, {"kitchen"}),
    ("bath room", A, {"bath"}),
    ('"bath room"', M, {"bath"}),
    ('"room bath"', A, set()),
    ('"the bath ro"', A, {"bath"}),
    ('"th bath"', A, set()),
    # In the title, and over the end of a line; but not from one text into the next.
    ('"bath room 2"', V, {"bath"}),
    ('"room a bath"', A, set()),
    ('"bath beside a bed"', M, {"bath"}),
    ("floor", A, {"kitchen", "bath"}),
    ('"floor plan"', M, {"kitchen", "bath"}),
    ("12.5 m2", A, {"kitchen"}),
    ("東京", A, {"tokyo"}),
    ("京東", A, set()),
    ("京の", A, {"tokyo"}),
    ("猫", A, {"tokyo"}),
    ("タワー", M, {"tokyo"}),
    ("タワー", V, set()),
    ("2号", V, {"tokyo"}),
    ("写 東", A, {"tokyo"}),
    ("한국", A, {"korean"}),
    ("국한", A, set()),
    ("привет мир", A, {"scripts"}),
    ("σισυφος", A, {"scripts"}),
    ("שלום", A, {"scripts"}),
    ("مرح", A, {"scripts"}),
    ("नमस्ते", A, {"scripts"}),
    ("\U0001e922", A, {"young"}),
    ("\U0001e900\U0001e901", A, {"young"}),
    ("\U0001e901", A, set()),
    ("\u13a0\u13a1", A, {"young"}),
    ("co-op", A, {"signs"}),
    ("50%", A, {"signs"}),
    ("%", A, set()),
    ("a_b", A, {"signs", "bath"}),
    ("'quoted' \\", A, {"signs"}),
    ("NEAR AND or", A, {"signs"}),
    ("x2", A, {"digits"}),
    ("viii", A, {"digits"}),
    ("1", A, {"kitchen", "digits"}),
    ("one two three four five", A, {"columns"}),
    ("one two three four", M, set()),
    ("one two three five", M, {"columns"}),
    ('"one two"', A, set()),
    (LONG, A, {"long"}),
    ("x" * 255, A, {"long"}),
    ("x" * 256 + "2", A, {"long"}),  # beyond 255 characters a word is not looked at
    ('"needle a"', A, {"many"}),
    ('"a needle"', M, {"many"}),
    ('"z end"', V, {"many"}),
    ("w19999", A, {"many"}),
    ('"w17000 w17001"', A, {"many"}),
    ('"w17001 w17000"', A, set()),
    ("plain file png", A, {"bare"}),
    ("a.png", A, {"kitchen", "bath", "korean", "scripts", "young", "digits", "columns", "long", "many", "nothing"}),
    ("   ", A, set(TEXTS)),
    ("— … !?", A, set()),
    ('""', A, set()),
]  # fmt: skip


@pytest.fixture
def database(empty_database: SqlDatabase) -> SqlDatabase:
    for tenant_id in (TENANT, OTHER):
        empty_database.write(lambda t, i=tenant_id: t.tenants.add_tenant(Tenant(i, i, NOW)))
    return empty_database


def test_the_table(database: SqlDatabase) -> None:
    names = {enter(database, name, text): name for name, text in TEXTS.items()}
    for name, text in TEXTS.items():
        enter(database, name, text, tenant=OTHER)
    answers = {(q, m): {names[i] for i in found(database, q, m)} for q, m, _ in QUESTIONS}
    assert answers == {(question, mode): expected for question, mode, expected in QUESTIONS}


def test_the_index_follows_every_change(database: SqlDatabase) -> None:
    first = enter(database, "first", Text("old title", tags=("old",)))
    assert found(database, "old") == [first]
    file = database.read(lambda t: t.files.get(TENANT, first))
    changed = dataclasses.replace(file, title="new title", user_tags=("fresh",))
    database.write(lambda t: t.files.update(changed))
    assert (found(database, "old"), found(database, "new fresh")) == ([], [first])
    said = Description("A cup.", ("mug",), "tea", ImageKind.PHOTO, "builtin", "1")
    database.write(lambda t: t.descriptions.claim(first, 1, NOW))
    database.write(lambda t: t.descriptions.complete(DescriptionRecord("d", first, 1, said, "general", NOW, 1)))
    assert found(database, "cup tea mug fresh") == [first]
    database.write(lambda t: t.files.mark_deleted(TENANT, first, NOW))
    assert found(database, "cup") == []
    database.write(lambda t: t.files.restore(TENANT, first, NOW))
    assert found(database, "cup") == [first]
    # What was rolled back was never there.
    with pytest.raises(RuntimeError):
        database.write(lambda t: (t.files.update(dataclasses.replace(changed, title="ghost")), _fail()))
    assert found(database, "ghost") == []


def _fail() -> None:
    raise RuntimeError


def test_tags_whatever_their_case_and_length(database: SqlDatabase) -> None:
    long = "ß" * 300
    first = enter(database, "first", Text(tags=("Été", "red"), said="x", ai_tags=("ÉTÉ", "Cup", long)))
    second = enter(database, "second", Text(tags=("red",)), at=NOW + timedelta(1))

    def tagged(*tags: str) -> list[str]:
        files, total = database.read(lambda t: t.files.list(TENANT, FileFilter(tags=tags), limit=9, offset=0))
        assert total == len(files)
        return [file.id for file in files]

    assert tagged("red") == [second, first]
    assert tagged("éTé", "RED") == tagged("cup") == tagged(long) == [first]
    assert tagged("cup", "nobody") == tagged("cu") == []
    assert found(database, "x", tags=("red",)) == [first]
    assert found(database, "a.png", tags=("red", "cup")) == [first]


def test_what_is_found_is_in_order_and_counted_whole(database: SqlDatabase) -> None:
    titles = [None, "b", "B", "É", "a", None, "Zz", "é", "a"]
    ids = [
        enter(database, str(n), Text(title, tags=("t",)), at=NOW + timedelta(n // 2)) for n, title in enumerate(titles)
    ]

    def pages(sort_by: SortBy, order: SortOrder, **asked: object) -> list[str]:
        wanted = FileFilter(sort_by=sort_by, sort_order=order, **asked)  # type: ignore[arg-type]
        parts = [database.read(lambda t, o=o: t.files.list(TENANT, wanted, limit=4, offset=o)) for o in (0, 4, 8, 12)]
        assert [total for _, total in parts] == [len(ids)] * 4
        return [file.id for part, _ in parts for file in part]

    by_title = {SortOrder.ASC: ["a", "a", "b", "b", "zz", "É", "é", None, None]}
    by_title[SortOrder.DESC] = [*reversed(by_title[SortOrder.ASC][:-2]), None, None]
    shown = {i: title if title in {None, "É"} else title.lower() for i, title in zip(ids, titles, strict=True)}
    for order in SortOrder:
        for sort_by in set(SortBy) - {SortBy.RELEVANCE}:
            plain = pages(sort_by, order)
            assert pages(sort_by, order, search="a.png") == pages(sort_by, order, tags=("t",)) == plain
        assert [shown[i] for i in pages(SortBy.TITLE, order)] == by_title[order]


# Both at once, with what nobody thought of ----------------------------------------------------------------------------

_letters = st.sampled_from([*"abAB01 éßİſǅ-_.'\"%*\\\u0301猫京한ーᏣΣς²½\U0001e900\x00"])
_texts = st.one_of(st.text(_letters, max_size=12), st.text(max_size=8))
_documents = st.builds(
    Text,
    title=st.none() | _texts,
    tags=st.lists(_texts.filter(bool), max_size=2).map(tuple),
    said=st.none() | _texts,
    seen=st.none() | _texts,
    ai_tags=st.lists(_texts.filter(bool), max_size=2).map(tuple),
)


def test_files_are_found_by_what_is_seen_on_them(database: SqlDatabase) -> None:
    def see(name: str, *labels: str) -> str:
        file_id = enter(database, name, Text())
        objects = tuple(SeenObject(label, Box(0.1, 0.1, 0.2, 0.2), 0.9) for label in labels)
        perception = Perception(100, 100, objects=objects)
        database.write(lambda t: t.descriptions.save_perception(file_id, perception, None))
        database.write(lambda t: t.files.update(t.files.get(TENANT, file_id)))
        return file_id

    street, walk = see("street", "person", "person", "bicycle"), see("walk", "person", "dog")

    def having(*objects: tuple[str, int], search: str | None = None) -> set[str]:
        wanted = FileFilter(search=search, objects=objects)
        files, total = database.read(lambda t: t.files.list(TENANT, wanted, limit=100, offset=0))
        assert total == len(files)
        return {file.id for file in files}

    assert having(("person", 1)) == {street, walk}
    assert having(("person", 2)) == {street}
    assert having(("person", 1), ("dog", 1)) == {walk}
    assert having(("person", 3)) == set()
    assert having(search="puppy") == {walk}
    assert having(("person", 1), search="bike") == {street}
    assert having(search="puppies") == set()
    # Seen again, it shows something else.
    see_again = Perception(100, 100, objects=(SeenObject("cat", Box(0, 0, 1, 1), 0.9),))
    database.write(lambda t: t.descriptions.save_perception(walk, see_again, None))
    assert having(("dog", 1)) == set()
    assert having(("cat", 1)) == {walk}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[SqlDatabase]]:
    folder: Path = tmp_path_factory.mktemp("both")
    with fresh_database(migrated=True) as url:
        databases = []
        for address in (f"sqlite:///{folder / 'both.db'}", url):
            engine = create_engine(address)
            migrate(engine)
            databases.append(SqlDatabase(engine))
        yield databases
        for database in databases:
            database.close()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_documents, min_size=1, max_size=4), st.lists(_texts, min_size=1, max_size=5), st.data())
def test_both_databases_agree_on_anything(
    both: list[SqlDatabase], texts: list[Text], questions: list[str], data: st.DataObject
) -> None:
    tenant = str(uuid.uuid4())
    for database in both:
        database.write(lambda t: t.tenants.add_tenant(Tenant(tenant, tenant, NOW)))
        for number, text in enumerate(texts):
            enter(database, str(number), text, tenant=tenant, at=NOW + timedelta(number))
    # Parts of what is there are better questions than anything.
    whole = " ".join(filter(None, (part for text in texts for part in (text.title, text.said, text.seen))))
    start = data.draw(st.integers(0, len(whole)))
    part = whole[start : start + data.draw(st.integers(1, 8))]
    for question in [*questions, part, f'"{part}"']:
        for mode in SearchMode:
            wanted = FileFilter(search=question, search_mode=mode)
            answers = [
                database.read(lambda t, w=wanted: t.files.list(tenant, w, limit=9, offset=0)) for database in both
            ]
            assert [file.id for file in answers[0][0]] == [file.id for file in answers[1][0]], (question, mode)
            assert answers[0][1] == answers[1][1]
    for tag in [*questions, *(tag for text in texts for tag in (*text.tags, *text.ai_tags))]:
        wanted = FileFilter(tags=(tag,))
        answers = [database.read(lambda t, w=wanted: t.files.list(tenant, w, limit=9, offset=0)) for database in both]
        assert [file.id for file in answers[0][0]] == [file.id for file in answers[1][0]], tag
