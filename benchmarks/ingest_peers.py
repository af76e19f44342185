"""What `ingest.py` compares the way in with: small servers that do less. They need no Scopix.

    python benchmarks/ingest_peers.py plain|durable|hash PORT FOLDER

- plain: FastAPI's `UploadFile`, SHA-256, a file in a folder, a row in SQLite in WAL mode; nothing is forced to disk.
- durable: the same, with the file and its folder forced to disk and `synchronous=FULL`.
- hash: a bare ASGI application that hashes the body and keeps nothing.

fastapi, uvicorn, uvloop, httptools and python-multipart are needed, in an environment of their own: python-multipart
and multipart, which Scopix uses, are two packages with modules of one name.
"""

import hashlib
import os
import sqlite3
import sys
import threading
import uuid
from pathlib import Path
from typing import Any

import uvicorn


def storing(folder: Path, *, durable: bool) -> Any:
    """Return the application that stores each file and writes a row for it."""
    from fastapi import FastAPI, UploadFile

    app = FastAPI()
    database = sqlite3.connect(folder / "files.db", check_same_thread=False)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
    database.execute("CREATE TABLE files (id TEXT PRIMARY KEY, name TEXT, size INTEGER, sha256 TEXT)")
    lock = threading.Lock()

    def store(upload: UploadFile) -> tuple[str, str, int, str]:
        digest, size, file_id = hashlib.sha256(), 0, str(uuid.uuid4())
        with (folder / file_id).open("xb", buffering=0) as stored:
            while chunk := upload.file.read(1024 * 1024):
                digest.update(chunk)
                stored.write(chunk)
                size += len(chunk)
            if durable:
                os.fsync(stored.fileno())
        return file_id, upload.filename or "", size, digest.hexdigest()

    def keep(uploads: list[UploadFile]) -> list[str]:
        rows = [store(upload) for upload in uploads]
        if durable:
            descriptor = os.open(folder, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)
        with lock, database:
            database.executemany("INSERT INTO files VALUES (?, ?, ?, ?)", rows)
        return [row[0] for row in rows]

    @app.post("/upload", status_code=201)
    def upload(file: UploadFile) -> list[str]:
        return keep([file])

    @app.post("/upload/batch", status_code=201)
    def upload_batch(files: list[UploadFile]) -> list[str]:
        return keep(files)

    return app


async def hashing(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Hash a body."""
    if scope["type"] != "http":
        return
    digest, more = hashlib.sha256(), True
    while more:
        message = await receive()
        digest.update(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"64")]})
    await send({"type": "http.response.body", "body": digest.hexdigest().encode()})


def main() -> None:
    """Serve until the process is ended."""
    kind, port, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    app = hashing if kind == "hash" else storing(folder, durable=kind == "durable")
    uvicorn.run(app, port=port, loop="uvloop", http="httptools", log_level="warning", access_log=False, lifespan="off")


if __name__ == "__main__":
    main()
