"""Words as people search them: thirty texts in several languages, and the same hits on SQLite and on PostgreSQL."""

import dataclasses
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from scopix_server.db import queries, ranking
from scopix_server.db.connection import SqlDatabase
from scopix_server.db.schema import search_words
from scopix_server.domain.description import Box, Description, ImageKind, Perception, SeenObject
from scopix_server.domain.listing import FileFilter, Position, SortBy, SortOrder, position_of
from scopix_server.domain.ports import DescriptionRecord
from scopix_server.domain.tenant import Tenant
from tests.contract.test_search import NOW, OTHER, TENANT, Text, enter, found

LINES = "Zahlbar bis zum Monats-\nende. Die Kunden-\nnummer steht\noben; Vor-\nund Nachname."
LARGE = {"kind": "receipt", "total": {"amount": "120.50", "currency": "EUR"}, "sender": "Café Łódź"}
SMALL = {"kind": "receipt", "total": {"amount": "€ 20"}, "fields": [{"label": "Invoice No", "value": "77"}]}
CORPUS = {
    "rake": Text("Rail head", said="", seen="RE16 TGK\nRE17"),
    "wire": Text("Wire rope", said="", seen="WRE1600 mm", tags=("steel",)),
    "bill": Text("Stromrechnung Mai", said="An invoice.", seen="Stromrechnungsnummer 4711"),
    "letter": Text("Brief", said="A letter.", seen=LINES),
    "kitchen": Text("Kitchen plan", said="A kitchen with a window.", seen="KITCHEN 12.5 m2", tags=("plan",)),
    "cellar": Text("Cellar", said="Plan of the cellar beside the kitchen.", tags=("plan", "old")),
    "chicken": Text("Chicken", said="Poultry in a yard."),
    "location": Text("Location of the wagon"),
    "cat": Text("A cat"),
    "roof": Text("Dachziegel", said="Rotes Dach.", tags=("roof",)),
    "facade": Text("Façade nord", said="Une façade rénovée.", seen="Entrée principale"),
    "farmacia": Text("Farmacia", said="Una farmacia de guardia.", seen="Abierto 24 horas"),
    "moscow": Text("Москва", said="Электростанция у реки.", seen="ПОДСТАНЦИЯ 110 кВ"),
    "athens": Text("Αθήνα", said="Φωτογραφία του λιμανιού."),
    "tokyo": Text("東京の地図", said="地下鉄の路線図", seen="新宿三丁目"),
    "beijing": Text("北京", said="电力变压器", seen="额定容量 630kVA"),
    "seoul": Text("서울 지도", said="지하철 노선도"),
    "hebrew": Text("תחנת רכבת", said="שלט כחול"),
    "arabic": Text("محطة القطار", said="لافتة زرقاء"),
    "hindi": Text("रेलवे स्टेशन"),
    "turkish": Text("İstanbul havalimanı", said="Büyük bir bina."),
    "polish": Text("Łódź dworzec", said="Świetlica szkolna"),
    "swedish": Text("Järnvägsstation", said="Elektricitetsverket"),
    "dutch": Text("Zorgverzekeringspolis", said="Een polis."),
    "thai": Text("สถานีรถไฟ"),
    "code": Text("SN 4711-AB", said="", seen="Part 10A45-889"),
    "almost": Text("Nearly 4712"),
    "receipt": Text("Receipt", said="A receipt over 120.", fields=LARGE),
    "small": Text("Receipt", said="A receipt over 20.", fields=SMALL),
    "people": Text("Street", said="People on a street."),
}  # fmt: skip
THINGS = {"people": ("person", "person", "dog"), "cat": ("cat",)}
TAKEN = {"kitchen": datetime(2024, 5, 31, 23, 59, tzinfo=UTC), "cellar": datetime(2024, 7, 1, tzinfo=UTC)}
PLANS = {"kitchen", "cellar"}
QUESTIONS = [
    # Parts of codes and of words; short words find no longer ones, and quoted words are meant as they are.
    ("RE16", {"rake", "wire"}),
    ('"RE16"', {"rake"}),
    ("1600", {"wire"}),
    ("A45", {"code"}),
    ("cat", {"cat"}),
    ("cation", {"location"}),
    ('"cation"', set()),
    # Compounds, in any place.
    ("rechnung", {"bill"}),
    ("rechnung nummer", {"bill"}),
    ("ziegel", {"roof"}),
    ("vägs", {"swedish"}),
    ("verzekering", {"dutch"}),
    ("станция", {"moscow"}),
    ("ФОТОГРАФ", set()),
    ("γραφία", {"athens"}),
    # Words that a line's end divides; their halves are there as well.
    ("monatsende", {"letter"}),
    ("Kundennummer", {"letter"}),
    ('"kunden nummer steht"', {"letter"}),
    ("vorund", {"letter"}),
    # One slip, where the word is nowhere.
    ("kitchn", {"kitchen", "cellar"}),
    ("kithcen", {"kitchen", "cellar"}),
    ("itchen", {"kitchen", "cellar"}),
    ("farmazia", {"farmacia"}),
    ("facades", {"facade"}),
    ("стнация", set()),
    ("подстонция", {"moscow"}),
    ("chickin", {"chicken"}),
    ('"kitchn"', set()),
    ("kxtchn", set()),
    # Never of figures or codes.
    ("4711", {"bill", "code"}),
    ("4713", set()),
    ("RE18", set()),
    ("WRE1606", set()),
    # As ever: without case and accents, CJK by its characters.
    ("façade entree", {"facade"}),
    ("istanbul", {"turkish"}),
    ("地図", {"tokyo"}),
    ("三丁", {"tokyo"}),
    ("变压", {"beijing"}),
    ("지하철", {"seoul"}),
    ("רכבת", {"hebrew"}),
    ("القطار", {"arabic"}),
    ("स्टेशन", {"hindi"}),
    ("รถไฟ", {"thai"}),
    # What must not be there.
    ("kitchen -cellar", {"kitchen"}),
    ("plan -window", {"cellar"}),
    ('-"the cellar" kitchen', {"kitchen"}),
    ("receipt -tag:plan", {"receipt", "small"}),
    # Where it must be.
    ("title:plan", {"kitchen"}),
    ("description:plan", {"cellar"}),
    ("text:kitchen", {"kitchen"}),
    ("title:itche", {"kitchen"}),
    ("title:kitchn", {"kitchen"}),
    ('title:"rail head"', {"rake"}),
    ("-title:kitchen tag:plan", {"cellar"}),
    # Other conditions, which are the filters' own.
    ("tag:PLAN", PLANS),
    ("tag:plan tag:old", {"cellar"}),
    ("tag:plan -tag:old", {"kitchen"}),
    ("taken:2024-05..2024-06", {"kitchen"}),
    ("taken:2024 plan", PLANS),
    ("taken:2024-06.. tag:plan", {"cellar"}),
    ("people>=2", {"people"}),
    ("people>=3", set()),
    ("person=2 dog:1", {"people"}),
    ("cats>=1", {"cat"}),
    ("cat>=1 -tag:plan", {"cat"}),
    ("street people<3", {"people"}),
    ("street people<2", set()),
    ("field.total>100", {"receipt"}),
    ("field.total>=20.0 field.total<=20", {"small"}),
    ("receipt -field.total>100", {"small"}),
    ("field.kind:receipt", {"receipt", "small"}),
    ("field.kind=rece", set()),
    ("field.kind:rece field.total.currency=eur", {"receipt"}),
    ('field."invoice no":77', {"small"}),
    ("field.sender:ŁÓDŹ", {"receipt"}),
    ("field.total>x", set()),
    ("category:document", {"receipt", "small"}),
    ("type:image cellar", {"cellar"}),
    ("status:completed title:receipt", {"receipt", "small"}),
    ("has:text tag:plan", {"kitchen"}),
    ("receipt category:map", set()),
    # What is no condition is words.
    ("sn:4711", {"code"}),
    ("nobody:knows", set()),
]  # fmt: skip


