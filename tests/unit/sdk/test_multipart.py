"""The framing of uploads, read back by Python's mail parser."""

import os
from email import message_from_bytes
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scopix import UploadError
from scopix._multipart import CHUNK_BYTES, BytesSource, FilePart, FileSource, FormBody, escape_quoted

# What may stand in a field: the framing sends UTF-8, which has no lone surrogates.
texts = st.text(st.characters(exclude_categories=["Cs"]))


def sent(body: FormBody) -> list[bytes]:
    opened, chunks = body.open(), []
    while not opened.finished:
        chunks.append(opened.read())
    assert opened.read() == b""
    opened.close()
    return chunks


def form(source: BytesSource | FileSource, *, fields=(), filename="a.png") -> FormBody:
    return FormBody(list(fields), [FilePart(source, filename, "image/png")])


def parts(body: FormBody):
    return message_from_bytes(
        f"Content-Type: {body.content_type}\r\n\r\n".encode() + b"".join(sent(body))
    ).get_payload()


@given(st.binary(max_size=200), st.lists(st.tuples(st.sampled_from("abc"), texts), max_size=4), texts)
def test_the_length_is_known_and_the_content_arrives(content, fields, filename):
    body = form(BytesSource(content), fields=fields, filename=filename)
    whole = b"".join(sent(body))
    assert len(whole) == body.length
    assert whole.count(body.boundary.encode()) == len(fields) + 2
    assert whole.startswith(f"--{body.boundary}\r\n".encode())
    assert whole.endswith(b"\r\n\r\n" + content + f"\r\n--{body.boundary}--\r\n".encode())
    for name, value in fields:
        assert f'name="{name}"\r\n\r\n{value}\r\n--'.encode() in whole


@given(texts)
def test_a_name_stays_inside_its_quotes(name):
    escaped = escape_quoted(name)
    assert not set(escaped) & set('"\r\n\\\0')
    if "%" not in name:
        assert unquote(escaped) == name


@given(st.text())
def test_any_name_that_a_file_can_have_is_framed(name):
    assert form(BytesSource(b"x"), filename=name).length > 0


@pytest.mark.parametrize("name", ['a".png', "a\\", 'x"; filename="y', "a\r\nX-Evil: 1\r\n\r\n.png", "ü—猫.png"])
def test_a_nasty_name_is_read_back_as_it_was(name):
    (part,) = parts(form(BytesSource(b"data"), filename=name))
    assert part.get_payload(decode=True) == b"data"
    assert list(part.keys()) == ["Content-Disposition", "Content-Type"]


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 7])
def test_a_file_is_sent_in_chunks_and_can_be_sent_again(tmp_path, size):
    path = tmp_path / "a.png"
    content = os.urandom(size)
    path.write_bytes(content)
    body = form(FileSource.measure(path))
    chunks = sent(body)
    assert max(len(chunk) for chunk in chunks) <= CHUNK_BYTES + 500
    assert b"".join(chunks) == b"".join(sent(body))
    assert content in b"".join(chunks)
    assert sum(map(len, chunks)) == body.length


@given(st.integers(-3, 3).filter(bool), st.integers(0, 2))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
def test_a_file_that_changes_while_it_is_sent_is_noticed(tmp_path: Path, change, read_before):
    path = tmp_path / "a.png"
    size = 2 * CHUNK_BYTES
    path.write_bytes(bytes(size))
    opened = form(FileSource.measure(path)).open()
    for _ in range(min(read_before, 1)):
        opened.read()
    with path.open("rb+") as file:
        file.truncate(size + change)
    with pytest.raises(UploadError, match="changed"):
        while not opened.finished:
            opened.read()
    opened.close()


def test_a_file_that_changed_between_two_sendings_is_noticed(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"one")
    body = form(FileSource.measure(path))
    sent(body)
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    with pytest.raises(UploadError, match="changed"):
        body.open()


def test_a_file_that_is_gone_is_told(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"one")
    body = form(FileSource.measure(path))
    path.unlink()
    with pytest.raises(UploadError, match=r"cannot read a\.png") as caught:
        body.open()
    assert caught.value.details == {"filename": "a.png", "stage": "upload"}


def test_names_that_are_no_utf_8_are_sent_without_their_odd_bytes() -> None:
    name = os.fsdecode(b"bad\xff.png")
    whole = b"".join(sent(form(BytesSource(b"x"), fields=[("path", name)], filename=name)))
    assert b'filename="bad?.png"' in whole and b"\r\n\r\nbad?.png\r\n" in whole
