"""Pictures in formats that browsers do not know are taken, described, and shown by what browsers know."""

import io

import httpx2
from PIL import Image

from tests.support.formats import TYPES, exif, quarters, sample
from tests.support.images import encoded, picture
from tests.support.waiting import wait_until


def test_each_format_is_taken_whatever_its_name(http: httpx2.Client) -> None:
    pictures = {format: sample(format, quarters(98, 66)) for format in TYPES}
    # A lying extension is no obstacle.
    answers = [http.post("/files/upload", files={"file": ("picture.png", data)}) for data in pictures.values()]
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    ids = [answer.json()["image_id"] for answer in answers]

    def ended() -> bool:
        return {http.get(f"/files/{one}").json()["description_status"] for one in ids} <= {"completed", "failed"}

    wait_until(ended)
    for (format, data), file_id in zip(pictures.items(), ids, strict=True):
        told = http.get(f"/files/{file_id}").json()
        assert (format, told["description_status"]) == (format, "completed"), told["description_error"]
        assert told["content_type"] == TYPES[format]
        assert told["dimensions"] == {"width": 98, "height": 66}
        assert httpx2.get(told["original_url"]).content == data
        shown = httpx2.get(http.get(f"/files/{file_id}/variants/large_1024").headers["Location"])
        assert shown.headers["content-type"] == "image/jpeg"
        red, _, _ = Image.open(io.BytesIO(shown.content)).convert("RGB").getpixel((4, 4))  # type: ignore[misc]
        assert red > 240


def test_what_is_taken_is_listed(http: httpx2.Client) -> None:
    taken = http.get("/tenant/limits").json()["taken"]
    assert set(TYPES.values()) | {"image/jpeg", "image/png", "image/webp", "image/gif"} <= set(taken["images"])
    assert "application/pdf" in taken["documents"]


def test_what_is_cut_is_refused_at_the_door(http: httpx2.Client) -> None:
    for format in ("HEIC", "TIFF", "BMP"):
        answer = http.post("/files/upload", files={"file": ("a.jpg", sample(format)[:-40])})
        assert answer.status_code == 400, format


def test_half_of_a_photo_is_described_and_flagged(http: httpx2.Client) -> None:
    data = encoded(picture(640, 480), "JPEG")
    sent = http.post("/files/upload", files={"file": ("half.jpg", data[: len(data) // 2])})
    assert sent.status_code == 201, sent.text
    file_id = sent.json()["image_id"]
    wait_until(lambda: http.get(f"/files/{file_id}").json()["description_status"] == "completed")
    told = http.get(f"/files/{file_id}").json()
    assert told["perception"]["damage"].startswith("The file is damaged: only the upper")
    assert told["dimensions"] == {"width": 640, "height": 480}


def test_the_date_is_told_without_a_description_too(http: httpx2.Client) -> None:
    data = encoded(quarters(), "JPEG", exif=exif(6))
    sent = http.post("/files/upload", files={"file": ("a.jpg", data)}, data={"auto_describe": "false"})
    file_id = sent.json()["image_id"]
    wait_until(lambda: http.get(f"/files/{file_id}").json()["variant_status"] == "completed")
    told = http.get(f"/files/{file_id}").json()
    assert told["content_created_at"].startswith("2021-03-04T05:06:07")
    assert told["dimensions"] == {"width": 64, "height": 96}
