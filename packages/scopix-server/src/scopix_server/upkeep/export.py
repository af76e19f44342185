"""Giving a tenant all that is kept of it: a folder with its files as they came, and its records.

    manifest.json      written last: what is here, how much, and whether anything is missing
    INCOMPLETE         there from the beginning to the end: an export that has it is a half one
    SHA256SUMS         of all the following, in the form that `sha256sum -c` reads
    records/TABLE.jsonl
    files/AB/FILE.EXT  the originals, named by their ids

Records are read first, in one transaction. An export that was broken off is begun again in the same folder: records
are written anew, and originals that are there, whole, are not fetched a second time.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scopix_server.domain.errors import BucketRefused, StorageNotConfigured
from scopix_server.domain.ports import Database, Transaction
from scopix_server.domain.tenant import Tenant
from scopix_server.domain.tenant_data import EXPORT_FILES
from scopix_server.intake.stores import Stores

__all__ = ["Exported", "NoPlaceForExport", "TenantExporter"]

_MANIFEST, _INCOMPLETE, _SUMS, _RECORDS, _FILES = "manifest.json", "INCOMPLETE", "SHA256SUMS", "records", "files"
_CHUNK = 1024 * 1024
_FORMAT = "scopix-export-1"


class NoPlaceForExport(ValueError):
    """The folder cannot be used; the message says why."""


@dataclass
class Exported:
    """What was given out. `fetched` originals were copied this time, the others were there from an earlier attempt.

    `missing` and `damaged` are ids of files whose originals the stores do not have, or not as they came.
    """

    files: int = 0
    bytes: int = 0
    fetched: int = 0
    records: dict[str, int] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


class TenantExporter:
    """Writes exports. Blocks; memory does not grow with what is exported, but for the files' ids."""

    def __init__(
        self,
        database: Database,
        stores: Stores,
        *,
        version: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._stores = stores
        self._version = version
        self._now = now

    def export(self, tenant: Tenant, folder: Path) -> Exported:
        """Give out all there is of a tenant into a folder: a new or empty one, or one with half an export of its.

        Raises:
            NoPlaceForExport, OSError.
            ServiceUnavailable: a store does not answer; begin again later.
        """
        _take_folder(folder, tenant.id)
        at = self._now()
        done = Exported()
        done.records = self._database.read(lambda t: _write_records(t, tenant.id, folder / _RECORDS))
        with (folder / _SUMS).open("w") as sums:
            for path in sorted((folder / _RECORDS).iterdir()):
                sums.write(f"{_hash_of(path)}  {_RECORDS}/{path.name}\n")
            kept = set()
            for record in _lines(folder / _RECORDS / f"{EXPORT_FILES}.jsonl"):
                name = self._fetch(tenant.id, record, folder, done)
                if name is not None:
                    kept.add(name)
                    sums.write(f"{record['sha256']}  {_FILES}/{name}\n")
        _remove_others(folder / _FILES, kept)
        self._finish(tenant, folder, at, done)
        return done

    def _fetch(self, tenant_id: str, record: dict[str, Any], folder: Path, done: Exported) -> str | None:
        """Copy one original, and return its name; None when it is not to be had as it came."""
        file_id = record["id"]
        # The server's own words, not the client's: an id, and an extension from a short list.
        extension = record["object_key"].rpartition("/")[2].partition(".")[2]
        name = f"{file_id[:2]}/{file_id}.{extension}"
        target = folder / _FILES / name
        if not (target.exists() and _hash_of(target) == record["sha256"]):
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_suffix(".part")
            try:
                store = self._stores.holding(tenant_id, record["storage_id"])
                with store.local_path(record["object_key"]) as source:
                    digest = _copy(source, part)
            except (FileNotFoundError, BucketRefused, StorageNotConfigured):
                done.missing.append(file_id)
                return None
            if digest != record["sha256"]:
                part.unlink()
                done.damaged.append(file_id)
                return None
            part.replace(target)
            done.fetched += 1
        done.files += 1
        done.bytes += record["size_bytes"]
        return name

    def _finish(self, tenant: Tenant, folder: Path, at: datetime, done: Exported) -> None:
        manifest = {
            "format": _FORMAT,
            "server_version": self._version,
            "tenant": {"id": tenant.id, "name": tenant.name},
            "exported_at": at.isoformat(),
            "files": done.files,
            "bytes": done.bytes,
            "records": done.records,
            "missing_originals": done.missing,
            "damaged_originals": done.damaged,
            "sha256sums": _hash_of(folder / _SUMS),
        }
        part = folder / f"{_MANIFEST}.part"
        part.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
        # All of it is on the disk before it is called whole.
        os.sync()
        part.replace(folder / _MANIFEST)
        (folder / _INCOMPLETE).unlink()


def _take_folder(folder: Path, tenant_id: str) -> None:
    if folder.exists() and not folder.is_dir():
        raise NoPlaceForExport(f"{folder} is no folder")
    folder.mkdir(parents=True, exist_ok=True)
    marker = folder / _INCOMPLETE
    if marker.exists():
        if marker.read_text().strip() != tenant_id:
            raise NoPlaceForExport(f"{folder} has half an export of another tenant")
    elif any(folder.iterdir()):
        whole = (folder / _MANIFEST).exists()
        raise NoPlaceForExport(f"{folder} has a whole export already" if whole else f"{folder} is not empty")
    (folder / _MANIFEST).unlink(missing_ok=True)
    marker.write_text(f"{tenant_id}\n")
    for name in (_RECORDS, _FILES):
        (folder / name).mkdir(exist_ok=True)


def _write_records(transaction: Transaction, tenant_id: str, folder: Path) -> dict[str, int]:
    counts: dict[str, int] = {}
    for table in transaction.tenant_data.tables():
        with (folder / f"{table}.jsonl").open("w") as lines:
            counts[table] = 0
            for row in transaction.tenant_data.rows(tenant_id, table):
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")
                counts[table] += 1
    return counts


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open() as lines:
        for line in lines:
            yield json.loads(line)


def _copy(source: Path, target: Path) -> str:
    digest = hashlib.sha256()
    with source.open("rb") as reading, target.open("wb") as writing:
        while chunk := reading.read(_CHUNK):
            digest.update(chunk)
            writing.write(chunk)
    return digest.hexdigest()


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove_others(folder: Path, kept: set[str]) -> None:
    """Remove what an earlier attempt fetched of files that have gone since, and half a copy."""
    for place in list(folder.iterdir()):
        for path in list(place.iterdir()):
            if f"{place.name}/{path.name}" not in kept:
                path.unlink()
        if not any(place.iterdir()):
            place.rmdir()
