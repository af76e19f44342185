"""Receipts and invoices: who sends them, from where, the sum to pay, and the day.

Each confidence is the share of values that the rule found rightly in the true text of 313 receipts of one country, the
even half of a public set (docs/reference/evaluation-figures.md). How well the text was read is
not in it: that is for who has the reader's own confidence.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scopix_server.domain.numbers import parse_number
from scopix_server.reading import receipt_words as words
from scopix_server.reading.entities import CALL, dates_in
from scopix_server.reading.layout import Layout, Line
from scopix_server.reading.lines import letters

__all__ = ["Found", "Receipt", "Total", "read_receipt"]

_Labelled = tuple[Line, Line, str]
"""A label, the line with its amount, and the amount as written."""
_WHOLE = re.compile(r"inc|rounded", re.IGNORECASE)
_BENEATH = 4.0  # line heights
_TOP_LINES = 12  # the sender's name stands among these
_MAX_ADDRESS = 6
_PRICES_OF_AN_ITEM = 2  # each, and in all: "1.00 X 21.32" is no street
_ONE_NAME = 1.5  # line heights between two pieces of a name that was read in pieces
_LETTERS_OF_A_SUFFIX = 7  # "SDN BHD" has six
# Right of found: 273 of 290, 17 of 23; 284 of 300, 4 of 7; 303 of 305, 5 of 6; 179 of 183, 105 of 118.
_FIRM, _FIRST_LINE = 0.94, 0.74
_BLOCK, _ONE_LINE = 0.95, 0.57
_DATED, _SOME_DATE = 0.99, 0.83
_AGREEING, _LABELLED = 0.98, 0.89


@dataclass(frozen=True, slots=True)
class Found:
    """A text as written, the lines it was read in, and how sure it is that it is what was sought, 0..1."""

    text: str
    indices: tuple[int, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Total:
    """The sum to pay as written, without its currency; the currency's sign or code as written, or empty."""

    amount: str
    currency: str
    indices: tuple[int, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was found; None where nothing was."""

    sender: Found | None
    address: Found | None
    total: Total | None
    date: Found | None


def read_receipt(layout: Layout) -> Receipt:
    """Find sender, address, total and date of a receipt or an invoice."""
    sender, following = _sender(layout)
    return Receipt(sender, _address(following) if following else None, _total(layout), _date(layout))


def _sender(layout: Layout) -> tuple[Found | None, list[Line]]:
    """The name and the lines beneath it: the first line that names a company, or else the first with letters."""
    top = _head([line for row in layout.rows for line in _whole_names(row)][:_TOP_LINES])
    named = [(place, line) for place, line in enumerate(top) if _may_name(line.text)]
    if not named:
        return None, []
    legal = [entry for entry in named[:6] if words.LEGAL.search(entry[1].text)]
    firm = legal or [entry for entry in named[:4] if words.TRADE.search(entry[1].text)]
    place, line = (firm or named)[0]
    parts = [line]
    before = top[place - 1] if place else None
    part = words.SUFFIX.fullmatch(_name(line.text)) or line.text.startswith("&")
    if before is not None and part and _may_name(before.text):
        parts = [before, line]
    while len(parts) < 3 and place + 1 < len(top) and _goes_on(parts[-1].text, top[place + 1].text):
        place += 1
        parts.append(top[place])
    text = " ".join(_name(part.text) for part in parts)
    after = [line for row in layout.rows for line in _whole_names(row)][place + 1 : place + 1 + _MAX_ADDRESS + 6]
    if words.SUFFIX.fullmatch(text) and letters(text) <= _LETTERS_OF_A_SUFFIX:
        return None, after  # "SDN BHD" alone: the name is a picture, or was not read
    return Found(text, tuple(part.index for part in parts), _FIRM if firm else _FIRST_LINE), after


def _whole_names(row: Sequence[Line]) -> list[Line]:
    """The lines of a row, with the kind of a company, such as "SDN" and "BHD", joined to the name before it."""
    joined: list[Line] = []
    for line in row:
        before = joined[-1] if joined else None
        near = before is not None and line.left - before.right <= _ONE_NAME * line.height
        if before is not None and near and words.PIECE.fullmatch(line.text.strip()):
            joined[-1] = replace(before, text=f"{before.text} {line.text}", right=line.right)
        else:
            joined.append(line)
    return joined


def _head(top: list[Line]) -> list[Line]:
    """The lines above the word "invoice", where a name stands above it: the names beneath it are the customer's."""
    for place, line in enumerate(top):
        if place and words.HEADED.search(line.text) and any(_may_name(other.text) for other in top[:place]):
            return top[:place]
    return top


def _name(text: str) -> str:
    """A line without the number under which a company is registered."""
    return words.REGISTERED.sub("", text.strip()).strip(" ,")


def _may_name(text: str) -> bool:
    plain = _name(text)
    digits = sum(character.isdigit() for character in plain)
    wordy = letters(plain) >= 3 and digits <= letters(plain) / 2
    return wordy and not words.NO_NAME.fullmatch(plain) and not words.ADDRESSED.match(plain)


def _goes_on(text: str, following: str) -> bool:
    return text.rstrip().endswith(("&", "-")) or words.SUFFIX.fullmatch(following.strip()) is not None


def _address(following: Sequence[Line]) -> Found | None:
    """The block under the name, without registration numbers, up to a telephone number or a heading."""
    parts: list[Line] = []
    for line in following:
        text = line.text.strip()
        priced = len(words.AMOUNT.findall(text)) >= _PRICES_OF_AN_ITEM
        if priced or words.NO_ADDRESS.fullmatch(text) or words.CALLED.search(text) or dates_in(text):
            if parts:
                break
            continue
        if not parts and (words.IDENTITY.fullmatch(text) or not words.STREET.search(text)):
            continue
        parts.append(line)
        if len(parts) == _MAX_ADDRESS:
            break
    while parts and words.IDENTITY.fullmatch(parts[-1].text.strip()) and not words.STREET.search(parts[-1].text):
        parts.pop()
    if not parts:
        return None
    text = " ".join(part.text.strip() for part in parts)
    return Found(text, tuple(part.index for part in parts), _BLOCK if len(parts) > 1 else _ONE_LINE)


def _total(layout: Layout) -> Total | None:
    """The amount beside the label that ranks highest: what agrees with the cash, what stands after the rounding, what
    is called the sum to pay, and else the largest that is called a total.
    """
    payable, plain = [], []
    for entry in _labelled_amounts(layout):
        label = entry[0].text
        if _number(entry[2]) <= 0 or (words.PARTIAL.search(label) and not _WHOLE.search(label)):
            continue
        if words.PAYABLE.search(label):
            payable.append(entry)
        elif words.PLAIN_TOTAL.search(label):
            plain.append(entry)
    owed = _owed(layout)
    if agreeing := [entry for entry in (*payable, *plain) if owed is not None and _number(entry[2]) == owed]:
        (label_line, value, amount), confidence = agreeing[0], _AGREEING
    elif rounded := _after_rounding(layout, [*payable, *plain]):
        (label_line, value, amount), confidence = rounded[0], _LABELLED
    elif payable:
        (label_line, value, amount), confidence = payable[-1], _LABELLED
    elif plain:
        # Taxes have totals, too, and these are smaller.
        (label_line, value, amount), confidence = max(plain, key=lambda entry: _number(entry[2])), _LABELLED
    else:
        return None
    indices = tuple(dict.fromkeys((label_line.index, value.index)))
    return Total(amount, _currency(layout, (value, label_line)), indices, confidence)


def _after_rounding(layout: Layout, totals: Sequence[_Labelled]) -> list[_Labelled]:
    """The totals within a few rows beneath the word "rounding"."""
    roundings = [line.middle for line in layout.lines if words.ROUNDING.search(line.text)]
    if not roundings:
        return []
    return [entry for entry in totals if 0 < entry[0].middle - max(roundings) < _BENEATH * entry[0].height]


def _labelled_amounts(layout: Layout) -> Iterator[_Labelled]:
    """Yield each label with the last amount on its row, and that amount as written."""
    for row in layout.rows:
        for place, line in enumerate(row):
            if not (words.PLAIN_TOTAL.search(line.text) or words.PAYABLE.search(line.text)):
                continue
            for other in reversed(row[place:]):
                found = words.AMOUNT.findall(other.text)
                if found:
                    yield line, other, found[-1].replace(" ", "")
                    break


def _owed(layout: Layout) -> float | None:
    """What was paid less what was returned, or None where one of the two is not written."""
    paid = returned = None
    for row in layout.rows:
        text = " ".join(line.text for line in row)
        found = words.AMOUNT.findall(text)
        if not found:
            continue
        if words.RETURNED.search(text):
            returned = abs(_number(found[-1].replace(" ", "")))
        elif words.PAID.search(text) and not words.PLAIN_TOTAL.search(text):
            paid = _number(found[-1].replace(" ", ""))
    if paid is None or returned is None or paid < returned:
        return None
    return round(paid - returned, 2)


def _number(amount: str) -> float:
    value = parse_number(amount.lstrip("-"))
    return 0.0 if value is None else round(value, 2)


def _currency(layout: Layout, first: Sequence[Line]) -> str:
    """The currency beside the amount, or the one that the page names; empty where none is written."""
    for line in (*first, *layout.lines):
        for match in words.CURRENCY.finditer(line.text):
            before, after = line.text[: match.start()].rstrip(), line.text[match.end() :].lstrip()
            # "Rs" and "Rp" are parts of words: a code counts beside a number, in brackets, or alone.
            if before[-1:].isdigit() or after.lstrip("-")[:1].isdigit() or (before[-1:] + after[:1]) in ("()", ""):
                return match[0]
    return ""


def _date(layout: Layout) -> Found | None:
    """The date behind the word "date", or with a time, or else the first."""
    found: list[tuple[int, str, Line]] = []
    for row in layout.rows:
        text = " ".join(line.text for line in row)
        labelled = words.DATE_WORD.search(text)
        called = CALL.search(text)
        for line in row:
            for date in () if called else dates_in(line.text, loose=True):
                found.append((0 if labelled else 1 if words.CLOCK.search(line.text) else 2, date, line))
    if not found:
        return None
    rank, date, line = min(found, key=lambda entry: entry[0])
    return Found(date, (line.index,), _DATED if rank == 0 or len({date for _, date, _ in found}) == 1 else _SOME_DATE)
