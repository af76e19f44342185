"""How results look in a notebook, and as tables of other libraries, none of which is needed before."""

import json
from collections.abc import Iterable, Sequence
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scopix.types.results import UploadResult

__all__ = ["as_card", "as_html_table", "as_table", "rows_of"]

_MAX_ROWS = 50
"""Of a table in a notebook: more are counted."""
_CARD = "display:flex;gap:1em;border:1px solid #8888;border-radius:6px;padding:.7em;max-width:60em"


def as_card(result: "UploadResult") -> str:
    """One result as HTML. All of it but the frame was said by a picture or its file, so everything is escaped."""
    thumbnail = ""
    if (result.thumbnail_url or "").startswith(("http://", "https://")):
        thumbnail = f'<img src="{escape(str(result.thumbnail_url))}" alt="" style="max-width:160px;max-height:160px">'
    lines = [
        f"<b>{escape(result.path or result.filename)}</b> <small>{escape(result.description_status.value)}</small>"
    ]
    lines += [escape(text) for text in (result.description, result.description_error) if text]
    if result.tags:
        lines.append(f"<small>{escape(', '.join(result.tags))}</small>")
    fields = [f"{name}: {value}" for name, value in (result.category_data or {}).items() if value not in (None, [], {})]
    lines += [f"<small>{escape(field)}</small>" for field in fields]
    return f'<div style="{_CARD}">{thumbnail}<div>{"<br>".join(lines)}</div></div>'


def as_html_table(results: "Sequence[UploadResult]", summary: str) -> str:
    """A list of results as HTML, escaped."""
    heads = ("path", "status", "description", "tags")
    rows = [
        (
            one.path or one.filename,
            one.description_status.value,
            one.description or one.description_error or "",
            ", ".join(one.tags or ()),
        )
        for one in results[:_MAX_ROWS]
    ]
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    more = f"<p>and {len(results) - _MAX_ROWS} more</p>" if len(results) > _MAX_ROWS else ""
    head = "".join(f"<th>{name}</th>" for name in heads)
    return f"<p>{escape(summary)}</p><table><tr>{head}</tr>{body}</table>{more}"


def rows_of(results: "Iterable[UploadResult]") -> list[dict[str, Any]]:
    """A dict for each result, all with the same names; what has structure stays as it is."""
    return [result.to_dict(exclude_none=False) for result in results]


def as_table(library: str, results: "Iterable[UploadResult]") -> Any:
    """The results as a table of a library that is not ours. Raises `ImportError` with what to install."""
    try:
        module = import_module(library)
    except ImportError as error:
        raise ImportError(f"this needs {library}: pip install {library}", name=library) from error
    if library == "pyarrow":
        # What differs from row to row (fields of categories) has no type that all share: it goes as JSON.
        return module.Table.from_pylist([_flat(row) for row in rows_of(results)])
    if library == "polars":
        return module.DataFrame([_flat(row) for row in rows_of(results)], infer_schema_length=None)
    return module.DataFrame(rows_of(results))


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    plain = {"tags"}
    return {
        name: json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) and name not in plain else value
        for name, value in row.items()
    }
