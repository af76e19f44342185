"""Signed links: one a file for each hour of the clock, and what browsers need to keep what they have fetched."""

import httpx2
import pytest

from scopix_server.api.links import Grant, LinkSigner
from scopix_server.domain.errors import Forbidden
from tests.integration.api.conftest import ON_SQLITE
from tests.support.images import encoded, picture


@ON_SQLITE
def test_what_a_browser_has_is_not_sent_again(http: httpx2.Client) -> None:
    content = encoded(picture(seed=921))
    sent = {"file": ("a.png", content)}
    image_id = http.post("/files/upload", files=sent, data={"auto_describe": "false"}).json()["image_id"]
    link = http.get(f"/files/{image_id}/download").headers["Location"]
    first = httpx2.get(link)
    assert (first.status_code, first.content) == (200, content)
    head = httpx2.head(link)
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(content)))
    assert http.head(f"/files/{image_id}/download").status_code == 302
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    for condition in ({"If-None-Match": f'"other", W/{etag}'}, {"If-Modified-Since": modified}, {"If-None-Match": "*"}):
        again = httpx2.get(link, headers=condition)
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag), condition
    long_ago = "Sat, 01 Jan 2000 00:00:00 GMT"
    # The stronger condition counts alone; what cannot be read is none.
    for condition in (
        {"If-None-Match": '"other"', "If-Modified-Since": modified},
        {"If-Modified-Since": long_ago},
        {"If-Modified-Since": "yesterday"},
    ):
        assert httpx2.get(link, headers=condition).content == content, condition


def test_a_link_is_the_same_for_an_hour_and_good_for_the_next() -> None:
    clock = [3600 * 1000 + 1.0]
    signer, grant = LinkSigner("secret", now=lambda: clock[0]), Grant("k", "image/png", "a.png", "inline")
    token = signer.sign(grant)
    clock[0] += 3598
    assert signer.sign(grant) == token
    clock[0] += 3600  # the last second of the next hour: an hour at least, whenever it was made
    assert signer.read(token) == grant and signer.sign(grant) != token
    clock[0] += 2
    with pytest.raises(Forbidden, match="expired"):
        signer.read(token)
