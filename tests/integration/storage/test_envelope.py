"""Credentials at rest: the envelope, the keys, and their rotation."""

import base64
import json
import stat
import threading
from pathlib import Path

import pytest

from scopix_server.domain.errors import ServiceUnavailable
from scopix_server.storage.envelope import EnvelopeVault
from scopix_server.storage.keyring import KeyRing

SECRET = b"a secret of somebody's"
KEY, OTHER_KEY = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))


def test_what_was_sealed_opens_for_its_purpose_only(tmp_path: Path) -> None:
    vault = EnvelopeVault(KeyRing("", tmp_path / "keys"))
    sealed, key_id = vault.seal(SECRET, "row 1")
    assert vault.open(sealed, "row 1") == SECRET
    assert SECRET.decode() not in sealed
    assert key_id in sealed
    assert vault.seal(SECRET, "row 1")[0] != sealed
    with pytest.raises(ServiceUnavailable):
        vault.open(sealed, "row 2")


@pytest.mark.parametrize("part", ["key", "content"])
def test_a_changed_text_does_not_open(tmp_path: Path, part: str) -> None:
    vault = EnvelopeVault(KeyRing(KEY, tmp_path / "keys"))
    sealed = json.loads(vault.seal(SECRET, "row")[0])
    bytes_of = bytearray(base64.b64decode(sealed[part]))
    bytes_of[-1] ^= 1
    for damaged in ({**sealed, part: base64.b64encode(bytes_of).decode()}, {**sealed, part: "!"}, {"v": 1}, []):
        with pytest.raises(ServiceUnavailable, match="cannot be read"):
            vault.open(json.dumps(damaged), "row")


def test_the_key_file_is_made_once_and_for_one_user(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.append(KeyRing("", path).current().id)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["keys"]


def test_another_servers_key_is_missed_by_name(tmp_path: Path) -> None:
    sealed, key_id = EnvelopeVault(KeyRing(KEY, tmp_path / "keys")).seal(SECRET, "row")
    with pytest.raises(ServiceUnavailable, match=key_id) as caught:
        EnvelopeVault(KeyRing(OTHER_KEY, tmp_path / "keys")).open(sealed, "row")
    assert KEY not in caught.value.message


def test_a_rotation_by_the_file_is_seen_by_those_who_run(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    running = EnvelopeVault(KeyRing("", path))
    sealed, old = running.seal(SECRET, "row")
    ring = KeyRing("", path)
    ring.add()
    # Both are readable, and what is sealed from now on is sealed with the new one.
    assert running.open(sealed, "row") == SECRET
    assert running.seal(SECRET, "row")[1] != old
    resealed, new = EnvelopeVault(ring).reseal(sealed, "row")
    assert new != old
    # The secret itself was not encrypted again: only its key.
    assert json.loads(resealed)["content"] == json.loads(sealed)["content"]
    ring.keep_first()
    assert running.open(resealed, "row") == SECRET
    with pytest.raises(ServiceUnavailable, match=old):
        running.open(sealed, "row")


def test_a_rotation_by_the_setting(tmp_path: Path) -> None:
    sealed, _ = EnvelopeVault(KeyRing(KEY, tmp_path / "keys")).seal(SECRET, "row")
    both = EnvelopeVault(KeyRing(f"{OTHER_KEY},{KEY}", tmp_path / "keys"))
    resealed, _ = both.reseal(sealed, "row")
    assert EnvelopeVault(KeyRing(OTHER_KEY, tmp_path / "keys")).open(resealed, "row") == SECRET
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("words", ["short", base64.b64encode(b"x" * 31).decode(), "not base64 at all!", f"{KEY},x"])
def test_a_setting_that_is_no_key_is_refused_without_repeating_it(tmp_path: Path, words: str) -> None:
    with pytest.raises(ValueError, match="32 random bytes") as caught:
        KeyRing(words, tmp_path / "keys")
    assert words not in str(caught.value)
    assert KEY not in repr(KeyRing(KEY, tmp_path).current())
