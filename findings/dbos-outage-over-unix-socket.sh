#!/usr/bin/env bash
# DBOS waits through an outage of PostgreSQL that is reached by an address, and not of one reached by a Unix socket.
#
# dbos 3.4.0, psycopg 3.3.9, SQLAlchemy 2.1.9, Linux.
#
# `db_retry` of DBOS repeats an operation for as long as the database is away. It knows a refused connection by the
# words "connection failed" in the driver's message. psycopg says "connection failed: ..." when it was given an address
# to try, but "connection is bad: ..." when the server's Unix socket is not there; neither has an SQLSTATE. So with
# `host=/var/run/postgresql` the first connection attempt during a restart of the database ends the workflow with an
# error, where over TCP it pauses and goes on. Marking the error as a lost connection (`is_disconnect` in SQLAlchemy's
# `handle_error` event) makes it pause there as well.
#
# Output seen:
#   address: connection failed -> retried: True
#   unix socket: connection is bad -> retried: False
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dbos==3.4.0 "psycopg[binary]==3.3.9" sqlalchemy==2.1.9 2>/dev/null
"$folder/venv/bin/python" - "$folder" <<'PYTHON' | tee "$folder/output"
import sys

import sqlalchemy
from dbos._utils import retriable_postgres_exception

for name, place in [("address", "127.0.0.1:1/d"), ("unix socket", f"/d?host={sys.argv[1]}")]:
    try:
        sqlalchemy.create_engine(f"postgresql+psycopg://u:p@{place}").connect()
    except sqlalchemy.exc.OperationalError as error:
        words = str(error.orig).split(":")[0]
        print(f"{name}: {words} -> retried: {retriable_postgres_exception(error)}")
PYTHON
diff "$folder/output" - <<'EXPECTED'
address: connection failed -> retried: True
unix socket: connection is bad -> retried: False
EXPECTED
