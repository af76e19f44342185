"""Whether the database has all that was acknowledged: it is compared with marks that are kept outside of it.

A log that was damaged, or an older copy in its place, leaves a database that looks well and knows nothing of some
files. Their originals are in the store, and to the sweep they are objects that nobody speaks of. So upkeep leaves the
store alone until an operator has said that the present state is the right one.
"""

from scopix_server.domain.errors import RecordsMissing
from scopix_server.domain.ports import BlobStore, Database
from scopix_server.domain.storage import BUCKET_FOLDER
from scopix_server.domain.upkeep import CountsReport

__all__ = ["MARK_KEY", "Counts", "Records"]

MARK_KEY = f"{BUCKET_FOLDER}/high-water-mark"
"""Under this key the server's own store keeps how far the database had come. It has no owner, so no sweep takes it."""


class Records:
    """Compares the database with the mark in the server's own store. Methods block."""

    def __init__(self, database: Database, store: BlobStore) -> None:
        self._database = database
        self._store = store

    def check(self) -> None:
        """Raise RecordsMissing when the database is behind what was once acknowledged, and note it for all others.

        Raises:
            ServiceUnavailable: the store cannot be asked.
        """
        # The mark first: whatever is committed meanwhile can only take the database further.
        kept = self.kept()
        mark = self._database.read(lambda t: t.marks.current())
        if mark.doubt is None and kept > mark.number:
            doubt = f"It is {kept - mark.number} steps behind what the store was told: an older copy is in its place."
            self._database.write(lambda t: t.marks.doubt(doubt))
            raise RecordsMissing.because(doubt)
        if mark.doubt is not None:
            raise RecordsMissing.because(mark.doubt)

    def keep(self) -> None:
        """Tell the store how far the database has come. Raises as `check`."""
        self.check()
        number = self._database.write(lambda t: t.marks.count_up())
        self._store.put(MARK_KEY, str(number).encode())

    def accept(self, at_least: int = 0) -> None:
        """Take the database as it is for the right one, ahead of all marks, one of them `at_least`."""
        number = max(self.kept(), at_least)
        accepted = self._database.write(lambda t: t.marks.accept(number))
        self._store.put(MARK_KEY, str(accepted).encode())

    def restored(self) -> None:
        """Take a database that was just restored for the right one, and keep in mind what is lost with the other."""
        number = self.kept()
        going_on = self._database.write(lambda t: t.marks.restored(number))
        self._store.put(MARK_KEY, str(going_on).encode())

    def kept(self) -> int:
        """Return how far the database had come by the store's mark; 0 when there is none."""
        try:
            kept = self._store.read(MARK_KEY)
        except FileNotFoundError:
            return 0
        return int(kept) if kept.isdigit() else 0


class Counts:
    """Compares the kept numbers of files with what counting gives. Methods block, for seconds with a million files."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def check(self) -> CountsReport:
        """Return which numbers are wrong."""
        return self._database.read(lambda t: t.counts.wrong())

    def mend(self) -> CountsReport:
        """Put right what is wrong, a tenant or a session at a time; return what was."""
        found = self.check()
        for tenant_id in found.files:
            self._database.write(lambda t, name=tenant_id: t.counts.recount(name))  # type: ignore[misc]
        for session_id in found.sessions:
            self._database.write(lambda t, name=session_id: t.counts.recount_session(name))  # type: ignore[misc]
        return found
