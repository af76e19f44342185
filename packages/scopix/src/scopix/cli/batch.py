"""Uploading directories: in sessions, by a ledger, so that a run that was killed goes on where it was."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from scopix import ResourceNotFoundError, Scopix, ScopixError, SessionResult, UploadSessionStatus, ValidationError
from scopix.cli.ledger import Ledger, Planned, Request, Stamp, stamp_of
from scopix.cli.outcome import Outcome, State
from scopix.cli.sending import Wishes

__all__ = ["BatchUpload", "plan_ranges"]

SESSION_FILES = 1000
REQUEST_BYTES = 64 * 1024 * 1024
AT_ONCE = 4
PAGE = 500
# The server remembers a request's key for 24 hours; a later repetition would store its files again.
KEY_LIFE_SECONDS = 20 * 3600.0
ROUNDS = 3

Place = tuple[Planned, Request, int]


class BatchUpload:
    """One run over many files. `sent` and `ended` count while it goes; `outcomes` has one for each file, always."""

    def __init__(self, client: Scopix, paths: Sequence[Path], wishes: Wishes, ledger: Ledger) -> None:
        self.error: ScopixError | None = None
        self._client = client
        self._wishes = wishes
        self._ledger = ledger
        self._shown = {stamp_of(path): str(path) for path in paths}
        self._places: dict[Stamp, Place] = {}
        self._begun: set[str] = set()
        self._ended: dict[int, int] = {}
        self._outcomes: dict[Stamp, Outcome] = {}

    @property
    def total(self) -> int:
        """How many files there are."""
        return len(self._shown)

    @property
    def sent(self) -> int:
        """How many of them the server has answered for."""
        return sum(request.answered for _, request, _ in self._places.values())

    @property
    def ended(self) -> int:
        """How many are described, or will not be."""
        return min(self.total, sum(self._ended.values()))

    async def go(self) -> None:
        """Send what is not sent yet, wait if that is wished, and ask what became of everything."""
        async with self._client:
            try:
                await self._send_all()
                if self._wishes.wait:
                    await self._wait()
            except ScopixError as error:
                self.error = error
            try:
                await self._collect()
            except ScopixError as error:
                self.error = self.error or error

    def outcomes(self) -> list[Outcome]:
        """One for each file, in their order."""
        return [self._outcomes.get(stamp) or self._left_over(stamp, shown) for stamp, shown in self._shown.items()]

    def _left_over(self, stamp: Stamp, shown: str) -> Outcome:
        place = self._places.get(stamp)
        if place is not None and place[1].answered:
            return Outcome(shown, State.UPLOADED)
        if place is not None and place[1].key in self._begun and self.error is None:
            return Outcome(shown, State.INTERRUPTED)
        return Outcome(shown, State.NOT_SENT, error=self.error)

    async def _send_all(self) -> None:
        quota = await self._client.files.check_quota(max(1, self.total))
        self._give_up_stale()
        for _ in range(ROUNDS):
            self._plan_rest(max(1, quota.max_batch_size))
            for planned in self._ledger.sessions:
                await self._send_session(planned, min(AT_ONCE, quota.max_concurrent_uploads or AT_ONCE))
            # What the server would not take by an old plan gets a new one.
            if all(stamp in self._places for stamp in self._shown):
                return

    def _give_up_stale(self) -> None:
        """Drop requests that cannot be repeated as they were: a file changed since, or their key is forgotten."""
        for planned in self._ledger.sessions:
            is_old = time.time() - planned.at > KEY_LIFE_SECONDS
            stale = [
                request
                for request in planned.requests
                if not request.answered
                and (is_old or any(stamp_of(Path(s[0])) != s for s in planned.files[request.start : request.stop]))
            ]
            if stale:
                self._ledger.drop(planned, stale)

    def _plan_rest(self, most_files: int) -> None:
        self._find_places()
        # What was once begun, and then given up or changed, may be stored all the same.
        doubtful = {path for planned in self._ledger.sessions for path, _, _ in planned.files}
        rest = [stamp for stamp in self._shown if stamp not in self._places]
        for careful in (False, True):
            files = [stamp for stamp in rest if (stamp[0] in doubtful) == careful]
            for start in range(0, len(files), SESSION_FILES):
                chunk = files[start : start + SESSION_FILES]
                ranges = plan_ranges([size for _, size, _ in chunk], most_files)
                self._ledger.plan(chunk, ranges, careful=careful)
        self._find_places()

    def _find_places(self) -> None:
        """Where each file is, by the latest plan that has it as it is now."""
        self._places = {
            planned.files[index]: (planned, request, index)
            for planned in self._ledger.sessions
            for request in planned.requests
            for index in range(request.start, request.stop)
            if planned.files[index] in self._shown
        }

    async def _send_session(self, planned: Planned, at_once: int) -> None:
        waiting = deque(request for request in planned.requests if not request.answered)
        failures: list[ScopixError] = []

        async def work() -> None:
            while waiting and not failures:
                try:
                    await self._send(planned, waiting.popleft())
                except ScopixError as error:
                    failures.append(error)

        if waiting and planned.session_id is None:
            # The first request opens the session that the others name.
            await self._send(planned, waiting.popleft())
        async with asyncio.TaskGroup() as group:
            for _ in range(min(at_once, len(waiting))):
                group.create_task(work())
        if failures:
            raise failures[0]

    async def _send(self, planned: Planned, request: Request) -> None:
        if request not in planned.requests:
            return  # dropped with the session that the server closed
        self._begun.add(request.key)
        try:
            response = await self._client.files.upload_batch_part(
                [path for path, _, _ in planned.files[request.start : request.stop]],
                session_id=planned.session_id,
                expected_files=len(planned.files) if planned.session_id is None else None,
                start_index=request.start,
                idempotency_key=request.key,
                content_category=self._wishes.category,
                tags=self._wishes.tags,
                auto_describe=self._wishes.describe,
                skip_duplicates=self._wishes.skip_duplicates or planned.careful,
            )
        except ScopixError as error:
            await self._send_otherwise(planned, request, error)
            return
        refused = {request.start + one.index: one.reason for one in response.rejections or ()}
        self._ledger.answered(planned, request, response.session_id, refused)

    async def _send_otherwise(self, planned: Planned, request: Request, error: ScopixError) -> None:
        """Split a request that was too large; give up one that no longer fits what the server has."""
        status, count = error.details.get("http_status"), request.stop - request.start
        if status == 413 and isinstance(error, ValidationError) and count > 1:
            told = error.details.get("max_files")
            size = max(1, min(told, count - 1) if isinstance(told, int) else count // 2)
            ranges = [range(at, min(at + size, request.stop)) for at in range(request.start, request.stop, size)]
            for smaller in self._ledger.replan(planned, request, ranges):
                self._find_places()
                await self._send(planned, smaller)
        elif status in (404, 409):
            # The session is closed, or the same key once stood for other options.
            self._ledger.drop(planned, [one for one in planned.requests if not one.answered])
            self._find_places()
        else:
            raise error

    async def _wait(self) -> None:
        for planned in self._live_sessions():
            wanted = sum(request.stop - request.start for request in planned.requests if request.answered)
            latest, deadline = -1, 0.0
            while True:
                status = await self._client.files.get_session_status(str(planned.session_id))
                self._ended[planned.number] = _ended(status)
                if status.is_terminal or _ended(status) >= wanted:
                    break
                now = time.monotonic()
                if _ended(status) > latest:
                    latest, deadline = _ended(status), now + self._client.config.polling_timeout
                if now >= deadline:
                    break
                await asyncio.sleep(self._client.config.polling_interval)

    def _live_sessions(self) -> list[Planned]:
        live = {planned.number for planned, request, _ in self._places.values() if request.answered}
        return [planned for planned in self._ledger.sessions if planned.number in live]

    async def _collect(self) -> None:
        for planned in self._live_sessions():
            known = await self._results_of(planned)
            for stamp, (place, request, index) in self._places.items():
                if place is planned and request.answered:
                    self._settle(stamp, planned.refused.get(index), known.get(index))

    async def _results_of(self, planned: Planned) -> dict[int, SessionResult]:
        known: dict[int, SessionResult] = {}
        offset, has_more = 0, True
        while has_more:
            try:
                page = await self._client.files.get_session_results(str(planned.session_id), offset=offset, limit=PAGE)
            except ResourceNotFoundError:
                return known  # forgotten after a while; the ledger remembers
            known |= {item.index: item for item in page.results}
            offset += len(page.results)
            has_more = page.has_more and bool(page.results)
        return known

    def _settle(self, stamp: Stamp, refused: str | None, item: SessionResult | None) -> None:
        shown = self._shown[stamp]
        if refused is not None:
            outcome = Outcome(shown, State.REFUSED, error=ValidationError(refused))
        elif item is not None:
            outcome = Outcome.of_session(shown, item, waited=self._wishes.wait)
        else:
            ended = self._ledger.ended.get(stamp[0], {})
            outcome = Outcome(shown, State(ended.get("state", State.UPLOADED.value)))
        self._outcomes[stamp] = outcome
        if item is not None or refused is not None:
            file_id = outcome.result.image_id if outcome.result else None
            self._ledger.end(stamp[0], outcome.state.value, file_id, outcome.reason)


def plan_ranges(sizes: Sequence[int], most_files: int) -> list[range]:
    """Ranges of files, one a request, in order: at most `most_files` and `REQUEST_BYTES`, but at least one file."""
    ranges: list[range] = []
    start, total = 0, 0
    for index, size in enumerate(sizes):
        if index > start and (index - start >= most_files or total + size > REQUEST_BYTES):
            ranges.append(range(start, index))
            start, total = index, 0
        total += max(0, size)
    if sizes:
        ranges.append(range(start, len(sizes)))
    return ranges


def _ended(status: UploadSessionStatus) -> int:
    return status.completed_files + status.failed_files + status.skipped_files
