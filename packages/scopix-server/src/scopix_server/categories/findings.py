"""Collects the fields of one image, and with each value what it rests on."""

from collections.abc import Callable, Sequence
from typing import Any

from scopix_server.categories.category import Extraction
from scopix_server.categories.schema import Schema
from scopix_server.domain.phrases import Statement, listing, quote

__all__ = ["Findings"]


class Findings:
    """The fields of one image as they are found. What does not meet the schema's caps is left out, never cut.

    Every value is given with its grounds: `regions`, places in `Perception.text`; `labels`, names of label groups;
    or `figures`, names of pixel figures; and, where it was counted, with how often such a finding is right.
    """

    def __init__(self, schema: Schema) -> None:
        self._properties: dict[str, Schema] = schema["properties"]
        self._data: dict[str, Any] = {}
        self._evidence: list[dict[str, Any]] = []
        self._statements: list[Statement] = []
        self._tags: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self._data

    def get(self, name: str) -> Any:
        """Return what the field holds so far, or None."""
        return self._data.get(name)

    def put(
        self,
        name: str,
        value: str | int | None,
        *,
        confidence: float | None = None,
        **grounds: Sequence[int] | Sequence[str],
    ) -> None:
        """Fill a field that holds one value, unless it is filled already; `a/b` is field b of the object a."""
        outer, _, inner = name.partition("/")
        holder = self._data.setdefault(outer, {}) if inner else self._data
        schema = self._properties[outer]["properties"][inner] if inner else self._properties[outer]
        if value is not None and (inner or outer) not in holder and _fits(value, schema):
            holder[inner or outer] = value
            self._note(f"/{name}", grounds)
            if confidence is not None:
                self._evidence[-1]["confidence"] = confidence
        if inner and not holder:
            del self._data[outer]

    def add(self, name: str, value: str | dict[str, Any], **grounds: Sequence[int] | Sequence[str]) -> None:
        """Add to a list, unless it is there already or the list is full."""
        schema = self._properties[name]
        held = self._data.get(name, [])
        known = {_plain(other) for other in held}
        if _plain(value) in known or len(held) >= schema["maxItems"] or not _fits(value, schema["items"]):
            return
        self._data[name] = [*held, value]
        self._note(f"/{name}/{len(held)}", grounds)

    def regions(self, name: str) -> set[int]:
        """Return the lines that what the field holds was taken from."""
        entries = [entry for entry in self._evidence if _within(entry["field"], name)]
        return {index for entry in entries for index in entry.get("regions", ())}

    def say(
        self,
        name: str,
        sentence: str,
        *,
        shown: Callable[[Any], str] | None = None,
        max_items: int = 12,
        max_length: int = 80,
    ) -> None:
        """Say what was read for a field: `{}` in the sentence stands for its values, quoted unless `shown` is given."""
        show = shown or (lambda value: quote(str(value), max_length))
        read = [
            (entry, self._resolve(entry["field"]))
            for entry in self._evidence
            if _within(entry["field"], name) and "regions" in entry
        ]
        if read:
            regions = sorted({index for entry, _ in read for index in entry["regions"]})
            text = sentence.format(listing([show(value) for _, value in read], max_items))
            self._statements.append(Statement(text, {"regions": regions}))

    def state(self, statement: Statement) -> None:
        """Add a sentence of one's own."""
        self._statements.append(statement)

    def tag(self, *names: str) -> None:
        """Make tags of the values of these fields."""
        for name in names:
            held = self._data.get(name)
            self._tags += [value for value in (held if isinstance(held, list) else [held]) if isinstance(value, str)]

    def extraction(self) -> Extraction:
        """Return what was found."""
        return Extraction(self._data, self._evidence, tuple(self._statements), tuple(self._tags))

    def _note(self, pointer: str, grounds: dict[str, Sequence[int] | Sequence[str]]) -> None:
        self._evidence.append({"field": pointer, **{sort: list(names) for sort, names in grounds.items()}})

    def _resolve(self, pointer: str) -> Any:
        found: Any = self._data
        for part in pointer.split("/")[1:]:
            found = found[int(part)] if isinstance(found, list) else found[part]
        return found


def _within(pointer: str, name: str) -> bool:
    return pointer == f"/{name}" or pointer.startswith(f"/{name}/")


def _plain(value: Any) -> str:
    """Return the value so that two readings of the same are equal."""
    if isinstance(value, dict):
        return "|".join(f"{name}={_plain(inner)}" for name, inner in value.items() if inner is not None)
    if isinstance(value, list):
        return ",".join(_plain(inner) for inner in value)
    return "".join(str(value).casefold().split())


def _fits(value: Any, schema: Schema) -> bool:
    """Whether the value keeps to the caps of its schema."""
    if isinstance(value, str):
        return 0 < len(value) <= int(schema["maxLength"])
    if isinstance(value, int):
        return int(schema["minimum"]) <= value <= int(schema["maximum"])
    if isinstance(value, list):
        return len(value) <= int(schema["maxItems"]) and all(_fits(inner, schema["items"]) for inner in value)
    if isinstance(value, dict):
        return all(inner is None or _fits(inner, schema["properties"][name]) for name, inner in value.items())
    return False
