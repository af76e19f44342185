"""Files for this user's eyes only."""

import os
import uuid
from pathlib import Path

from scopix_server.storage.folders import sync_folder

__all__ = ["write_private"]


def write_private(path: Path, text: str, *, keep: bool = False) -> None:
    """Write a file, whole or not at all, with mode 0600. On return it is on disk.

    With `keep`, a file that is there already stays, whoever was faster.
    """
    draft = path.with_name(f".{path.name}.{uuid.uuid4()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if not keep:
        draft.replace(path)
        sync_folder(path.parent)
        return
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    # Whatever is encrypted with a key may be acknowledged at once.
    sync_folder(path.parent)
