"""The job that makes the tiles of a large picture, once it has its variants. It may be repeated without harm."""

from pathlib import Path

from scopix.types.vocabulary import MediaType
from scopix_server.domain.analysis import Analyzer
from scopix_server.domain.file import File, Variant, object_key
from scopix_server.domain.ports import Database, JobQueue, Transaction
from scopix_server.domain.tiles import TILES
from scopix_server.intake.stores import Stores

__all__ = ["TileFile"]


class TileFile:
    """Makes tiles for images of more than `min_pixels` pixels, for none if that is 0. Methods block."""

    def __init__(
        self, database: Database, stores: Stores, analyzer: Analyzer, jobs: JobQueue, *, min_pixels: int
    ) -> None:
        self._database = database
        self._stores = stores
        self._analyzer = analyzer
        self._jobs = jobs
        self._min_pixels = min_pixels

    def request(self, transaction: Transaction, file: File, width: int, height: int) -> None:
        """Ask, within `transaction`, for the tiles of a file whose variants were made, if it is to have some."""
        if file.media_type is not MediaType.IMAGE or not 0 < self._min_pixels < width * height:
            return
        if transaction.variants.without_tiles(file.id) is not None:
            self._jobs.enqueue_tiles(transaction, file)

    def run(self, file_id: str) -> bool:
        """Make the tiles of a file.

        Returns:
            False when it has them, was deleted, or is one that would take too much memory.

        Raises:
            DescribeError: the image cannot be read to its end.
        """
        file = self._database.read(lambda t: t.variants.without_tiles(file_id))
        if file is None:
            return False
        with self._stores.scratch() as scratch:
            tiles = self._made(file, scratch)
        if tiles is None:
            return False
        self._database.write(lambda t: t.variants.save_tiles(file_id, tiles))
        return True

    def _made(self, file: File, scratch: Path) -> Variant | None:
        with self._stores.local_path(file) as path:
            grid = self._analyzer.tile(path, scratch)
        if grid is None:
            return None
        key = object_key(file.tenant_id, file.id, "tiles.pack")
        self._stores.keep_file(key, scratch)
        return Variant(TILES, key, "image/jpeg", grid.width, grid.height, scratch.stat().st_size)
