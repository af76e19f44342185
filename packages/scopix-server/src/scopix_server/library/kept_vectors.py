"""Vectors of tenants in memory, so that a search compares them without reading them all from the database.

They are kept a byte a number, and are as new as the database: changes are counted, and what is newer than what is kept
is read before each search. They tell which vectors come into question, in about their order; `nearest` compares those
as they are stored.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeAlias

from scopix_server.domain.embedding import ChangedVector, VectorRows

__all__ = ["Candidate", "KeptVectors", "unit_rows"]

Vector: TypeAlias = Any
"""A row of float32: numpy is loaded late."""

_MAX_AGE = 3600.0
"""Seconds after which all is read again: what was removed for good leaves memory, too."""
_GROWTH = 5
"""How many times more candidates are looked up each time that those before were not enough."""
_MAX_PORTION = 500  # of them are given out at once: the database is asked about them by their ids
_STEPS = 127
_ERRORS = {0.5: 0.02, 1.0: 0.04}
"""How far off a kept vector's score may be, by the largest number of vectors of length 1 that the steps reach to. Of
400,000 scores of vectors as uneven as the label network's none was further off than .017 and .033."""
_ROUNDING = 1e-4  # what float32 is off
_OVERHEAD = 200  # bytes of Python's for the entry of a vector
_BLOCK = 250  # vectors compared at a time without faiss: what stays in the processor's cache meanwhile, 1.3 MB


@dataclass(frozen=True, slots=True)
class Candidate:
    """A vector that comes into question, by its number among its file's; `score` is its cosine, at most `error` off."""

    score: float
    file_id: str
    number: int
    error: float


