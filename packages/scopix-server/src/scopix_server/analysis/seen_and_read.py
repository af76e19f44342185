"""Joining what an engine saw with what was read: the fields of one image from two witnesses.

What was read stands in the text and can be pointed at, so it comes first and is not overruled; what was seen fills the
rest. Lists hold both, without repeats.
"""

from dataclasses import replace
from typing import Any

from jsonschema import Draft202012Validator

from scopix_server.categories import Category, Extraction, locate
from scopix_server.domain.description import Description, Perception

__all__ = ["with_fields_read"]


def with_fields_read(description: Description, category: Category, perception: Perception) -> Description:
    """Add to an engine's answer the fields that the category finds in the text, with their evidence.

    What the engine answered and can be read on the picture names its lines too.
    """
    found = category.extract(perception) if category.extract is not None else Extraction()
    data = {
        name: _valid(
            part, _joined(found.data.get(name), description.category_data.get(name), part), found.data.get(name)
        )
        for name, part in (category.schema.get("properties") or {}).items()
        if name in found.data or name in description.category_data
    }
    seen = [
        {"field": f"/{name}", "engine": description.engine}
        for name in description.category_data
        if data.get(name) is not None
    ]
    read = [entry["field"] for entry in found.evidence]
    located = [entry for entry in locate(data, perception) if not _is_within(entry["field"], read)]
    return replace(description, category_data=data, evidence=(*description.evidence, *found.evidence, *located, *seen))


def _is_within(pointer: str, others: list[str]) -> bool:
    return any(pointer == other or pointer.startswith(f"{other}/") for other in others)


def _joined(read: Any, seen: Any, schema: dict[str, Any]) -> Any:
    if read in (None, [], {}) or seen in (None, [], {}):
        return seen if read in (None, [], {}) else read
    if isinstance(read, list) and isinstance(seen, list):
        known = {_key(entry) for entry in read}
        # In this order, the places that the evidence names stay right.
        return [*read, *(entry for entry in seen if _key(entry) not in known)][: schema.get("maxItems")]
    if isinstance(read, dict) and isinstance(seen, dict):
        parts = schema.get("properties") or {}
        return {name: _joined(read.get(name), seen.get(name), parts.get(name, {})) for name in {**read, **seen}}
    return read


def _key(entry: Any) -> str:
    """What two entries have in common when they mean the same: their letters, or those of a record's first word."""
    first = next(iter(entry.values()), "") if isinstance(entry, dict) else entry
    return "".join(sign for sign in str(first).casefold() if sign.isalnum())


def _valid(schema: dict[str, Any], joined: Any, read: Any) -> Any:
    return joined if Draft202012Validator(schema).is_valid(joined) else read
