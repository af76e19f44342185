"""The tiles of large pictures, read from the one object that holds those of a file."""

from functools import lru_cache

from scopix_server.domain.errors import NotFound
from scopix_server.domain.ports import BlobStore
from scopix_server.domain.tiles import ENTRY_BYTES, HEADER_BYTES, TileGrid, entry_at, unpack_entry

__all__ = ["Tiles"]

_KNOWN = 1024
"""Descriptors that are kept, a hundred bytes each: a viewer asks for hundreds of tiles of one picture."""


class Tiles:
    """Reads tiles from the server's own store. Methods block; they take the key of the object with a file's tiles."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store
        # What lies under a key never changes but by being made again, of the same picture.
        self.grid = lru_cache(_KNOWN)(self._grid)

    def tile(self, key: str, level: int, column: int, row: int) -> bytes:
        """Return a tile. Raises NotFound where there is none, or no such object, and as `BlobStore`."""
        number = self.grid(key).number(level, column, row)
        if number is None:
            raise NotFound(f"There is no tile {level}/{column}_{row}.", resource_type="tile")
        offset, length = unpack_entry(self._read(key, entry_at(number), ENTRY_BYTES))
        return self._read(key, offset, length)

    def _grid(self, key: str) -> TileGrid:
        """Return which tiles there are. Raises as `tile`."""
        grid = TileGrid.unpack(self._read(key, 0, HEADER_BYTES))
        if grid is None:
            raise NotFound("This is no link to tiles.", resource_type="tiles")
        return grid

    def _read(self, key: str, offset: int, length: int) -> bytes:
        try:
            return self._store.read_range(key, offset, length)
        except FileNotFoundError:
            raise NotFound("The tiles are gone from storage.", resource_type="tiles") from None