class KeptVectors:
    """Vectors of all kinds, images' and texts'. Threads share it.

    Args:
        max_bytes: of all kinds and tenants together. Those searched least recently make room; of a tenant that has more
            by itself none are kept, and all are read for each search.
        clock: seconds.
    """

    def __init__(self, max_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._tenants: OrderedDict[tuple[str, str], _Tenant] = OrderedDict()

    def ranked(
        self, rows: VectorRows, tenant_id: str, query: bytes, floor: float, *, first: int
    ) -> Iterator[Sequence[Candidate]]:
        """Give out a tenant's vectors by their likeness to `query`; those below `floor` are left out.

        They come in portions, the first of which has `first`, and each is several times as large as the one before.
        """
        target = unit_rows([query])[0]
        key = (rows.kind, tenant_id)
        tenant = self._tenant(key)
        with tenant.lock:
            matrix = self._fresh(rows, tenant_id, tenant)
        self._make_room(key)
        return (
            _read_through(rows, tenant_id, target, floor, first)
            if matrix is None
            else _ranked(tenant, matrix, target, floor, first)
        )

    def _tenant(self, key: tuple[str, str]) -> "_Tenant":
        with self._lock:
            tenant = self._tenants.setdefault(key, _Tenant())
            self._tenants.move_to_end(key)
            return tenant

    def _fresh(self, rows: VectorRows, tenant_id: str, tenant: "_Tenant") -> "_Matrix | None":
        now, matrix = self._clock(), tenant.matrix
        if matrix is not None and now - tenant.read_at < _MAX_AGE and not matrix.is_worn:
            if rows.latest(tenant_id) == matrix.sequence or self._read(rows, tenant_id, matrix):
                return matrix
        elif matrix is None and now - tenant.read_at < _MAX_AGE and tenant.is_too_large:
            return None
        tenant.matrix, tenant.read_at = None, now
        for reach in _ERRORS if self._max_bytes else ():
            matrix = _Matrix(reach)
            if self._read(rows, tenant_id, matrix):
                tenant.matrix = matrix
                break
        tenant.is_too_large = tenant.matrix is None
        return tenant.matrix

    def _read(self, rows: VectorRows, tenant_id: str, matrix: "_Matrix") -> bool:
        """Take in what is newer; False when that cannot be kept, or not in these steps."""
        for portion in rows.changes(tenant_id, matrix.sequence):
            if not matrix.add(portion) or matrix.size > self._max_bytes:
                return False
        matrix.sequence = max(matrix.sequence, rows.latest(tenant_id))
        return True

    def _make_room(self, current: tuple[str, str]) -> None:
        with self._lock:
            total = sum(tenant.size for tenant in self._tenants.values())
            for other in [key for key in self._tenants if key != current]:
                if total <= self._max_bytes:
                    break
                total -= self._tenants.pop(other).size


@dataclass
class _Tenant:
    lock: threading.Lock = field(default_factory=threading.Lock)
    matrix: "_Matrix | None" = None
    read_at: float = float("-inf")
    is_too_large: bool = False

    @property
    def size(self) -> int:
        matrix = self.matrix
        return 0 if matrix is None else matrix.size


class _Matrix:
    """Vectors in the order in which they came. Those that were replaced stay where they are, and count no more."""

    def __init__(self, reach: float) -> None:
        self.sequence = 0
        self.size = 0
        self.entries: list[tuple[str, int]] = []
        self.error = _ERRORS[reach]
        self._reach = reach
        self._places: dict[str, tuple[int, list[int]]] = {}
        self._gone: list[int] = []
        self._scan: _NumpyScan | _FaissScan | None = None

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def is_worn(self) -> bool:
        """Whether more were replaced than are left."""
        return 2 * len(self._gone) > len(self.entries)

    def add(self, changed: Sequence[ChangedVector]) -> bool:
        """Take vectors in; they replace older ones of their files. False when one does not fit into the steps."""
        import numpy as np

        length = len(changed[0].vector) if self._scan is None else self._scan.length
        changed = [row for row in changed if len(row.vector) == length]
        units = unit_rows([row.vector for row in changed])
        if not len(units):
            return True
        if np.abs(units).max() > self._reach:
            return False
        if self._scan is None:
            self._scan = _new_scan(length)
        self._scan.add(np.rint(units * (_STEPS / self._reach)).astype(np.int8))
        for row in changed:
            self._enter(row)
        self.size = len(self.entries) * (length + _OVERHEAD)
        return True

    def _enter(self, row: ChangedVector) -> None:
        known = self._places.get(row.file_id)
        if known is None or known[0] != row.sequence:
            self._gone += known[1] if known else []
            known = self._places[row.file_id] = (row.sequence, [])
        known[1].append(len(self.entries))
        self.entries.append((row.file_id, row.number))

    def best(self, target: Vector, number: int) -> tuple[list[float], list[int]]:
        """Return scores and places of the likest vectors, the likest first, at most `number`."""
        import numpy as np

        if self._scan is None or len(target) != self._scan.length:
            return [], []
        steps = np.rint(target * (_STEPS / np.abs(target).max())).astype(np.float32)
        scores, places = self._scan.best(steps, min(number, len(self.entries)), self._gone)
        scores = scores * (self._reach / _STEPS / np.linalg.norm(steps))
        return scores.tolist(), places.tolist()


def _ranked(
    tenant: _Tenant, matrix: _Matrix, target: Vector, floor: float, number: int
) -> Iterator[Sequence[Candidate]]:
    known = 0
    while True:
        with tenant.lock:
            scores, places = matrix.best(target, number)
        found = [
            Candidate(score, *matrix.entries[place], matrix.error)
            for score, place in zip(scores[known:], places[known:], strict=True)
            if score >= floor - matrix.error
        ]
        yield from _portions(found, _MAX_PORTION)
        if len(found) < len(scores) - known or len(scores) < number:
            return
        known, number = number, number * _GROWTH


def _read_through(
    rows: VectorRows, tenant_id: str, target: Vector, floor: float, first: int
) -> Iterator[Sequence[Candidate]]:
    """All at once, for a tenant whose vectors are not kept: only scores above the floor take memory."""
    found: list[Candidate] = []
    for portion in rows.changes(tenant_id, 0):
        fitting = [row for row in portion if len(row.vector) == len(target)]
        if fitting:
            # Not `rows @ target`: its threads get in each other's way on vectors as small as these.
            scores = _product(unit_rows([row.vector for row in fitting]), target).tolist()
            found += [
                Candidate(score, row.file_id, row.number, _ROUNDING)
                for score, row in zip(scores, fitting, strict=True)
                if score >= floor - _ROUNDING
            ]
    found.sort(key=lambda candidate: -candidate.score)
    yield from _portions(found, first)


def _portions(found: Sequence[Candidate], size: int) -> Iterator[Sequence[Candidate]]:
    for start in range(0, len(found), size):
        yield found[start : start + size]


class _NumpyScan:
    """Compares with every vector, in numpy."""

    def __init__(self, length: int) -> None:
        import numpy as np

        self.length = length
        self._rows: Any = np.empty((0, length), np.int8)
        self._count = 0

    def add(self, rows: Any) -> None:
        import numpy as np

        if self._count + len(rows) > len(self._rows):
            larger = np.empty((max(2 * len(self._rows), self._count + len(rows)), self.length), np.int8)
            larger[: self._count] = self._rows[: self._count]
            self._rows = larger
        self._rows[self._count : self._count + len(rows)] = rows
        self._count += len(rows)

    def best(self, steps: Any, number: int, gone: list[int]) -> tuple[Any, Any]:
        import numpy as np

        scores = np.empty(self._count, np.float32)
        for start in range(0, self._count, _BLOCK):
            rows = self._rows[start : min(start + _BLOCK, self._count)]
            scores[start : start + len(rows)] = _product(rows.astype(np.float32), steps)
        scores[gone] = -np.inf
        best = np.argpartition(-scores, number - 1)[:number]
        best = best[np.argsort(-scores[best], kind="stable")]
        return scores[best], best


class _FaissScan:
    """The same by faiss, where it is installed: five times as fast."""

    def __init__(self, length: int) -> None:
        faiss: Any = import_module("faiss")
        # Each request has a thread; more of them would be those of others.
        faiss.omp_set_num_threads(1)
        self.length = length
        kind = faiss.ScalarQuantizer.QT_8bit_direct_signed
        self._index: Any = faiss.IndexScalarQuantizer(length, kind, faiss.METRIC_INNER_PRODUCT)

    def add(self, rows: Any) -> None:
        import numpy as np

        self._index.add_sa_codes((rows.astype(np.int16) + 128).astype(np.uint8))

    def best(self, steps: Any, number: int, gone: list[int]) -> tuple[Any, Any]:
        import numpy as np

        faiss: Any = import_module("faiss")
        if not gone:
            scores, places = self._index.search(steps[None], number)
        else:
            there = np.ones(self._index.ntotal, bool)
            there[gone] = False
            bits = np.packbits(there, bitorder="little")
            selected = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(len(there), faiss.swig_ptr(bits)))
            scores, places = self._index.search(steps[None], number, params=selected)
        found = places[0] >= 0
        return scores[0][found], places[0][found]


def _new_scan(length: int) -> _NumpyScan | _FaissScan:
    return _FaissScan(length) if find_spec("faiss") else _NumpyScan(length)


def unit_rows(vectors: Sequence[bytes]) -> Any:
    """Return vectors of a signed byte a number as float32 rows of length 1."""
    # Loaded by the first who asks: the web process needs it for nothing else.
    import numpy as np

    if not vectors:
        return np.empty((0, 0), np.float32)
    rows = np.frombuffer(b"".join(vectors), dtype=np.int8).reshape(len(vectors), -1).astype(np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return rows / np.maximum(lengths, 1e-9)[:, None]


def _product(rows: Any, target: Any) -> Any:
    import numpy as np

    return np.einsum("ij,j->i", rows, target)
