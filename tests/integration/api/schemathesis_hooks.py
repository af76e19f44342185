"""What no OpenAPI document can say, told to Schemathesis: times that must lie ahead, storage that is not there, ids.

Each hook only makes generated requests more fitting, so that more of them must be accepted; no check is weakened.
"""

import base64
import os
import re
from datetime import UTC, datetime

import schemathesis
from PIL import Image
from schemathesis.transport.serialization import Binary

from tests.support.images import encoded

FILE_IDS = os.environ["SCOPIX_TEST_FILE_IDS"].split(",")
LINK_TOKEN = os.environ["SCOPIX_TEST_LINK_TOKEN"]

CONDITIONS = ("ids", "search", "tags", "error_types", "current_categories")
PICTURES = [
    encoded(Image.new("RGB", (8, 8), (shade, 0, 99)), kind) for shade, kind in enumerate(("PNG", "JPEG", "GIF"))
]


@schemathesis.hook
def map_body(context, body):
    fields = getattr(body, "body", body)  # a form comes with the types of its parts
    if isinstance(fields, dict) and isinstance(fields.get("file"), Binary):
        # A document can say "binary", not "a picture".
        fields["file"] = Binary(PICTURES[len(fields) % len(PICTURES)])
    fit(fields, context.operation.path)
    return body


@schemathesis.hook
def filter_case(context, case):
    # What was drawn with it was changed above; what is listed with it is left out.
    fields = case.body if isinstance(case.body, dict) else {}
    return not (is_form(case) and fields.get("storage_target") == "custom")


def is_form(case):
    return case.media_type == "multipart/form-data"


@schemathesis.hook
def before_call(context, case, kwargs):
    # The cases that are listed, not drawn, pass here alone.
    if not is_form(case):
        fit(case.body, case.operation.path)
    fit_query(case.query)


@schemathesis.hook
def map_query(context, query):
    fit_query(query)
    return query


def fit_query(query):
    # Nobody is to wait 25 seconds for each of these answers.
    if query and isinstance(query.get("wait"), int | float) and 0 < query["wait"] <= 25:
        query["wait"] = 0.01
    # A cursor is good for the list that handed it out; invented ones are refused, and the tests of lists show it.
    if query and isinstance(query.get("cursor"), str) and len(query["cursor"]) <= 4000:
        del query["cursor"]


def fit(body, path):
    if not isinstance(body, dict):
        return
    fit_alternatives(body, path)
    # A key that has expired when it is made is refused.
    if is_past(body.get("expires_at")):
        body["expires_at"] = "2999" + body["expires_at"][4:]
    # How large a file may be is the operator's to say.
    if is_number(body.get("size_bytes")) and body["size_bytes"] >= 0:
        body["size_bytes"] %= 1_000_000
    # Which engines there are is in the server's settings.
    if isinstance(body.get("engine"), str):
        body["engine"] = "builtin"
    # These files have one part each.
    numbers = body.get("part_numbers")
    if isinstance(numbers, list) and all(is_number(number) and 1 <= number <= 10_000 for number in numbers):
        body["part_numbers"] = [1] * len(numbers)
    # Nobody is to wait for a description.
    if is_number(body.get("timeout")) and 0 < body["timeout"] <= 60:
        body["timeout"] = 0
    # Which addresses may be called no document can say.
    if isinstance(body.get("url"), str) and 1 <= len(body["url"]) <= 512:
        body["url"] = "https://example.com/hook"
    # One path a file, or none.
    if "files" in body:
        body.pop("path", None)
    # The tenant has no bucket of its own; the walk and the tests of uploads say what this is answered with.
    if body.get("storage_target") == "custom":
        body["storage_target"] = "default"


def fit_alternatives(body, path):
    """That one of several fields must be there is left out of the document, for the sake of generators."""
    if path.endswith("/direct-uploads") and body.get("resume") is True and not body.get("checksum_sha256"):
        body["resume"] = False
    elif path.endswith("/files/{file_id}") and not ({"title", "tags"} & body.keys()):
        if body.get("description") is None and body.get("ai_tags") is None:
            body["title"] = "A title"
    elif path.endswith("/files/describe") and not any(body.get(name) for name in CONDITIONS):
        if not isinstance(body.get("has_description"), bool):
            body["ids"] = FILE_IDS[:1]
    # A picture cannot be made up, nor the address of one.
    elif path.endswith("/images/analyze") and isinstance(body.get("base64", ""), str) and "file" not in body:
        body["base64"] = base64.b64encode(PICTURES[len(body) % len(PICTURES)]).decode()
        body.pop("url", None)


@schemathesis.hook
def map_path_parameters(context, parameters):
    # Half of the ids become those of files, half of the links true ones, or what is behind them would not be reached.
    for name, value in (parameters or {}).items():
        if isinstance(value, str) and len(value) % 2 and name in {"file_id", "token"}:
            parameters[name] = LINK_TOKEN if name == "token" else FILE_IDS[sum(map(ord, value)) % len(FILE_IDS)]
    return parameters


def is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_past(moment):
    if not isinstance(moment, str) or not re.match(r"\d{4}-\d\d-\d\d[Tt]", moment):
        return False
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError:
        # Leap seconds and the like, which Python does not read.
        return moment < "2900"
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)) < datetime(2900, 1, 1, tzinfo=UTC)
