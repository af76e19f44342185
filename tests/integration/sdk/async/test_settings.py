"""A bucket of one's own: what is sent, what comes back, what is told of a refusal, and what is printed nowhere."""

import json
import logging

import pytest

from scopix import RateLimitError, ScopixPermissionError, ValidationError
from tests.integration.sdk.faulty_server import json_reply, problem

PATH = "/api/v2/tenant/s3-config"
KEY_ID, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
STATUS = {
    "configured": True,
    "bucket_name": "photos",
    "region": "us-east-1",
    "configured_at": "2026-01-02T03:04:05+00:00",
    "is_validated": True,
    "error": None,
    "endpoint_url": None,
    "invented_by_a_newer_server": 1,
}


async def configure(client, **more):
    return await client.settings.configure_custom_s3(
        access_key_id=KEY_ID, secret_access_key=SECRET, bucket_name="photos", region="us-east-1", **more
    )


async def test_configuring(server, client):
    server.routes[f"POST {PATH}"] = json_reply(STATUS)
    status = await configure(client)
    assert (status.configured, status.bucket_name, status.is_validated) == (True, "photos", True)
    assert status.configured_at == "2026-01-02T03:04:05+00:00"
    assert json.loads(server.seen[0].body) == {
        "access_key_id": KEY_ID,
        "secret_access_key": SECRET,
        "bucket_name": "photos",
        "region": "us-east-1",
    }


async def test_configuring_another_store(server, client):
    server.routes[f"POST {PATH}"] = json_reply({**STATUS, "endpoint_url": "https://s3.example"})
    status = await configure(client, endpoint_url="https://s3.example", force_path_style=False)
    sent = json.loads(server.seen[0].body)
    assert (sent["endpoint_url"], sent["force_path_style"]) == ("https://s3.example", False)
    assert status.endpoint_url == "https://s3.example"


async def test_asking_validating_removing(server, client):
    server.routes |= {
        f"GET {PATH}": json_reply({"configured": False, "bucket_name": None}),
        f"POST {PATH}/validate": json_reply({"valid": False, "bucket_name": "photos", "region": "x", "error": "gone"}),
        f"DELETE {PATH}": json_reply({"removed": True, "message": "The custom storage was removed."}),
    }
    assert not (await client.settings.get_custom_s3_status()).configured
    validation = await client.settings.validate_custom_s3()
    assert (validation.valid, validation.error) == (False, "gone")
    assert await client.settings.remove_custom_s3() == {"removed": True, "message": "The custom storage was removed."}
    assert [seen.body for seen in server.seen] == [b"", b"", b""]


async def test_refusals_are_told_apart_and_not_repeated(server, client, caplog):
    caplog.set_level(logging.DEBUG)
    refusals = [
        (problem(422, "VALIDATION_ERROR", "There is no bucket 'photos'."), ValidationError),
        (problem(403, "AUTHZ_ERROR"), ScopixPermissionError),
        (problem(429, "RATE_LIMIT_ERROR"), RateLimitError),
    ]
    for answer, kind in refusals:
        server.faults += [answer]
        with pytest.raises(kind) as caught:
            await configure(client)
        error = caught.value
        assert SECRET not in repr((error, error.args, error.details, str(error)))
    assert len(server.seen) == 3
    assert SECRET not in caplog.text
    assert KEY_ID not in caplog.text
