"""The formats of an export: what a file is in each, and writing them piece by piece."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import IO, Any, Protocol

from scopix import FileDetails
from scopix.cli.terminal import harmless

__all__ = ["FIELDS", "Format", "MissingLibrary", "Writer", "open_writer", "record_of", "spreadsheet_cell"]

FIELDS = (
    "id",
    "filename",
    "path",
    "title",
    "description",
    "tags",
    "visible_text",
    "text_regions",
    "objects",
    "content_category",
    "category_data",
    "description_status",
    "description_error",
    "description_error_type",
    "description_is_retryable",
    "media_type",
    "content_type",
    "size_bytes",
    "hash",
    "width",
    "height",
    "created_at",
    "content_created_at",
)
_JSON_FIELDS = frozenset({"text_regions", "objects", "category_data"})
_ROWS_A_GROUP = 5_000
_CHARACTERS_A_GROUP = 16_000_000
# What a spreadsheet takes for a formula, in the full-width forms of East Asian keyboards, too.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_QUOTE = "'"


class Format(Enum):
    """The value is the word on the command line."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


class MissingLibrary(ValueError):
    """The format needs a package that is not installed."""


class Writer(Protocol):
    """Takes records in pieces; `close` writes what is left."""

    def write(self, records: Sequence[Mapping[str, Any]]) -> None: ...

    def close(self) -> None: ...


def record_of(file: FileDetails) -> dict[str, Any]:
    """A file as the export has it: the names of `FIELDS`, plain values, times as `datetime`."""
    return {
        "id": file.id,
        "filename": file.original_filename,
        "path": file.path,
        "title": file.title,
        "description": file.upload_description,
        "tags": list(file.tags),
        "visible_text": file.visible_text,
        "text_regions": None if file.text_regions is None else [one.model_dump() for one in file.text_regions],
        "objects": None if file.perception is None else [one.model_dump() for one in file.perception.objects],
        "content_category": _plain(file.content_category),
        "category_data": file.category_data,
        "description_status": _plain(file.description_status),
        "description_error": file.description_error,
        "description_error_type": _plain(file.description_error_type),
        "description_is_retryable": file.description_is_retryable,
        "media_type": _plain(file.media_type),
        "content_type": file.content_type,
        "size_bytes": file.size_bytes,
        "hash": file.hash,
        "width": file.dimensions.width if file.dimensions else None,
        "height": file.dimensions.height if file.dimensions else None,
        "created_at": file.created_at,
        "content_created_at": file.content_created_at,
    }


def open_writer(format: Format, target: IO[bytes], *, for_excel: bool = False, ascii_only: bool = False) -> Writer:
    """A writer of this format; the target stays open. Raises `MissingLibrary`."""
    if format is Format.CSV:
        return _CsvWriter(target, for_excel=for_excel)
    if format is Format.PARQUET:
        return _ParquetWriter(target)
    return _JsonLinesWriter(target, ascii_only=ascii_only)


def spreadsheet_cell(text: str) -> str:
    """Text that neither a spreadsheet nor a terminal obeys: what would be a formula begins with a quotation mark.

    Control characters are left out, tabs become spaces.
    """
    shown = harmless(text)
    if text.startswith(_FORMULA) or shown.lstrip().startswith(_FORMULA):
        return _QUOTE + shown
    return shown


class _JsonLinesWriter:
    def __init__(self, target: IO[bytes], *, ascii_only: bool) -> None:
        self._target = target
        self._ascii_only = ascii_only

    def write(self, records: Sequence[Mapping[str, Any]]) -> None:
        lines = (json.dumps(record, default=_iso, ensure_ascii=self._ascii_only) + "\n" for record in records)
        self._target.write("".join(lines).encode(errors="replace"))

    def close(self) -> None:
        pass


class _CsvWriter:
    def __init__(self, target: IO[bytes], *, for_excel: bool) -> None:
        self._target = target
        if for_excel:
            # Without the mark Excel takes the file for one in the encoding of its country.
            target.write("\ufeff".encode())
        self._write([FIELDS])

    def write(self, records: Sequence[Mapping[str, Any]]) -> None:
        self._write([_cell(name, record[name]) for name in FIELDS] for record in records)

    def close(self) -> None:
        pass

    def _write(self, rows: Iterable[Sequence[Any]]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        self._target.write(text.getvalue().encode(errors="replace"))


def _cell(name: str, value: Any) -> Any:
    if value is None:
        return ""
    if name in _JSON_FIELDS:
        return spreadsheet_cell(json.dumps(value, ensure_ascii=False, default=_iso))
    if isinstance(value, list):
        return spreadsheet_cell(", ".join(value))
    if isinstance(value, datetime):
        return _iso(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return spreadsheet_cell(value) if isinstance(value, str) else value


class _ParquetWriter:
    """Row groups are written as they fill, so that memory holds one at most."""

    def __init__(self, target: IO[bytes]) -> None:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError as error:
            raise MissingLibrary("Parquet needs one more package: pip install 'scopix[parquet]'") from error
        self._schema = _parquet_schema(pyarrow)
        self._record_batch = pyarrow.RecordBatch
        self._file = pyarrow.parquet.ParquetWriter(target, self._schema, compression="zstd")
        self._held: list[dict[str, Any]] = []
        self._held_characters = 0

    def write(self, records: Sequence[Mapping[str, Any]]) -> None:
        for record in records:
            # What a category asks for differs from category to category, so it has no columns of its own.
            data = record["category_data"]
            packed = None if data is None else json.dumps(data, ensure_ascii=False, default=_iso)
            self._held.append({**record, "category_data": packed})
            self._held_characters += _weight(record)
            if len(self._held) >= _ROWS_A_GROUP or self._held_characters >= _CHARACTERS_A_GROUP:
                self._flush()

    def close(self) -> None:
        try:
            self._flush()
            self._file.close()
        finally:
            # Else it would try again, and complain, when it is forgotten.
            self._file.is_open = False

    def _flush(self) -> None:
        if self._held:
            self._file.write_batch(self._record_batch.from_pylist(self._held, schema=self._schema))
        self._held, self._held_characters = [], 0


def _weight(record: Mapping[str, Any]) -> int:
    """About how much memory a record takes, counted in characters."""
    texts = len(record["description"] or "") + len(record["visible_text"] or "")
    return 500 + texts + 400 * (len(record["text_regions"] or ()) + len(record["objects"] or ()))


def _parquet_schema(arrow: Any) -> Any:
    time = arrow.timestamp("us", tz="UTC")
    box = arrow.struct([(name, arrow.float64()) for name in ("x", "y", "width", "height")])
    polygon = arrow.list_(arrow.list_(arrow.float64()))
    region = arrow.struct(
        [("text", arrow.string()), ("bbox", box), ("polygon", polygon), ("confidence", arrow.float64())]
    )
    thing = arrow.struct([("label", arrow.string()), ("bbox", box), ("score", arrow.float64())])
    types = {
        "tags": arrow.list_(arrow.string()),
        "text_regions": arrow.list_(region),
        "objects": arrow.list_(thing),
        "description_is_retryable": arrow.bool_(),
        "size_bytes": arrow.int64(),
        "width": arrow.int32(),
        "height": arrow.int32(),
        "created_at": time,
        "content_created_at": time,
    }
    return arrow.schema([(name, types.get(name, arrow.string())) for name in FIELDS])


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)


def _iso(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)
