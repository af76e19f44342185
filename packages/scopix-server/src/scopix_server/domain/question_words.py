"""The words by which a question about a library is understood, in English and German."""

import re
from typing import Final

from scopix_server.domain.words import words_of

__all__ = [
    "AGGREGATES",
    "ALIASES",
    "BETWEEN",
    "BILLS",
    "COMPARED",
    "COUNT",
    "COUNTED",
    "FILES",
    "GERMAN_THINGS",
    "MONEY",
    "OPERATORS",
    "REQUESTED",
    "STATES",
    "TAKEN",
    "number_of",
    "plain_words",
    "singular",
]

OPERATORS: Final = {
    **dict.fromkeys(
        ("more than", "over", "above", "greater than", "larger than", "bigger than", "higher than", "exceeding", ">"),
        ">",
    ),
    **dict.fromkeys(("mehr als", "über", "größer als", "höher als"), ">"),
    **dict.fromkeys(("at least", "no less than", "not less than", "a minimum of", "mindestens"), ">="),
    **dict.fromkeys(
        ("less than", "fewer than", "under", "below", "lower than", "smaller than", "cheaper than", "<"), "<"
    ),
    **dict.fromkeys(("weniger als", "unter", "kleiner als", "billiger als"), "<"),
    **dict.fromkeys(("at most", "up to", "no more than", "not more than", "a maximum of", "höchstens"), "<="),
    **dict.fromkeys(("exactly", "equal to", "genau"), "="),
}
"""Words that compare, and the sign for each."""

MONEY: Final = frozenset(
    {"€", "$", "£", "¥", "eur", "euro", "euros", "usd", "dollar", "dollars", "gbp", "pound", "pounds", "chf", "franken"}
    | {"yen", "jpy", "bucks"}
)
BILLS: Final = frozenset(
    {"receipt", "invoice", "bill", "letter", "contract", "statement", "ticket"}
    | {"quittung", "quittungen", "rechnung", "rechnungen", "beleg", "belege", "brief", "briefe"}
)
"""Papers that bear a date of their own."""
TAKEN: Final = frozenset({"taken", "shot", "photographed", "scanned", "aufgenommen", "fotografiert", "gescannt"})
"""Words by which a time is the picture's."""
_NUMBER_WORDS: Final = {
    word: number
    for number, words in enumerate(
        (
            "zero",
            "one ein eine einen",
            "two zwei",
            "three drei",
            "four vier",
            "five fünf",
            "six sechs",
            "seven sieben",
            "eight acht",
            "nine neun",
            "ten zehn",
            "eleven elf",
            "twelve zwölf",
        )
    )
    for word in words.split()
}
_AMOUNT = rf"\d[\d.,']*\d|\d|{'|'.join(_NUMBER_WORDS)}"
_SIGN = r"(?:[€$£¥]|(?:eur|usd|gbp|chf)\b)\s*"
_UNIT = r"[€$£¥]|[^\W\d_]+"
_BY_LENGTH = "|".join(sorted(map(re.escape, OPERATORS), key=len, reverse=True))
COMPARED: Final = re.compile(
    rf"(?<!\w)(?P<operator>{_BY_LENGTH})\s*(?P<sign>{_SIGN})?(?P<number>{_AMOUNT})(?:\s*(?P<unit>{_UNIT}))?(?!\w)"
)
"""A number that something is to be compared with."""
BETWEEN: Final = re.compile(
    rf"\b(?:between|zwischen)\s+(?P<sign>{_SIGN})?(?P<low>{_AMOUNT})(?:\s*(?:{_UNIT}))??\s+(?:and|und)\s+"
    rf"(?:{_SIGN})?(?P<high>{_AMOUNT})(?:\s*(?P<unit>{_UNIT}))?(?!\w)"
)
COUNTED: Final = re.compile(rf"\b(?P<number>\d{{1,2}}|{'|'.join(_NUMBER_WORDS)})\s+(?P<thing>[^\W\d_]+)")
"""Things with their number: "two dogs"."""

COUNT: Final = re.compile(r"\b(?:how many|the number of|number of|count(?: of| the)?|wie ?viele|anzahl(?: der)?)\b")
AGGREGATES: Final = tuple(
    (goal, re.compile(rf"\b(?:{pattern})\b"))
    for goal, pattern in (
        ("average", r"average|mean|on average|durchschnitt(?:lich\w*)?|im schnitt"),
        (
            "maximum",
            r"highest|largest|biggest|greatest|maximum|most expensive|dearest|(?:höchst|größt|teuerst)e[nrs]?",
        ),
        (
            "minimum",
            r"lowest|smallest|minimum|cheapest|least expensive|(?:niedrigst|kleinst|billigst)e[nrs]?",
        ),
        (
            "sum",
            r"in total|altogether|all together|overall|in all|insgesamt|zusammen|sum of|summe(?: der)?|add up|total of|"
            r"total (?:cost|amount|value|spending)|how much (?:did|do|have|has) (?:i|we)|"
            r"(?<=total )(?:of|for) (?:all|my|our|the)(?= \w+s\b)|how much money",
        ),
    )
)
"""What is to be told of a field, and by which words."""

