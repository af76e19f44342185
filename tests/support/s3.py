"""A real S3 server (SeaweedFS) in a process of its own: buckets, identities with chosen rights, and what is in them."""

import json
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import botocore.exceptions
from botocore.config import Config

from scopix_server.domain.storage import BucketAddress, S3Credentials
from scopix_server.outgoing.addresses import AddressGuard
from scopix_server.outgoing.http import OutgoingHttp
from scopix_server.storage.s3 import S3Store
from scopix_server.storage.spool import Spool

START_SECONDS = 90
REGION = "us-east-1"
READ, WRITE, LIST = "Read", "Write", "List"


@dataclass(frozen=True)
class Identity:
    """Somebody the S3 server knows."""

    access_key_id: str
    secret_access_key: str


def new_identity(name: str) -> Identity:
    """Random keys of the lengths that the big clouds give."""
    return Identity(f"AK{name.upper()[:6]}{secrets.token_hex(6).upper()}", secrets.token_urlsafe(30))


class S3Server:
    """`weed server -s3` on free ports of this machine. Identities: `admin`, `reader`, `writer` (which may not read).

    `server` is the one of servers whose own store is a bucket: its key's id stands in the links that they give out.
    """

    def __init__(self) -> None:
        self.admin, self.reader, self.writer = (new_identity(name) for name in ("admin", "reader", "writer"))
        self.server = new_identity("server")
        self.endpoint = ""
        self._folder = Path(tempfile.mkdtemp(prefix="scopix-s3-"))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "S3Server":
        """Start it and return once it answers."""
        # Somebody may take one of its ports in the seconds before it does.
        for _ in range(4):
            self._launch()
            if self._answers():
                return self
            self._end()
        raise AssertionError((self._folder / "weed.log").read_text()[-3000:])

    def _launch(self) -> None:
        shutil.rmtree(self._folder / "data", ignore_errors=True)
        (self._folder / "data").mkdir()
        ports = _free_ports(8)
        names = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")
        self.endpoint = f"http://127.0.0.1:{ports[6]}"
        identities = self._folder / "identities.json"
        identities.write_text(json.dumps({"identities": self._identities()}))
        # One volume for each bucket at first: there are many buckets, with next to nothing in them.
        (self._folder / "master.toml").write_text("[master.volume_growth]\ncopy_1 = 1\n")
        command = [str(Path(sys.executable).with_name("weed")), "server", f"-dir={self._folder / 'data'}", "-s3"]
        command += [f"-{name}={port}" for name, port in zip(names, ports, strict=False)]
        command += [
            f"-s3.port={ports[6]}",
            f"-s3.port.grpc={ports[7]}",
            f"-s3.config={identities}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
        ]
        command += [
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.autoCreateBucket=false",
            "-master.volumeSizeLimitMB=128",
            "-volume.max=2000",
        ]
        with (self._folder / "weed.log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder)

    def _answers(self) -> bool:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self.client().list_buckets()
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
                time.sleep(0.2)
            else:
                return True
        return False

    def stop(self) -> None:
        """Stop it and forget everything in it."""
        self._end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def client(self, identity: Identity | None = None) -> Any:
        """A boto3 client, of the admin by default."""
        who = identity or self.admin
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=who.access_key_id,
            aws_secret_access_key=who.secret_access_key,
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )

    def new_bucket(self) -> str:
        """Make a bucket of a fresh name."""
        name = f"b-{secrets.token_hex(6)}"
        self.client().create_bucket(Bucket=name)
        return name

    def delete_bucket(self, bucket: str) -> None:
        """Delete a bucket with all that is in it."""
        client = self.client()
        for key in self.keys(bucket):
            client.delete_object(Bucket=bucket, Key=key)
        client.delete_bucket(Bucket=bucket)

    def keys(self, bucket: str) -> list[str]:
        """The keys of all objects of a bucket."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return sorted(item["Key"] for page in pages for item in page.get("Contents", []))

    def read(self, bucket: str, key: str) -> bytes:
        """The bytes of an object."""
        body: bytes = self.client().get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def unfinished_uploads(self, bucket: str) -> int:
        """How many multipart uploads were begun and neither completed nor aborted."""
        return len(self.client().list_multipart_uploads(Bucket=bucket).get("Uploads", []))

    def _identities(self) -> list[dict[str, Any]]:
        everything = ["Admin", "Read", "Write", "List", "Tagging"]
        rights = {"admin": everything, "server": everything, "reader": ["Read", "List"], "writer": ["Write"]}
        return [
            {
                "name": name,
                "credentials": [{"accessKey": who.access_key_id, "secretKey": who.secret_access_key}],
                "actions": rights[name],
            }
            for name, who in (
                ("admin", self.admin),
                ("server", self.server),
                ("reader", self.reader),
                ("writer", self.writer),
            )
        ]


@contextmanager
def open_store(server: S3Server, bucket: str, folder: Path, identity: Identity | None = None) -> Iterator[S3Store]:
    """A store of ours in one of the server's buckets, as a tenant would have it."""
    who = identity or server.admin
    http = OutgoingHttp(AddressGuard(["127.0.0.1"]))
    address = BucketAddress(bucket, REGION, server.endpoint)
    yield S3Store(address, S3Credentials(who.access_key_id, who.secret_access_key), http, Spool(folder, sync=False))
    http.close()


def _free_ports(number: int) -> list[int]:
    """Ports below those that the system gives to whoever asks for any, so that nobody is given them meanwhile."""
    found: set[int] = set()
    while len(found) < number:
        port = 12_000 + secrets.randbelow(20_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.add(port)
    return list(found)
