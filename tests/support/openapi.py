"""An OpenAPI document read for tests: its operations, values that fit a schema, and values that do not."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
_WORDS = ("a" * 64, "read", "word", "3f0c2a4e-0000-4000-8000-00000000abcd")


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a body: its name, its schema, and where it is sent."""

    name: str
    schema: dict[str, Any]
    place: str
    required: bool


@dataclass(frozen=True, eq=False)
class Operation:
    """One method of one path."""

    method: str
    path: str
    spec: dict[str, Any]
    document: "Document"

    @property
    def label(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def scope(self) -> str | None:
        """The scope its caller needs; None where no key is asked for."""
        if not self.spec.get("security"):
            return None
        ((scope,),) = (scheme.values() for scheme in self.spec["security"])
        (name,) = scope
        return str(name)

    @property
    def statuses(self) -> set[int]:
        return {int(status) for status in self.spec["responses"]}

    @property
    def parameters(self) -> list[Field]:
        return [
            Field(one["name"], self.document.plain(one["schema"]), one["in"], one.get("required", False))
            for one in self.spec.get("parameters", [])
        ]

    @property
    def path_names(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    @property
    def json_schema(self) -> dict[str, Any] | None:
        return self._body("application/json")

    @property
    def form_schema(self) -> dict[str, Any] | None:
        return self._body("multipart/form-data")

    @property
    def body_fields(self) -> list[Field]:
        schema = self.json_schema or self.form_schema or {}
        place = "json" if self.json_schema else "form"
        return [
            Field(name, self.document.plain(one), place, name in schema.get("required", []))
            for name, one in schema.get("properties", {}).items()
        ]

    def _body(self, content_type: str) -> dict[str, Any] | None:
        content = self.spec.get("requestBody", {}).get("content", {})
        return self.document.plain(content[content_type]["schema"]) if content_type in content else None


class Document:
    """The whole document."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content

    @property
    def operations(self) -> list[Operation]:
        return list(self._operations())

    def _operations(self) -> Iterator[Operation]:
        for path, methods in self.content["paths"].items():
            for method, spec in methods.items():
                yield Operation(method, path, spec, self)

    def plain(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema itself: behind its reference, and without the null that it may be as well."""
        if "$ref" in schema:
            found = self.content
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            return self.plain(found)
        choices = [one for one in schema.get("anyOf", []) if one.get("type") != "null"]
        if len(choices) == 1 and "type" not in schema:
            return self.plain({**{key: value for key, value in schema.items() if key != "anyOf"}, **choices[0]})
        return schema

    def fitting(self, schema: dict[str, Any]) -> Any:
        """A value that the schema allows."""
        schema = self.plain(schema)
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type")
        if kind == "object":
            return self._fitting_object(schema)
        if kind == "array":
            return [self.fitting(schema["items"]) for _ in range(max(1, schema.get("minItems", 0)))]
        if kind in ("integer", "number"):
            return schema.get("minimum", 1)
        if kind == "boolean":
            return True
        if schema.get("format") == "date-time":
            return "2999-01-01T00:00:00Z"
        if schema.get("format") == "uuid":
            return _WORDS[-1]
        (word, *_) = [word for word in _WORDS if re.search(schema.get("pattern", ""), word)]
        return word

    def _fitting_object(self, schema: dict[str, Any]) -> dict[str, Any]:
        properties = schema.get("properties", {})
        needed = list(schema.get("required", []))
        for choice in schema.get("anyOf", [])[:1]:
            needed += choice.get("required", [])
        if len(needed) < schema.get("minProperties", 0):
            needed += list(properties)[: schema["minProperties"]]
        return {name: self.fitting(properties[name]) for name in needed}

    def unfitting(self, field: Field) -> list[Any]:
        """Values that the field's schema forbids; none where it allows whatever can be sent there."""
        schema, kind = field.schema, field.schema.get("type")
        values: list[Any] = [] if field.place != "json" else [7 if kind == "string" else "a word"]
        if kind in ("integer", "number") and not values:
            values.append("many")
        if kind == "boolean":
            values.append("perhaps")
        if "enum" in schema:
            values.append("nonsense")
        if schema.get("format") in ("date-time", "uuid"):
            values.append("yesterday")
        if "minimum" in schema:
            values.append(int(schema["minimum"]) - 1)
        if "maximum" in schema:
            values.append(int(schema["maximum"]) + 1)
        if "maxLength" in schema:
            values.append("x" * (schema["maxLength"] + 1))
        if "minLength" in schema:
            values.append("")
        if "pattern" in schema and not re.search(schema["pattern"], "no good!"):
            values.append("no good!")
        return values + self._unfitting_lists(schema)

    def _unfitting_lists(self, schema: dict[str, Any]) -> list[Any]:
        if schema.get("type") != "array" or "format" in schema["items"]:
            return []
        item = self.fitting(schema["items"])
        values: list[Any] = [[item] * (schema["maxItems"] + 1)] if "maxItems" in schema else []
        return values + ([[]] if schema.get("minItems") else [])