@pytest.fixture
def database(empty_database: SqlDatabase) -> SqlDatabase:
    """With two tenants."""
    for tenant_id in (TENANT, OTHER):
        empty_database.write(lambda t, i=tenant_id: t.tenants.add_tenant(Tenant(i, i, NOW)))
    return empty_database


@pytest.fixture
def names(database: SqlDatabase) -> dict[str, str]:
    """The corpus entered for one tenant, and another's texts beside it; the names of the files by their ids."""
    enter(database, "foreign", Text("Kitchn kithcen WRE16009 Betriebskostenabrechnung"), tenant=OTHER)
    known = {}
    for name, text in CORPUS.items():
        file_id = enter(database, name, text, at=TAKEN.get(name, NOW))
        known[file_id] = name
        if name in THINGS:
            things = tuple(SeenObject(label, Box(0.1, 0.1, 0.2, 0.2), 0.9) for label in THINGS[name])
            perception = Perception(100, 100, objects=things)
            database.write(lambda t, i=file_id, p=perception: t.descriptions.save_perception(i, p, None))
    return known


def test_the_table(database: SqlDatabase, names: dict[str, str]) -> None:
    answers = {question: {names[i] for i in found(database, question)} for question, _ in QUESTIONS}
    assert answers == dict(QUESTIONS)


