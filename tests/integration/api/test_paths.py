"""Results join their inputs: where a client had a file is kept, and told wherever the file is."""

from pathlib import Path

import httpx2
import pytest

from scopix import SyncScopix, ValidationError
from tests.integration.api.conftest import Server
from tests.support.images import encoded, picture


@pytest.fixture
def client(server: Server):
    with SyncScopix(server.api_key, base_url=server.base_url, allow_insecure_http=True) as client:
        yield client


def test_a_path_is_kept_and_told_everywhere(http: httpx2.Client) -> None:
    sent = [("files", (f"{n}.png", encoded(picture(seed=900 + n)))) for n in range(2)]
    sent.append(("files", ("bad.png", b"no picture")))
    paths = ["2024/May/0.png", "C:\\..\\x\\1.png", "deep/bad.png"]
    batch = http.post("/files/upload/batch", files=sent, data={"path": paths, "auto_describe": "false"}).json()
    assert [one["path"] for one in batch["immediate_results"]] == ["2024/May/0.png", "x/1.png", "deep/bad.png"]
    assert batch["rejections"][0]["path"] == "deep/bad.png"
    session = f"/files/upload/sessions/{batch['session_id']}"
    listed = http.get(f"{session}/results")
    assert listed.status_code == 200, listed.text
    assert [one["path"] for one in listed.json()["results"]] == [
        "2024/May/0.png",
        "x/1.png",
        "deep/bad.png",
    ]
    assert http.get(session).json()["recent_errors"][0]["path"] == "deep/bad.png"
    image_id = batch["immediate_results"][0]["image_id"]
    assert http.get(f"/files/{image_id}").json()["path"] == "2024/May/0.png"
    assert http.get("/files", params={"ids": image_id}).json()["items"][0]["path"] == "2024/May/0.png"

    one = {"file": ("a.png", encoded(picture(seed=902)))}
    assert http.post("/files/upload", files=one, data={"path": "/a/./b.png"}).json()["path"] == "a/b.png"
    assert http.post("/files/upload", files=one).json()["path"] is None


def test_what_is_wrong_with_paths_and_names_is_told(http: httpx2.Client) -> None:
    image = encoded(picture(seed=903))
    two = [("files", ("a.png", image)), ("files", ("b.png", image))]
    refused = http.post("/files/upload/batch", files=two, data={"path": ["only-one.png"]})
    assert refused.status_code == 422 and "2 files and 1 fields named path" in refused.json()["error"]["message"]
    refused = http.post("/files/upload", files={"file": ("a.png", image)}, data={"path": "x" * 1025})
    assert (refused.status_code, refused.json()["error"]["details"]["field"]) == (422, "path")
    for form, message in (
        (
            {"files": {"image": ("a.png", image)}},
            "a file in a part named 'image'; files belong into parts named 'file'",
        ),
        ({"files": {"title": (None, "x")}}, "no part named 'file', which holds the file; it has 'title'"),
    ):
        refused = http.post("/files/upload", **form)
        assert refused.status_code == 400 and message in refused.json()["error"]["message"]


def test_tags_come_as_one_field_as_several_or_as_a_list(http: httpx2.Client) -> None:
    image = {"file": ("a.png", encoded(picture(seed=904)))}
    for tags in ("one,two", ["one", "two"], '["one", "two"]'):
        image_id = http.post("/files/upload", files=image, data={"tags": tags, "auto_describe": "false"}).json()[
            "image_id"
        ]
        assert http.get(f"/files/{image_id}").json()["tags"] == ["one", "two"], tags


def test_every_input_of_the_sdk_has_its_result(client: SyncScopix, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    (folder / "trip").mkdir(parents=True)
    (folder / "trip" / "a.png").write_bytes(encoded(picture(seed=905)))
    (tmp_path / "b.png").write_bytes(encoded(picture(seed=906)))
    missing = str(tmp_path / "missing.png")
    inputs = [folder, tmp_path / "b.png", missing, tmp_path / "b.png", picture(seed=907)]
    with pytest.raises(ValidationError, match=r"missing\.png does not exist"):
        client.files.upload_batch(inputs)
    results = client.files.upload_batch(inputs, on_invalid="report", auto_describe=False)
    b = (tmp_path / "b.png").as_posix()
    assert [result.path for result in results] == ["photos/trip/a.png", b, missing, b, "image.png"]
    assert results[1].image_id == results[3].image_id != "" and results[2].is_failed
    # The server has no path that is absolute here.
    assert [client.files.get(results[n].image_id).path for n in (0, 1)] == ["photos/trip/a.png", "b.png"]
    alone = client.files.upload(folder / "trip" / "a.png", auto_describe=False)
    assert alone.path == (folder / "trip" / "a.png").as_posix()
