"""`scopix settings s3`: a bucket of one's own; its secret is never an argument, and goes nowhere."""

import json
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.inprocess import InProcessServer
from tests.support.s3 import REGION, S3Server
from tests.support.waiting import wait_until

KEY_ID, SECRET = "SCOPIX_CUSTOM_S3_ACCESS_KEY_ID", "SCOPIX_CUSTOM_S3_SECRET_ACCESS_KEY"


@pytest.fixture(autouse=True)
def nothing_configured(real: Any) -> Iterator[None]:
    yield
    real("settings", "s3", "remove", "--yes")


def set_bucket(s3: S3Server, bucket: str, *more: str) -> tuple[str, ...]:
    return ("settings", "s3", "set", bucket, "--region", REGION, "--endpoint", s3.endpoint, *more)


def test_a_bucket_is_set_shown_tried_and_removed(real: Any, s3_server: S3Server) -> None:
    bucket, who = s3_server.new_bucket(), s3_server.admin
    none = real("settings", "s3", "show")
    assert (none.exit_code, none.stdout) == (0, "no bucket is configured\n")
    done = real(*set_bucket(s3_server, bucket), **{KEY_ID: who.access_key_id, SECRET: who.secret_access_key})
    assert done.exit_code == 0, done.output
    assert bucket in done.stdout
    assert "can be used" in done.stdout
    shown = json.loads(real("settings", "s3", "show", "--json").stdout)
    assert (shown["bucket_name"], shown["region"], shown["is_validated"]) == (bucket, REGION, True)
    assert real("settings", "s3", "validate").stdout == f"{bucket} can be written, read and deleted from\n"
    s3_server.delete_bucket(bucket)
    failed = real("settings", "s3", "validate")
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert f"There is no bucket '{bucket}'" in failed.stderr
    assert json.loads(real("settings", "s3", "validate", "--json").stdout)["valid"] is False
    asked = real("settings", "s3", "remove")
    assert (asked.exit_code, "--yes" in asked.stderr) == (2, True)
    assert json.loads(real("settings", "s3", "remove", "--yes", "--json").stdout)["removed"] is True
    everything = "".join(result.output for result in (none, done, failed, asked))
    assert who.secret_access_key not in everything
    assert who.access_key_id not in everything


def test_the_secret_comes_from_standard_input(real: Any, s3_server: S3Server) -> None:
    bucket, who = s3_server.new_bucket(), s3_server.reader
    words = set_bucket(s3_server, bucket, "--access-key-id", who.access_key_id, "--secret-stdin")
    refused = real(*words, stdin=f"{who.secret_access_key}\n")
    assert refused.exit_code == 1
    assert "write (s3:PutObject)" in " ".join(refused.stderr.split()) or "may not write" in refused.stderr
    assert who.secret_access_key not in refused.output
    empty = real(*words, stdin="")
    assert (empty.exit_code, "empty" in empty.stderr) == (2, True)


def test_a_secret_on_the_command_line_is_refused(real: Any, s3_server: S3Server) -> None:
    words = set_bucket(s3_server, "any-bucket", "--access-key-id", "AKIAIOSFODNN7EXAMPLE")
    given = real(*words, "--secret-access-key", "seen-by-everybody")
    assert given.exit_code == 2
    assert "can be seen by others" in given.stderr
    assert "seen-by-everybody" not in given.output
    nobody = real(*words)
    assert nobody.exit_code == 2
    assert "nobody can be asked" in nobody.stderr


def test_it_is_asked_for_and_not_shown(s3_server: S3Server, scopix_server: InProcessServer) -> None:
    bucket, who = s3_server.new_bucket(), s3_server.admin
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SCOPIX_")}
    environment |= {"SCOPIX_API_KEY": scopix_server.api_key, "SCOPIX_BASE_URL": scopix_server.base_url}
    master, slave = pty.openpty()
    command = [str(Path(sys.executable).with_name("scopix")), *set_bucket(s3_server, bucket)]
    streams = {"stdin": slave, "stdout": slave, "stderr": slave}
    program = subprocess.Popen(command, env=environment, start_new_session=True, **streams)  # type: ignore[call-overload]
    os.close(slave)
    seen = b""
    for prompt, answer in ((b"Access key id", who.access_key_id), (b"Secret access key", who.secret_access_key)):
        while prompt not in seen and (chunk := read(master)):
            seen += chunk
        if answer == who.secret_access_key:
            # The program asks before it hushes the terminal, which forgets what was typed until then.
            wait_until(lambda: not termios.tcgetattr(master)[3] & termios.ECHO)
        os.write(master, f"{answer}\n".encode())
    while chunk := read(master):
        seen += chunk
    os.close(master)
    assert program.wait(timeout=60) == 0, seen
    assert b"can be used" in seen
    assert who.secret_access_key.encode() not in seen


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the program has gone
        return b""
