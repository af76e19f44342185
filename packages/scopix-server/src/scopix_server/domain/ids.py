"""The ids of what is kept, as clients name it: UUIDs, and of files their first 8 characters."""

import re
import uuid

__all__ = ["is_file_id", "is_uuid"]

_PREFIX = re.compile(r"[0-9a-f]{8}")


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID as this server writes them."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def is_file_id(text: str) -> bool:
    """Whether the text, in lower case, can be a file's id or the beginning of one."""
    return _PREFIX.fullmatch(text) is not None or is_uuid(text)
