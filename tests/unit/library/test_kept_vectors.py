"""Vectors kept in memory: the same answers as comparing everything, whatever changed, with faiss and without."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from scopix_server.domain.embedding import ChangedVector
from scopix_server.library import kept_vectors
from scopix_server.library.kept_vectors import KeptVectors
from scopix_server.library.nearest import nearest

LENGTH = 256
MANY = 10**9


class Rows:
    """As the database has them: each change has a number, and replaces all of a file's."""

    kind = "test"

    def __init__(self) -> None:
        self.kept: list[ChangedVector] = []
        self.sequence = 0
        self.read = 0

    def put(self, file_id: str, *vectors: bytes) -> None:
        self.sequence += 1
        self.kept = [row for row in self.kept if row.file_id != file_id]
        self.kept += [ChangedVector(self.sequence, file_id, n, n + 1, vector) for n, vector in enumerate(vectors)]

    def latest(self, tenant_id: str) -> int:
        return self.sequence

    def changes(self, tenant_id: str, after: int) -> Iterator[Sequence[ChangedVector]]:
        newer = sorted((row for row in self.kept if row.sequence > after), key=lambda row: row.sequence)
        self.read += len(newer)
        for start in range(0, len(newer), 7):  # a file's may be in two portions
            yield newer[start : start + 7]

    def these(self, places: Sequence[tuple[str, int]]) -> Sequence[ChangedVector]:
        return [row for row in self.kept if (row.file_id, row.number) in set(places)]


@pytest.fixture(params=["numpy", "faiss"])
def scan(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "faiss":
        pytest.importorskip("faiss")
    else:
        monkeypatch.setattr(kept_vectors, "find_spec", lambda _: None)
    return str(request.param)


@pytest.fixture
def chance() -> np.random.Generator:
    return np.random.default_rng(5)


def packed(row: np.ndarray) -> bytes:
    return np.rint(row / np.abs(row).max() * 127).astype(np.int8).tobytes()


def made(chance: np.random.Generator, number: int = 1) -> list[bytes]:
    return [packed(row) for row in chance.normal(0, 1, (number, LENGTH))]


def cosine(one: bytes, other: bytes) -> float:
    a, b = (np.frombuffer(vector, np.int8).astype(float) for vector in (one, other))
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def truth(rows: Rows, query: bytes, floor: float, shown: set[str] | None = None) -> list[str]:
    best: dict[str, float] = {}
    for row in rows.kept:
        if shown is None or row.file_id in shown:
            best[row.file_id] = max(best.get(row.file_id, -1.0), cosine(query, row.vector))
    return sorted((name for name, score in best.items() if score >= floor), key=lambda name: (-best[name], name))


def found(
    kept: KeptVectors, rows: Rows, query: bytes, floor: float = 0.0, limit: int = 20, shown: set[str] | None = None
):
    accepted = (lambda ids: set(ids)) if shown is None else (lambda ids: set(ids) & shown)
    return [each.file_id for each in nearest(kept, rows, "one", query, limit=limit, floor=floor, accepted=accepted)]


def test_the_same_as_comparing_everything(scan: str, chance: np.random.Generator) -> None:
    rows, kept = Rows(), KeptVectors(MANY)
    for number in range(400):
        rows.put(f"f{number}", *made(chance, int(chance.integers(1, 4))))
    for query in made(chance, 5):
        assert found(kept, rows, query) == truth(rows, query, 0.0)[:20]
        assert found(kept, rows, query, floor=0.25, limit=500) == truth(rows, query, 0.25)
    assert rows.read == len(rows.kept)


def test_only_what_changed_is_read_again(scan: str, chance: np.random.Generator) -> None:
    rows, kept = Rows(), KeptVectors(MANY)
    for number in range(60):
        rows.put(f"f{number}", *made(chance, 2))
    (query,) = made(chance)
    found(kept, rows, query)
    rows.read = 0
    rows.put("f7", query)
    rows.put("new", *made(chance, 3))
    assert found(kept, rows, query) == truth(rows, query, 0.0)[:20]
    assert found(kept, rows, query)[0] == "f7" and rows.read == 4
    rows.put("f7", packed(-np.frombuffer(query, np.int8).astype(float)))
    assert "f7" not in found(kept, rows, query)


def test_however_few_may_be_shown_none_is_missed(scan: str, chance: np.random.Generator) -> None:
    rows, kept = Rows(), KeptVectors(MANY)
    for number in range(1500):
        rows.put(f"f{number}", *made(chance))
    (query,) = made(chance)
    shown = {f"f{number}" for number in range(0, 1500, 97)}
    assert found(kept, rows, query, floor=-1.0, shown=shown) == truth(rows, query, -1.0, shown)


def test_what_has_one_large_number_is_kept_in_wider_steps(scan: str, chance: np.random.Generator) -> None:
    rows, kept = Rows(), KeptVectors(MANY)
    for number in range(50):
        rows.put(f"f{number}", *made(chance))
    (query,) = made(chance)
    found(kept, rows, query)
    single = np.zeros(LENGTH)
    single[3] = 1.0
    rows.put("single", packed(single))
    assert found(kept, rows, packed(single))[0] == "single"
    assert found(kept, rows, query) == truth(rows, query, 0.0)[:20]


@pytest.mark.parametrize("memory", [0, 10_000])
def test_what_does_not_fit_into_memory_is_read_each_time(memory: int, chance: np.random.Generator) -> None:
    rows, kept = Rows(), KeptVectors(memory)
    for number in range(40):
        rows.put(f"f{number}", *made(chance))
    (query,) = made(chance)
    for _ in range(2):
        assert found(kept, rows, query, limit=5) == truth(rows, query, 0.0)[:5]


def test_after_an_hour_what_was_removed_is_in_memory_no_more(scan: str, chance: np.random.Generator) -> None:
    time = [0.0]
    rows, kept = Rows(), KeptVectors(MANY, clock=lambda: time[0])
    for number in range(10):
        rows.put(f"f{number}", *made(chance))
    (query,) = made(chance)
    found(kept, rows, query)
    rows.kept, rows.read, time[0] = rows.kept[:5], 0, 3601.0
    assert found(kept, rows, query, floor=-1.0) == truth(rows, query, -1.0)
    assert rows.read == 5


def test_vectors_of_another_length_are_left_out(scan: str, chance: np.random.Generator) -> None:
    rows, kept = Rows(), KeptVectors(MANY)
    rows.put("short", bytes(8))
    rows.put("right", *made(chance))
    assert found(kept, rows, rows.kept[1].vector) in (["right"], [])
    assert found(kept, Rows(), rows.kept[1].vector) == []
