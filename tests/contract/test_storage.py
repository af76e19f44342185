"""What every store promises, held against each of them."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scopix_server.domain.ports import BlobStore
from scopix_server.storage.keys import check_key
from scopix_server.storage.local import LocalStore
from scopix_server.storage.memory import MemoryStore
from tests.support.s3 import S3Server, open_store

LOCAL: dict[str, Callable[[Path], BlobStore]] = {
    "memory": lambda _folder: MemoryStore(),
    "local": lambda folder: LocalStore(folder),
    "local without fsync": lambda folder: LocalStore(folder, durability="none"),
}
KEY = "tenant/ab/file/original.png"


@pytest.fixture(params=[*LOCAL, "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    if request.param in LOCAL:
        yield LOCAL[request.param](tmp_path / "store")
        return
    server: S3Server = request.getfixturevalue("s3_server")
    bucket = server.new_bucket()
    with open_store(server, bucket, tmp_path / "store") as opened:
        yield opened
        assert server.unfinished_uploads(bucket) == 0


def write(store: BlobStore, key: str, *chunks: bytes) -> None:
    writer = store.open_writer()
    for chunk in chunks:
        writer.write(chunk)
    writer.commit(key)


def test_what_was_committed_is_read_back(store: BlobStore) -> None:
    write(store, KEY, b"one ", b"", b"two")
    assert store.read(KEY) == b"one two"
    with store.local_path(KEY) as path:
        assert path.read_bytes() == b"one two"


def test_a_part_of_an_object_is_read_alone(store: BlobStore) -> None:
    store.put(KEY, b"0123456789")
    assert store.read_range(KEY, 3, 4) == b"3456"
    assert store.read_range(KEY, 8, 100) == b"89"
    with pytest.raises(FileNotFoundError):
        store.read_range("tenant/ab/file/none", 0, 1)


def test_a_file_is_stored_and_replaces_what_was_there(store: BlobStore, tmp_path: Path) -> None:
    store.put(KEY, b"old")
    (tmp_path / "made").write_bytes(b"new" * 1_000_000)
    store.put_file(KEY, tmp_path / "made")
    assert store.read(KEY) == b"new" * 1_000_000
    assert (tmp_path / "made").exists()


def test_an_empty_object_is_an_object(store: BlobStore) -> None:
    write(store, KEY)
    assert store.read(KEY) == b""


def test_nothing_is_visible_before_the_commit(store: BlobStore) -> None:
    writer = store.open_writer()
    writer.write(b"half")
    with pytest.raises(FileNotFoundError):
        store.read(KEY)
    writer.abort()


def test_an_aborted_write_leaves_nothing(store: BlobStore, tmp_path: Path) -> None:
    writer = store.open_writer()
    writer.write(b"half")
    writer.abort()
    writer.abort()
    with pytest.raises(FileNotFoundError):
        store.read(KEY)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_an_abort_after_the_commit_does_nothing(store: BlobStore) -> None:
    writer = store.open_writer()
    writer.write(b"whole")
    writer.commit(KEY)
    writer.abort()
    assert store.read(KEY) == b"whole"


def test_what_was_written_can_be_lent_before_it_is_stored(store: BlobStore, tmp_path: Path) -> None:
    writer = store.open_writer()
    writer.write(b"one ")
    writer.write(b"two")
    writer.seal()
    with writer.lend() as path:
        assert path.read_bytes() == b"one two"
    writer.abort()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_lent_object_leaves_nothing_behind(store: BlobStore, tmp_path: Path) -> None:
    store.put(KEY, b"x" * 100)
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    with store.local_path(KEY):
        pass
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == before


def test_it_answers_for_itself(store: BlobStore) -> None:
    store.check()
    assert store.commits_at_once >= 1
    free = store.free_bytes()
    assert free is None or free > 0


def test_put_replaces(store: BlobStore) -> None:
    store.put(KEY, b"old")
    store.put(KEY, b"new")
    assert store.read(KEY) == b"new"


def test_a_missing_object_is_told(store: BlobStore) -> None:
    with pytest.raises(FileNotFoundError):
        store.read(KEY)
    with pytest.raises(FileNotFoundError), store.local_path(KEY):
        pass


def test_deleting_removes_one_object_and_may_be_repeated(store: BlobStore) -> None:
    other = "tenant/ab/file/small_256.jpg"
    store.put(KEY, b"a")
    store.put(other, b"b")
    store.delete(KEY)
    store.delete(KEY)
    assert store.read(other) == b"b"
    with pytest.raises(FileNotFoundError):
        store.read(KEY)


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../a", "a/../b", "a/./b", "a//b", ".hidden", "a/.b", "a\\b", "a b", "ü"]
)
def test_a_key_the_server_would_not_make_is_refused(store: BlobStore, key: str) -> None:
    for act in (lambda: store.put(key, b"x"), lambda: store.read(key), lambda: store.delete(key)):
        with pytest.raises(ValueError, match="not an object key"):
            act()


def test_writers_do_not_disturb_each_other(store: BlobStore) -> None:
    keys = [f"tenant/ab/file{number}/original.png" for number in range(20)]

    def work(key: str) -> None:
        write(store, key, *(key.encode() for _ in range(50)))
        if key.endswith("7/original.png"):
            store.delete(key)

    threads = [threading.Thread(target=work, args=[key]) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for key in keys:
        if not key.endswith("7/original.png"):
            assert store.read(key) == key.encode() * 50


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(chunks=st.lists(st.binary(max_size=5000), max_size=8))
def test_any_chunks_come_back_joined(store: BlobStore, chunks: list[bytes]) -> None:
    write(store, KEY, *chunks)
    assert store.read(KEY) == b"".join(chunks)


@given(st.text(max_size=40))
def test_no_accepted_key_leaves_the_store(text: str) -> None:
    try:
        key = check_key(text)
    except ValueError:
        return
    root = Path("/srv/store")
    assert (root / key).resolve().is_relative_to(root)


def test_the_local_store_sweeps_what_a_crash_left(tmp_path: Path) -> None:
    crashed = LocalStore(tmp_path).open_writer()
    crashed.write(b"half")
    store = LocalStore(tmp_path)
    now = datetime.now(UTC)
    assert store.sweep(now - timedelta(hours=1)) == 0
    assert store.sweep(now + timedelta(seconds=1)) == 1
    assert store.sweep() == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    crashed.abort()


def test_objects_are_listed_by_their_folder(store: BlobStore) -> None:
    before = datetime.now(UTC)
    keys = ["a/b/one.png", "a/b/c/two.png", "a/bc/three.png", "d/four.png"]
    for number, key in enumerate(keys):
        store.put(key, b"x" * number)
    half = store.open_writer()
    half.write(b"not there yet")
    found = {one.key: one for one in store.list("a/b")}
    assert set(found) == {"a/b/one.png", "a/b/c/two.png"}
    assert found["a/b/c/two.png"].size_bytes == 1
    assert abs((found["a/b/one.png"].modified_at - before).total_seconds()) < 60
    assert {one.key for one in store.list("")} == set(keys)
    assert list(store.list("nowhere")) == []
    store.delete("a/b/one.png")
    assert {one.key for one in store.list("a/b")} == {"a/b/c/two.png"}
    half.abort()


def test_objects_may_be_removed_while_they_are_listed(store: BlobStore) -> None:
    keys = {f"tenant/{number % 7:02}/file{number}/original.png" for number in range(60)}
    for key in keys:
        store.put(key, b"x")
    met = []
    for item in store.list("tenant"):
        met.append(item.key)
        for key in (item.key, *sorted(keys - set(met))[:2]):
            store.delete(key)
    assert len(set(met)) == len(met)
    assert set(met) <= keys
    assert len(met) >= len(keys) // 3
    assert list(store.list("tenant")) == []
