"""Categories of one's own: a YAML or JSON file each (docs/how-to/own-category.md)."""

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scopix_server.categories.catalogue import BadCategory
from scopix_server.categories.category import Category, Extraction, instructions
from scopix_server.categories.findings import Findings
from scopix_server.categories.schema import DRAFT, Schema
from scopix_server.domain.description import Perception
from scopix_server.reading.layout import read_layout

__all__ = ["read_categories", "read_category"]

_SUFFIXES = (".yaml", ".yml", ".json")
_MAX_BYTES = 64 * 1024
_MAX_FILES = 200
_MAX_TEXT, _MAX_ITEMS = 200, 40


class _File(BaseModel):
    """What such a file holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    title: str = Field(min_length=1, max_length=80)
    prompt: str = Field(min_length=1, max_length=8000)
    fields_schema: dict[str, Any] = Field(alias="schema")
    fields: dict[str, str] = Field(default_factory=dict)


def read_categories(folder: Path) -> list[Category]:
    """Read every `.yaml`, `.yml` and `.json` file in `folder`, by name; hidden files are left out.

    Raises:
        BadCategory: the folder or a file cannot be read or is no category, or two of them have the same name.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES and path.name[0] != ".")
    except OSError as error:
        raise BadCategory(f"{folder} cannot be read: {error.strerror}") from error
    if len(paths) > _MAX_FILES:
        raise BadCategory(f"{folder} holds {len(paths)} files; at most {_MAX_FILES} categories are taken")
    found: dict[str, Path] = {}
    categories = []
    for path in paths:
        category = read_category(path)
        if category.name in found:
            raise BadCategory(f"{path}: {found[category.name].name} has the name '{category.name}' already")
        found[category.name] = path
        categories.append(category)
    return categories


def read_category(path: Path) -> Category:
    """Read one file. Raises BadCategory."""
    try:
        content = _File.model_validate(_parse(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BadCategory(f"{path}: {where}: {first['msg']}") from None
    schema = _complete(content.fields_schema)
    _check(path, content, schema)
    patterns = {name: _compile(path, name, pattern) for name, pattern in content.fields.items()}
    return Category(
        name=content.name,
        title=content.title,
        prompt=instructions(content.prompt),
        schema=schema,
        extract=partial(_extract, schema, patterns) if patterns else None,
    )


def _parse(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise BadCategory(f"{path} is larger than {_MAX_BYTES // 1024} KiB")
        text = data.decode()
        found = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise BadCategory(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, json.JSONDecodeError, yaml.YAMLError) as error:
        raise BadCategory(f"{path}: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise BadCategory(f"{path} is nested too deeply") from None
    if not isinstance(found, dict):
        raise BadCategory(f"{path} must hold name, title, prompt and schema")
    return found


def _complete(schema: Schema) -> Schema:
    """Fill in what everyone means: an object without other properties, and caps for texts and lists."""
    whole = {"$schema": DRAFT, "type": "object", **schema}
    return {name: value if name == "$schema" else _bounded(name, value) for name, value in _closed(whole).items()}


def _closed(schema: Schema) -> Schema:
    kinds = schema.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    closed = dict(schema)
    if "object" in kinds:
        closed.setdefault("additionalProperties", False)
    if "string" in kinds and not {"enum", "const"} & closed.keys():
        closed.setdefault("maxLength", _MAX_TEXT)
    if "array" in kinds:
        closed.setdefault("maxItems", _MAX_ITEMS)
    return closed


def _bounded(name: str, value: Any) -> Any:
    """Return a part of a schema with its own parts completed."""
    if name == "properties" and isinstance(value, dict):
        return {key: _part(inner) for key, inner in value.items()}
    return _part(value) if name == "items" else value


def _part(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    return {name: _bounded(name, value) for name, value in _closed(schema).items()}


def _check(path: Path, content: _File, schema: Schema) -> None:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        where = "/".join(str(part) for part in error.absolute_path)
        raise BadCategory(f"{path}: schema: {where + ': ' if where else ''}{error.message}") from None
    properties = schema.get("properties")
    if schema["type"] != "object" or not isinstance(properties, dict) or not properties:
        raise BadCategory(f"{path}: schema: it must be an object with at least one property")
    for name in content.fields:
        if name not in properties:
            raise BadCategory(f"{path}: fields: the schema has no property '{name}'")
        if not _is_text(properties[name]) and not _is_text_list(properties[name]):
            raise BadCategory(f"{path}: fields: '{name}' must be a string, or an array of strings, to be read off text")


def _is_text(schema: Any) -> bool:
    kinds = schema.get("type") if isinstance(schema, dict) else None
    return "string" in (kinds if isinstance(kinds, list) else [kinds])


def _is_text_list(schema: Any) -> bool:
    return isinstance(schema, dict) and _is_text(schema.get("items"))


def _compile(path: Path, name: str, pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise BadCategory(f"{path}: fields: {name}: {error}") from None
    if compiled.groups > 1:
        raise BadCategory(f"{path}: fields: {name}: at most one group, which is the value; use (?:...) for others")
    return compiled


def _extract(schema: Schema, patterns: dict[str, re.Pattern[str]], perception: Perception) -> Extraction:
    """Find what the patterns match, line by line; the group is the value, or the whole match."""
    found = Findings(schema)
    lines = read_layout(perception).lines
    for name, pattern in patterns.items():
        for line in lines:
            for value in _values(pattern, line.text):
                if _is_text(schema["properties"][name]):
                    found.put(name, value, regions=[line.index])
                else:
                    found.add(name, value, regions=[line.index])
        found.say(name, f"{name.replace('_', ' ').capitalize()}: {{}}.")
    return found.extraction()


def _values(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for match in pattern.finditer(text):
        value = match[pattern.groups]
        if value and value.strip():
            yield value.strip()
