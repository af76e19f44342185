"""Embeds what was described, in a thread of a worker; of several workers one does it at a time."""

import logging
import threading
from datetime import UTC, datetime, timedelta

from scopix_server.analysis.embed import EmbedTexts
from scopix_server.domain.errors import trace_of
from scopix_server.domain.ports import Database

__all__ = ["EmbeddingKeeper"]

_NAME = "embed"
_LOOK_SECONDS = 1.0  # as often as messages are looked for: a description is found by its meaning so soon
_LEASE = timedelta(minutes=2)  # longer than a book of a thousand passages takes, on a busy machine
_RENEW_AFTER = timedelta(seconds=30)
_log = logging.getLogger(__name__)


class EmbeddingKeeper:
    """Looks for files whose text is to be embedded, and has that done.

    Args:
        holder: names this process among all that share the database.
    """

    def __init__(self, database: Database, embed: EmbedTexts, holder: str) -> None:
        self._database = database
        self._embed = embed
        self._holder = holder
        self._held_at = datetime.min.replace(tzinfo=UTC)
        self._is_renewed = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="embedding", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End after the file that is under way, and wait for that."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            done = 0
            try:
                if self._is_due() and self._hold():
                    done = self._work()
            except Exception as error:  # what is to be done stays so, and is found at the next look
                _log.warning("texts could not be embedded: %s", error, exc_info=trace_of(error))
            if not done:
                self._stopping.wait(_LOOK_SECONDS)
        self._release()

    def _is_due(self) -> bool:
        # Mostly there is nothing to do: to see that takes no turn at writing.
        return not self._is_renewed or bool(self._database.read(lambda t: t.embeddings.due(limit=1)))

    def _work(self) -> int:
        if not self._is_renewed and not self._embed.renew():
            self._is_renewed = True
        return self._embed.embed_some(self._goes_on) or not self._is_renewed

    def _goes_on(self) -> bool:
        return not self._stopping.is_set() and self._hold()

    def _hold(self) -> bool:
        now = datetime.now(UTC)
        if now - self._held_at < _RENEW_AFTER:
            return True
        taken = self._database.write(
            lambda t: t.maintenance.take(_NAME, self._holder, now, now + _LEASE, done_before=None)
        )
        if taken:
            self._held_at = now
        return taken

    def _release(self) -> None:
        try:
            self._database.write(lambda t: t.maintenance.finish(_NAME, self._holder, datetime.now(UTC), done=True))
        except Exception as error:  # the lease ends by itself
            _log.info("the lease of embedding was not given back: %s", error)
