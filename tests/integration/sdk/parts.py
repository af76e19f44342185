"""Reading a multipart body back, with Python's own mail parser: a reader that is not ours."""

from email import message_from_bytes
from email.message import Message
from typing import Any
from urllib.parse import unquote

from tests.integration.sdk.faulty_server import Seen


def read_parts(seen: Seen) -> dict[str, Any]:
    """Field name → text, or for the file (filename, content type, content)."""
    assert seen.body is not None
    head = f"Content-Type: {seen.headers['content-type']}\r\n\r\n".encode()
    return dict(_read_part(part) for part in message_from_bytes(head + seen.body).get_payload())


def _read_part(part: Message) -> tuple[str, Any]:
    content = part.get_payload(decode=True)
    name = part.get_param("name", header="content-disposition")
    filename = part.get_param("filename", header="content-disposition")
    if filename is None:
        return name, content.decode()
    return name, (unquote(filename), part.get_content_type(), content)
