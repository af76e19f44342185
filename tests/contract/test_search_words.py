"""Words as people search them: thirty texts in several languages, and the same hits on SQLite and on PostgreSQL."""

import uuid
from datetime import UTC, datetime

import pytest

from scopix_server.db.connection import SqlDatabase
from scopix_server.domain.description import Box, Description, ImageKind, Perception, SeenObject
from scopix_server.domain.listing import FileFilter
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
def names(empty_database: SqlDatabase) -> dict[str, str]:
    """The corpus entered for one tenant, and another's texts beside it; the names of the files by their ids."""
    for tenant_id in (TENANT, OTHER):
        empty_database.write(lambda t, i=tenant_id: t.tenants.add_tenant(Tenant(i, i, NOW)))
    enter(empty_database, "foreign", Text("Kitchn kithcen WRE16009 Betriebskostenabrechnung"), tenant=OTHER)
    known = {}
    for name, text in CORPUS.items():
        file_id = enter(empty_database, name, text, at=TAKEN.get(name, NOW))
        known[file_id] = name
        if name in THINGS:
            things = tuple(SeenObject(label, Box(0.1, 0.1, 0.2, 0.2), 0.9) for label in THINGS[name])
            perception = Perception(100, 100, objects=things)
            empty_database.write(lambda t, i=file_id, p=perception: t.descriptions.save_perception(i, p, None))
    return known


def test_the_table(empty_database: SqlDatabase, names: dict[str, str]) -> None:
    answers = {question: {names[i] for i in found(empty_database, question)} for question, _ in QUESTIONS}
    assert answers == dict(QUESTIONS)


def test_words_of_another_tenant_change_nothing(empty_database: SqlDatabase, names: dict[str, str]) -> None:
    found_files, _ = empty_database.read(
        lambda t: t.files.list(OTHER, FileFilter(search="rechnung"), limit=9, offset=0)
    )
    assert [file.title for file in found_files] == ["Kitchn kithcen WRE16009 Betriebskostenabrechnung"]
    assert len(found(empty_database, "rechnung")) == 1


def test_a_text_that_changes_is_found_by_parts_of_its_new_words(
    empty_database: SqlDatabase, names: dict[str, str]
) -> None:
    file_id = next(file_id for file_id, name in names.items() if name == "receipt")
    made = Description("Ein Wasserzähler.", (), None, ImageKind.DOCUMENT, "builtin", "1", {"total": 5})
    record = DescriptionRecord(str(uuid.uuid4()), file_id, 2, made, "document", NOW, 1)
    empty_database.write(lambda t: (t.versions.add(record), t.versions.choose(file_id, 2, NOW)))
    assert found(empty_database, "zähler") == [file_id]
    assert found(empty_database, "field.total>100") == []
    assert found(empty_database, "field.total<6") == [file_id]
