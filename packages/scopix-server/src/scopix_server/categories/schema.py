"""The few forms that the fields of categories have, as JSON schemas (draft 2020-12).

Everything is nullable and capped: a small language model that is held to a schema without caps rambles into its limit.
"""

from typing import Any

__all__ = ["Schema", "count", "record", "records", "schema_of", "text", "texts"]

Schema = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = 200
_ITEMS = 40


def text(description: str, *, max_length: int = _TEXT) -> Schema:
    """A string of at most `max_length` characters, or null."""
    return {"type": ["string", "null"], "maxLength": max_length, "description": description}


def count(description: str, *, maximum: int = 1000) -> Schema:
    """A whole number from 0 to `maximum`, or null."""
    return {"type": ["integer", "null"], "minimum": 0, "maximum": maximum, "description": description}


def texts(description: str, *, max_items: int = _ITEMS, max_length: int = _TEXT) -> Schema:
    """A list of at most `max_items` strings, or null."""
    items = {"type": "string", "maxLength": max_length}
    return {"type": ["array", "null"], "items": items, "maxItems": max_items, "description": description}


def record(description: str, properties: dict[str, Schema]) -> Schema:
    """An object with these properties and no others, or null."""
    return {**_closed(properties), "type": ["object", "null"], "description": description}


def records(description: str, properties: dict[str, Schema], *, max_items: int = _ITEMS) -> Schema:
    """A list of at most `max_items` objects, or null."""
    items = {"type": "object", **_closed(properties)}
    return {"type": ["array", "null"], "items": items, "maxItems": max_items, "description": description}


def schema_of(properties: dict[str, Schema]) -> Schema:
    """The schema of a category's data."""
    return {"$schema": DRAFT, "type": "object", **_closed(properties)}


def _closed(properties: dict[str, Schema]) -> Schema:
    return {"properties": properties, "additionalProperties": False}
