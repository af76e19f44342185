"""Sentences for a reply, by rules: what was found, how many, how much, each with the rows that it rests on."""

from collections.abc import Iterator

from scopix_server.domain.asking import Claim, FieldTotal, Reply, ReplyRow
from scopix_server.domain.object_names import object_name
from scopix_server.domain.questions import Goal

__all__ = ["claims_of", "number_text"]

_MAX_NAMED = 5  # files in sentences; the table has all
_OF_ALL = {
    Goal.SUM: "The {name} adds up to {total} in {files}.",
    Goal.AVERAGE: "The {name} is {mean} on average, over {files}.",
    Goal.MAXIMUM: "The highest {name} is {maximum}, of {files}.",
    Goal.MINIMUM: "The lowest {name} is {minimum}, of {files}.",
}


def claims_of(reply: Reply) -> tuple[Claim, ...]:
    """Return the sentences."""
    if not reply.rows:
        return (Claim("Nothing was found."),)
    return tuple(_claims(reply))


def number_text(number: float) -> str:
    """Return a number as people write it: with two decimals, or none where it has none."""
    return f"{number:,.0f}" if number == int(number) else f"{number:,.2f}"


def _claims(reply: Reply) -> Iterator[Claim]:
    understood = reply.understood
    if understood.goal in _OF_ALL:
        totals = [total for total in reply.totals if total.name == understood.field]
        for total in totals:
            yield _of_all(reply, total)
        if not totals:
            name = (understood.field or "").replace("_", " ")
            yield Claim(f"{_files(reply)} found, and none of them has a number for the {name}.")
        return
    yield Claim(f"{_files(reply)} found.")
    for total in reply.totals:
        thing = object_name(total.name)
        words = thing.plural if thing and total.total != 1 else total.name
        yield Claim(f"On {_counted(total.files)} {number_text(total.total)} {words} were counted, at least.")
    if understood.goal is Goal.LIST:
        for place, row in enumerate(reply.rows[:_MAX_NAMED], 1):
            yield Claim(_of_row(row), (place,))


def _of_all(reply: Reply, total: FieldTotal) -> Claim:
    unit = f" {total.unit.upper() if total.unit.isalpha() else total.unit}" if total.unit else ""
    numbers = {name: getattr(total, name) for name in ("total", "maximum", "minimum")}
    numbers["mean"] = total.total / total.files
    sentence = _OF_ALL[reply.understood.goal].format(
        name=total.name.replace("_", " "),
        files=_counted(total.files),
        **{name: f"{number_text(number)}{unit}" for name, number in numbers.items()},
    )
    # Of several currencies each has its own extreme, and the first row is that of all.
    is_first = reply.understood.goal in (Goal.MAXIMUM, Goal.MINIMUM) and len(reply.totals) == 1
    return Claim(sentence, (1,) if is_first else ())


def _of_row(row: ReplyRow) -> str:
    name = f"'{row.file.title or row.file.filename}'"
    if not row.values:
        return f"{name}."
    values = [f"{field.replace('_', ' ')} {value}" for field, value in row.values.items()]
    return f"{name}: {', '.join(values)}."


def _files(reply: Reply) -> str:
    if reply.count == 1:
        return "1 file was"
    return f"{'More than ' if reply.count_is_minimum else ''}{reply.count:,} files were"


def _counted(number: int) -> str:
    return "1 file" if number == 1 else f"{number:,} files"