ALIASES: Final = {
    **dict.fromkeys(("cost", "costs", "price", "amount", "sum", "value", "betrag", "summe", "preis", "total"), "total"),
    **dict.fromkeys(
        ("vendor", "shop", "store", "seller", "merchant", "company", "supplier", "issuer", "absender", "händler"),
        "sender",
    ),
    **dict.fromkeys(("day", "datum"), "date"),
    "adresse": "address",
    "art": "kind",
}
"""Other words for fields that the built-in categories have."""

REQUESTED: Final = tuple(
    (name, re.compile(rf"\b(?:{pattern})\b"))
    for name, pattern in (
        (
            "sender",
            r"who (?:issued|sent|wrote|signed|made|sold)|from whom|by whom|from which (?:shop|store|company)|von wem",
        ),
        ("date", r"when (?:was|were|did|is|are)|on which (?:day|date)|wann (?:war|wurde|wurden|ist)"),
        ("total", r"how much (?:is|are|was|were|does|do|did)|what (?:does|do|did) .{0,40}? cost|wie ?viel"),
    )
)
"""Questions that are about a field without naming it."""

FILES: Final = (
    ("type:image", re.compile(r"\b(?:photos?|photographs?|pictures?|images?|pics?|snapshots?|fotos?|bild(?:er)?)\b")),
    ("type:document", re.compile(r"\b(?:pdfs?|word files?|docx)\b")),
)
STATES: Final = (
    ("status:failed", re.compile(r"\b(?:that |which |have |has )?(?:failed|could not be described)\b")),
    ("-has:description", re.compile(r"\b(?:not (?:yet )?described|without (?:a )?description|undescribed)\b")),
    ("-has:text", re.compile(r"\b(?:without|with no|ohne) (?:any )?text\b")),
    ("has:text", re.compile(r"\b(?:with|mit) (?:some )?text(?! \w)\b")),
    ("-person>=1", re.compile(r"\b(?:without|with no|ohne) (?:any )?(?:people|persons?|menschen|personen)\b")),
)

_SMALL_WORDS: Final = """
a an the this that these those which what who whom whose where when why how do does did is are was were be been being
have has had i me my mine we us our you your it its he she they them their there here of in on at to from for with
by about as and or but any some all every each show list find give get tell display search look see want need can
could would should will please file files item items library ones contain contains containing depict depicts
depicting showing shown shows visible seen taken made dated called named titled kind sort many much more most very
than then into onto over out if so not no also just only still yet mention mentions mentioned mentioning say says
saying spend spent pay paid cost costs
welche welcher welches welchen welchem was wer wem wo wann wie der die das den dem des ein eine einen einem einer und
oder mit von zu zum zur im in am auf für ist sind war waren hat haben habe ich wir mein meine meinen unser unsere es
gibt zeig zeige zeigen finde suche liste alle datei dateien bitte viele viel mir uns zeigt kosten bezahlt ausgegeben
"""
_STOP_WORDS: Final = frozenset(_SMALL_WORDS.split())
GERMAN_THINGS: Final = {
    **dict.fromkeys(("person", "personen", "menschen", "leute", "kinder", "männer", "frauen"), "person"),
    **dict.fromkeys(("hund", "hunde", "hunden"), "dog"),
    **dict.fromkeys(("katze", "katzen"), "cat"),
    **dict.fromkeys(("auto", "autos"), "car"),
    **dict.fromkeys(("stuhl", "stühle", "stühlen"), "chair"),
    **dict.fromkeys(("vogel", "vögel", "vögeln"), "bird"),
    **dict.fromkeys(("fahrrad", "fahrräder", "fahrrädern"), "bicycle"),
}
"""Those of the things that are counted on photographs that people ask for most."""


def singular(word: str) -> str:
    """Return an English word without the ending of its plural; another word as it is, or so that it begins it."""
    if len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    return word.removesuffix("s")


def number_of(text: str) -> str:
    """Return a number as conditions have it: "1,240.50" and "1.240,50" are 1240.50, "twelve" is 12."""
    if text in _NUMBER_WORDS:
        return str(_NUMBER_WORDS[text])
    plain = text.replace("'", "")
    whole, sign, rest = _parted(plain)
    # Three digits behind one sign are thousands.
    is_part = sign and sign not in whole and (len(rest) != 3 or not whole.isdigit())
    digits = re.sub(r"\D", "", whole)
    return f"{digits}.{rest}" if is_part else digits + rest


def _parted(text: str) -> tuple[str, str, str]:
    place = max(text.rfind("."), text.rfind(","))
    return (text, "", "") if place < 0 else (text[:place], text[place], text[place + 1 :])


def plain_words(text: str) -> list[str]:
    """Return the words of a text that say what is looked for, those of English in the singular."""
    return [singular(word) for word in words_of(text) if (word not in _STOP_WORDS and len(word) > 1) or word.isdigit()]
