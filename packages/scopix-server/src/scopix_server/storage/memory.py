"""A store in memory: for tests and for trying things out. Its content ends with the process."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from scopix_server.domain.ports import StoredObject
from scopix_server.storage.keys import check_key

__all__ = ["MemoryStore"]


class MemoryStore:
    """Keeps objects in a dictionary."""

    commits_at_once = 1

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}
        self._written: dict[str, datetime] = {}

    def open_writer(self) -> "_MemoryWriter":
        return _MemoryWriter(self)

    def put(self, key: str, data: bytes) -> None:
        self._written[check_key(key)] = datetime.now(UTC)
        self._objects[key] = bytes(data)

    def put_file(self, key: str, path: Path, content_type: str = "application/octet-stream") -> None:
        self.put(key, path.read_bytes())

    def read(self, key: str) -> bytes:
        try:
            return self._objects[check_key(key)]
        except KeyError:
            raise FileNotFoundError(key) from None

    def read_range(self, key: str, offset: int, length: int) -> bytes:
        return self.read(key)[offset : offset + length]

    @contextmanager
    def local_path(self, key: str) -> Iterator[Path]:
        with _as_file(self.read(key)) as path:
            yield path

    def delete(self, key: str) -> None:
        self._objects.pop(check_key(key), None)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        begin = f"{check_key(prefix)}/" if prefix else ""
        for key, data in list(self._objects.items()):
            if key.startswith(begin):
                yield StoredObject(key, len(data), self._written[key])

    def free_bytes(self) -> int | None:
        return None

    def check(self) -> None:
        pass


class _MemoryWriter:
    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._data = bytearray()

    def write(self, data: bytes) -> None:
        self._data += data

    def seal(self) -> None:
        pass

    @contextmanager
    def lend(self) -> Iterator[Path]:
        with _as_file(bytes(self._data)) as path:
            yield path

    def commit(self, key: str) -> None:
        self._store.put(key, bytes(self._data))

    def abort(self) -> None:
        self._data.clear()


@contextmanager
def _as_file(data: bytes) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="scopix-") as folder:
        path = Path(folder) / "object"
        path.write_bytes(data)
        yield path