def test_words_of_another_tenant_change_nothing(database: SqlDatabase, names: dict[str, str]) -> None:
    found_files, _ = database.read(lambda t: t.files.list(OTHER, FileFilter(search="rechnung"), limit=9, offset=0))
    assert [file.title for file in found_files] == ["Kitchn kithcen WRE16009 Betriebskostenabrechnung"]
    assert len(found(database, "rechnung")) == 1


def test_a_text_that_changes_is_found_by_parts_of_its_new_words(database: SqlDatabase, names: dict[str, str]) -> None:
    file_id = next(file_id for file_id, name in names.items() if name == "receipt")
    made = Description("Ein Wasserzähler.", (), None, ImageKind.DOCUMENT, "builtin", "1", {"total": 5})
    record = DescriptionRecord(str(uuid.uuid4()), file_id, 2, made, "document", NOW, 1)
    database.write(lambda t: (t.versions.add(record), t.versions.choose(file_id, 2, NOW)))
    assert found(database, "zähler") == [file_id]
    assert found(database, "field.total>100") == []
    assert found(database, "field.total<6") == [file_id]


def test_a_word_goes_with_the_last_text_that_holds_it(database: SqlDatabase) -> None:
    one, two, other = (
        enter(database, "one", Text("Zebrafish tank", said="A tank.")),
        enter(database, "two", Text("Zebrafish", said="A fish of Mrs. Quillfeather.")),
        enter(database, "other", Text("Zebrafish", said="Quillfeather"), tenant=OTHER),
    )
    assert kept(database, TENANT) >= {"zebrafish", "tank", "quillfeather"}
    purge(database, two)
    assert "quillfeather" not in kept(database, TENANT) >= {"zebrafish", "tank"}
    assert found(database, "brafish") == [one]
    said = Description("A pond.", (), None, ImageKind.PHOTO, "builtin", "1")
    record = DescriptionRecord(str(uuid.uuid4()), one, 2, said, "general", NOW, 1)
    database.write(lambda t: (t.versions.add(record), t.versions.choose(one, 2, NOW)))
    assert kept(database, TENANT) >= {"pond", "tank"}  # which is in the title, too
    # What is deleted is found by its parts again once it is restored, whatever became of its words.
    three = enter(database, "three", Text("Salamander", said="A salamander."))
    four = enter(database, "four", Text("Salamander"))
    database.write(lambda t: t.files.mark_deleted(TENANT, three, NOW))
    purge(database, four)
    assert "salamander" not in kept(database, TENANT)
    database.write(lambda t: t.files.restore(TENANT, three, NOW))
    assert found(database, "lamand") == [three]
    assert kept(database, OTHER) >= {"zebrafish", "quillfeather"}
    purge(database, one, three, other)
    assert not kept(database, TENANT) | kept(database, OTHER)


def kept(database: SqlDatabase, tenant: str) -> set[str]:
    """The words by whose parts a tenant's texts are found."""
    words = sa.select(search_words.c.word).where(search_words.c.tenant_id == tenant)
    return set(database.read(lambda t: t.connection.execute(words).scalars().all()))


def purge(database: SqlDatabase, *file_ids: str) -> None:
    for tenant in (TENANT, OTHER):
        for file_id in file_ids:
            database.write(lambda t, tenant=tenant, file_id=file_id: t.files.mark_deleted(tenant, file_id, NOW))
    assert len(database.write(lambda t: t.upkeep.purge_files(file_ids, NOW + timedelta(days=1)))) == len(file_ids)


