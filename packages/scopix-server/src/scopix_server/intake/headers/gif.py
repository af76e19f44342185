"""The blocks of a GIF file (GIF89a specification), up to its first frame."""

from typing import BinaryIO, Final

from scopix_server.intake.headers.walk import Cursor, Header, Note, Skip, Take, Walker, unreadable

__all__ = ["MAX_FRAMES", "count_frames", "walk_gif"]

MAX_BLOCKS: Final = 200_000
"""Before the first frame; the longest blocks have 255 bytes, so that 50 MB of metadata pass."""
MAX_FRAMES: Final = 10_000
"""Counted at most: seven minutes of film."""
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B


def walk_gif(header: Header, cursor: Cursor, note: Note | None = None) -> Walker:
    """Fill `header` from the screen and the first frame, which decoders let grow the canvas; complete with that."""
    screen = yield Take(13)
    width, height = _pair(screen[6:10])
    if screen[10] & 0x80:
        yield Skip(3 << (screen[10] & 7) + 1)
    blocks = 0
    while (kind := (yield Take(1))[0]) != _IMAGE:
        blocks += 1
        if kind == _TRAILER:
            raise unreadable("there is no frame")
        if kind == _EXTENSION:
            yield Take(1)
            while (size := (yield Take(1))[0]) and blocks <= MAX_BLOCKS:
                blocks += 1
                yield Skip(size)
        if blocks > MAX_BLOCKS:
            raise unreadable(f"there are over {MAX_BLOCKS} blocks before the first frame")
    frame = yield Take(9)
    (left, top), (across, down) = _pair(frame[:4]), _pair(frame[4:8])
    if not across or not down:
        raise unreadable("the first frame is empty")
    header.width, header.height = max(width, left + across), max(height, top + down)
    if (left, top, across, down) != (0, 0, header.width, header.height):
        header.first_frame = left, top, left + across, top + down
    header.channels, header.palette, header.interlaced = 1, True, bool(frame[8] & 0x40)
    header.lossless = header.complete = True


def _pair(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[:2], "little"), int.from_bytes(data[2:4], "little")


def count_frames(file: BinaryIO) -> int:
    """Return how many frames a GIF has, up to where it breaks off, MAX_FRAMES at most; nothing is decoded."""
    file.seek(0)
    screen = file.read(13)
    if len(screen) == 13 and screen[10] & 0x80:
        file.seek(3 << (screen[10] & 7) + 1, 1)
    frames = blocks = 0
    while frames < MAX_FRAMES and blocks <= MAX_BLOCKS and (kind := file.read(1)):
        if kind[0] == _IMAGE:
            frame = file.read(9)
            if len(frame) < 9:
                break
            frames += 1
            if frame[8] & 0x80:
                file.seek(3 << (frame[8] & 7) + 1, 1)
        elif kind[0] != _EXTENSION:
            break
        file.seek(1, 1)  # the code size of a frame, the label of an extension
        while (size := file.read(1)) and size[0] and blocks <= MAX_BLOCKS:
            blocks += 1
            file.seek(size[0], 1)
    return max(1, frames)
