"""Asking a library: a question becomes a search, and what is found a table with citations.

The sentences are made by rules, or by a language model where one is configured, which is shown the table and nothing
else; what it writes is checked against the table (see `ReplyWriter`). What stands on pictures is data throughout.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from scopix_server.domain.asking import Citation, FieldTotal, Reply, ReplyRow, ReplyWriter, WriterFailed
from scopix_server.domain.description import Description, Perception, TextRegion
from scopix_server.domain.errors import ValidationFailed
from scopix_server.domain.file import File
from scopix_server.domain.hits import find_hits
from scopix_server.domain.listing import FileFilter, SortBy, Total
from scopix_server.domain.ports import Database, Transaction
from scopix_server.domain.question_words import BILLS, singular
from scopix_server.domain.questions import Goal, Understood, understand
from scopix_server.domain.search import SearchBy
from scopix_server.domain.search_query import Lookup, parse_search
from scopix_server.domain.words import words_of
from scopix_server.library.replies import claims_of
from scopix_server.library.search import Searches

__all__ = ["AskLibrary"]

_WORD_CITATIONS = 3  # of a file: enough to see why it was found
_FIELD_CITATIONS = 8  # of a row, as many as it has columns
_NO_FIELDS = (
    "Totals, dates and the like are known of files in a category that has them: receipts and letters uploaded "
    "as 'general' have them once they are described again as 'document'."
)
_MAX_TEXT = 300  # characters of a description that is cited


@dataclass
class _Found:
    """Which files a question is about, the best first."""

    files: Sequence[File]
    total: Total
    found_by: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pages: Mapping[str, int | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    is_complete: bool = True
    by_meaning: bool = False


class AskLibrary:
    """Replies to questions. Blocks. `writer` is a language model that puts replies into sentences, if there is one."""

    def __init__(
        self,
        database: Database,
        searches: Searches,
        writer: ReplyWriter | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._searches = searches
        self._writer = writer
        self._now = now

    def ask(self, tenant_id: str, question: str, *, limit: int) -> Reply:
        """Reply to a question about the tenant's files, with at most `limit` rows and sentences by rules.

        Raises:
            ValidationFailed: nothing is asked.
        """
        if not words_of(question):
            raise ValidationFailed("There is no question.", field="question")

        def read(transaction: Transaction) -> Understood:
            return understand(question, lambda name: transaction.aggregates.has_field(tenant_id, name), self._now())

        understood = self._database.read(read)
        criteria = FileFilter(search=understood.search or None, sort_by=SortBy.RELEVANCE)
        found = self._database.read(lambda t: _by_words(t, tenant_id, understood, criteria, limit))
        if not found.files and understood.conditions and BILLS.issuperset(map(singular, understood.words)):
            # What is over an amount is a bill whether or not it says "receipt".
            understood = replace(understood, search=understood.conditions, words=())
            criteria = replace(criteria, search=understood.search)
            found = self._database.read(lambda t: _by_words(t, tenant_id, understood, criteria, limit))
        if not found.files and understood.words:
            found = self._by_meaning(tenant_id, understood, limit)
            criteria = FileFilter(ids=tuple(file.id for file in found.files))
        if not found.files and "field." in understood.conditions:
            found.notes += (_NO_FIELDS,)
        reply = self._database.read(lambda t: _reply(t, tenant_id, understood, criteria, found))
        return replace(reply, claims=claims_of(reply))

    def worded(self, question: str, reply: Reply) -> Reply:
        """Let the language model word a reply, if there is one and there is something to be told. May take a minute."""
        if self._writer is None or not reply.rows:
            return reply
        try:
            return replace(reply, claims=self._writer.write(question, reply), writer=self._writer.name)
        except WriterFailed as error:
            return replace(reply, notes=(*reply.notes, f"The engine '{self._writer.name}' was passed over: {error}"))

    def _by_meaning(self, tenant_id: str, understood: Understood, limit: int) -> _Found:
        page = self._searches.search(
            tenant_id, understood.search, FileFilter(), by=SearchBy.HYBRID, limit=limit, with_details=False
        )
        words = " ".join(understood.words)
        note = f"No file has all the words '{words}'; what follows comes nearest in meaning."
        return _Found(
            [hit.file for hit in page.hits],
            Total(len(page.hits)),
            {hit.file.id: [by.value for by in hit.ranked.found_by] for hit in page.hits},
            {hit.file.id: hit.page for hit in page.hits},
            (note,) if page.hits else (),
            page.is_complete,
            by_meaning=bool(page.hits),
        )


def _by_words(
    transaction: Transaction, tenant_id: str, understood: Understood, criteria: FileFilter, limit: int
) -> _Found:
    files, total = transaction.files.page(tenant_id, criteria, limit=limit, offset=0)
    if understood.field and understood.goal in (Goal.MAXIMUM, Goal.MINIMUM):
        largest = understood.goal is Goal.MAXIMUM
        ids = transaction.aggregates.extremes(
            tenant_id, criteria, _number_field(transaction, tenant_id, understood.field), largest=largest, limit=limit
        )
        known = transaction.files.these(tenant_id, ids)
        files = [known[file_id] for file_id in ids if file_id in known]
        total = Total(len(files)) if len(files) < limit else total
    notes = parse_search(understood.search).notes
    by = ["words"] if understood.words else ["conditions"]
    return _Found(files, total, {file.id: by for file in files}, notes=notes)


def _reply(
    transaction: Transaction, tenant_id: str, understood: Understood, criteria: FileFilter, found: _Found
) -> Reply:
    ids = [file.id for file in found.files]
    current, seen = transaction.descriptions.current(ids), transaction.descriptions.perceptions(ids)
    lookups = [] if found.by_meaning else transaction.files.lookups(tenant_id, criteria)
    rows = []
    for file in found.files:
        record = current.get(file.id)
        description, perception = (record.description if record else None), seen.get(file.id)
        values, citations = _fields(understood.fields, description, perception)
        if not citations or understood.words:
            citations += _texts(lookups, file, description, perception, page=found.pages.get(file.id))
        rows.append(ReplyRow(file, values, citations, found.found_by.get(file.id, ())))
    # What is only near in meaning is not what was to be added up.
    totals = _totals(transaction, tenant_id, understood, criteria) if rows and not found.by_meaning else ()
    return Reply(
        understood,
        rows,
        found.total.number,
        found.total.is_minimum,
        totals,
        notes=(*found.notes, *_left_out(understood, found, totals)),
        is_complete=found.is_complete,
        by_meaning=found.by_meaning,
        variants=transaction.variants.of(ids),
    )


def _left_out(understood: Understood, found: _Found, totals: Sequence[FieldTotal]) -> Sequence[str]:
    """Say how many of the files found have no number, where numbers are told of all of them."""
    if understood.field is None or found.by_meaning or found.total.is_minimum:
        return ()
    without = found.total.number - sum(total.files for total in totals if total.name == understood.field)
    are = "file has" if without == 1 else "files have"
    return (f"{without:,} more {are} no '{understood.field}' that could be read as a number.",) if without > 0 else ()


def _totals(
    transaction: Transaction, tenant_id: str, understood: Understood, criteria: FileFilter
) -> Sequence[FieldTotal]:
    things = [transaction.aggregates.things(tenant_id, criteria, label) for label in understood.things]
    if understood.field is None:
        return things
    name = _number_field(transaction, tenant_id, understood.field)
    totals = transaction.aggregates.totals(tenant_id, criteria, name)
    return [*things, *(replace(total, name=understood.field) for total in totals)]


def _number_field(transaction: Transaction, tenant_id: str, name: str) -> str:
    """Return where the number of a field is: `total` has a currency as well, and a form may have a line of its name."""
    amount = f"{name}_amount"
    return amount if transaction.aggregates.has_field(tenant_id, amount) else name


def _fields(
    names: Sequence[str], description: Description | None, perception: Perception | None
) -> tuple[dict[str, str], list[Citation]]:
    """Return the values of fields as they are written, and what they rest on."""
    values: dict[str, str] = {}
    citations: list[Citation] = []
    if description is None:
        return values, citations
    grounds = {entry["field"]: entry.get("regions", ()) for entry in description.evidence if "field" in entry}
    regions = perception.text if perception else ()
    all_values = list(_values((), "", description.category_data))
    for name in names:
        parts = [each for each in all_values if each[0] == name or each[0].startswith(f"{name}_")]
        if parts:
            values[name] = " ".join(dict.fromkeys(text for _, _, text in parts))
        for path, pointer, text in parts:
            citations.append(_cited(path, text, _line(grounds.get(pointer, ()), regions)))
    return values, citations[:_FIELD_CITATIONS]


def _values(path: tuple[str, ...], pointer: str, data: Any) -> Iterator[tuple[str, str, str]]:
    """Yield name, pointer and text of each value, by the names that `field.NAME` of searches has."""
    if isinstance(data, Mapping):
        if set(data) == {"label", "value"}:
            yield from ((name, pointer, text) for name, _, text in _values((str(data["label"]),), "", data["value"]))
            return
        for name, value in data.items():
            yield from _values((*path, str(name)), f"{pointer}/{name}", value)
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _values(path, f"{pointer}/{number}", value)
    elif data is not None and path:
        yield "_".join(words_of(" ".join(path))), pointer, str(data)


def _line(indices: Sequence[int], regions: Sequence[TextRegion]) -> TextRegion | None:
    return next((regions[index] for index in indices if index < len(regions)), None)


def _cited(name: str, text: str, region: TextRegion | None) -> Citation:
    return Citation(name, text) if region is None else Citation(name, region.text, region.box)


def _texts(
    lookups: Sequence[Lookup],
    file: File,
    description: Description | None,
    perception: Perception | None,
    *,
    page: int | None,
) -> list[Citation]:
    """Cite where the words are; without any, what the file is about."""
    hits = find_hits(lookups, file, description, perception) if lookups else []
    if hits:
        return [Citation(hit.field.value, hit.text, hit.box) for hit in hits[:_WORD_CITATIONS]]
    text = description.text if description else file.title or file.filename
    return [Citation("description" if description else "title", text[:_MAX_TEXT], page=page)]