def ranked(database: SqlDatabase, search: str, **window: int) -> list[str | None]:
    criteria = FileFilter(search=search, sort_by=SortBy.RELEVANCE)
    limits = {"limit": 100, "offset": 0} | window
    return [file.filename for file in database.read(lambda t: t.files.list(TENANT, criteria, **limits))[0]]


def test_the_best_come_first(database: SqlDatabase) -> None:
    # In the reverse of their order, so that the newest of equals comes first.
    for name, text in (
        ("text.png", Text("x", said="", seen="bridge")),
        ("description part.png", Text("x", said="footbridge")),
        ("description.png", Text("x", said="A bridge.")),
        ("tag part.png", Text("x", tags=("bridges",))),
        ("tag.png", Text("x", tags=("bridge",))),
        ("title part.png", Text("Bridgework")),
        ("older title.png", Text("The bridge")),
        ("title.png", Text("The bridge")),
        ("no.png", Text("The brook")),
    ):
        enter(database, name, dataclasses.replace(text, filename=name))
    best_first = [
        "title.png", "older title.png", "title part.png", "tag.png", "tag part.png", "description.png",
        "description part.png", "text.png",
    ]  # fmt: skip
    assert ranked(database, "bridge") == best_first
    assert ranked(database, "bridge -footbridge -work") == [n for n in best_first if n != "description part.png"]
    assert ranked(database, "bridge type:image") == best_first
    assert ranked(database, "text:bridge") == ["text.png"]
    # Each word counts: by the one in the title, and by the other's place.
    assert ranked(database, "bridge title")[:2] == ["title.png", "older title.png"]
    # A slip is as good as the word.
    assert ranked(database, "birdge") == [name for name in best_first if "part" not in name]


def test_parts_of_a_list_by_relevance_join(database: SqlDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "MAX_RANKED", 4)
    titles = ["crane", "x", "cranes", "x", "crane", "x", "x"]
    for number, title in enumerate(titles):
        enter(database, str(number), Text(title, said="A crane.", filename=str(number)))
    # The newest four are ranked, the others follow.
    whole = ["4", "6", "5", "3", "2", "1", "0"]
    assert ranked(database, "crane") == whole
    for size in (1, 2, 3, 5):
        parts = [ranked(database, "crane", limit=size, offset=start) for start in range(0, 8, size)]
        assert [name for part in parts for name in part] == whole, size
    criteria = FileFilter(search="crane", sort_by=SortBy.RELEVANCE)
    place = Position(3, "any")
    after, total = database.read(lambda t: t.files.list(TENANT, criteria, limit=2, offset=1, after=place))
    assert ([file.filename for file in after], total) == (["2", "1"], 7)
    sizes = database.read(lambda t: t.files.sizes(TENANT, criteria, limit=5))
    assert len(sizes) == 5


def test_a_common_word_is_listed_as_if_all_hits_were_gathered(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        text = Text("harbour" if number % 3 else None, said="A harbour view." if number % 4 else "harbors", tags=("t",))
        file_id = enter(database, str(number), text, at=NOW + timedelta(number // 2))
        if number % 7 == 0:
            database.write(lambda t, i=file_id: t.files.mark_deleted(TENANT, i, NOW))
    enter(database, "foreign", Text("harbour"), tenant=OTHER)

    def pages(criteria: FileFilter) -> list[tuple[list[str], int]]:
        found_pages, after = [], None
        for _ in range(4):
            page, total = database.read(lambda t, a=after: t.files.list(TENANT, criteria, limit=11, offset=2, after=a))
            found_pages.append(([file.id for file in page], total))
            after = position_of(page[-1], criteria.sort_by, 0) if page else None
        return found_pages

    for search in ("harbour", "harb -view", '"harbour view"', "title:harb", "text:harbour", "arbour"):
        for sort_by in set(SortBy) - {SortBy.RELEVANCE}:
            for order in SortOrder:
                criteria = FileFilter(search=search, sort_by=sort_by, sort_order=order)
                answers = []
                for look in (0, 10**9):  # by one file after the other always, and never
                    monkeypatch.setattr(queries, "LOOK", look)
                    answers.append(pages(criteria))
                assert answers[0] == answers[1], (search, sort_by, order)
