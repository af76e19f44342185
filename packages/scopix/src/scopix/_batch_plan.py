"""Which file of a batch is at which place of which session: from the files at hand and the journal of earlier runs."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from scopix._batch import SESSION_FILES, check_entries, cut, part_of, plan_requests, stamp_of_part, stamps_of
from scopix._expand import Entry
from scopix._journal import Journal, Planned, Request, Stamp, is_as_stamped
from scopix._multipart import FilePart
from scopix.types.results import UploadResult

__all__ = ["BatchPlan", "Place"]

# The server remembers a request's key for 24 hours; a later repetition would store its files again.
KEY_LIFE_SECONDS = 20 * 3600.0

Place = tuple[Planned, Request, int]
"""A session, its request that holds the file, and the file's index in the session."""


class BatchPlan:
    """The plan of one batch. Positions are those of the files in the call; `places` has what is planned, by stamp.

    `unfit` holds the results of files that are not sent; `own` the numbers of the sessions that this run planned.
    `fields` go along with the files.
    """

    def __init__(self, entries: Sequence[Entry], journal: Journal, fields: Mapping[str, str], *, hashed: bool) -> None:
        self.journal = journal
        self.stamps = stamps_of(entries, hashed=hashed)
        self.positions = {stamp: position for position, stamp in enumerate(self.stamps)}
        self.places: dict[Stamp, Place] = {}
        self.unfit: dict[int, UploadResult] = {}
        self.own: set[int] = set()
        self._entries = entries
        self._fields = fields
        self._parts: dict[Stamp, FilePart] = {}

    def give_up_stale(self) -> None:
        """Drop requests that cannot be repeated as they were: a file changed since, or their key is forgotten."""
        for planned in self.journal.sessions:
            is_old = time.time() - planned.at > KEY_LIFE_SECONDS
            stale = [
                request
                for request in planned.requests
                if not request.answered
                and (
                    is_old
                    or not all(is_as_stamped(s, self.positions) for s in planned.files[request.start : request.stop])
                )
            ]
            if stale:
                self.journal.drop(planned, stale)
        self.find_places()

    def find_places(self) -> None:
        """Find where each file is: by the latest plan that has it as it is now."""
        self.places = {}
        for planned in self.journal.sessions:
            self.find_places_in(planned)

    def find_places_in(self, planned: Planned) -> None:
        """The same for one plan, which is later than the others."""
        self.places |= {
            planned.files[index]: (planned, request, index)
            for request in planned.requests
            for index in range(request.start, request.stop)
            if planned.files[index] in self.positions
        }

    def sent_with_other_fields(self) -> dict[str, int]:
        """Return how many of the files an earlier run sent with another value of a field, by the field's name."""
        changed: Counter[str] = Counter()
        for planned, request, _ in self.places.values():
            if request.answered and planned.number not in self.own and planned.fields is not None:
                names = planned.fields.keys() | self._fields.keys()
                changed.update(name for name in names if planned.fields.get(name) != self._fields.get(name))
        return dict(changed)

    def unplaced(self) -> list[int]:
        """Return the positions of files that no plan holds and that may be fit to be sent."""
        return [
            position
            for position, stamp in enumerate(self.stamps)
            if stamp not in self.places and position not in self.unfit
        ]

    def chunks(self) -> Iterator[tuple[Sequence[int], bool]]:
        """Yield positions of unplaced files, a session's worth at a time, and whether they are to be sent with care."""
        # What was once begun, and then given up or changed, may be stored all the same: it is sent with care.
        doubtful = {stamp[0] for planned in self.journal.sessions for stamp in planned.files}
        rest = self.unplaced()
        for careful in (False, True):
            positions = [position for position in rest if (self.stamps[position][0] in doubtful) == careful]
            for chunk in cut(positions, SESSION_FILES):
                yield chunk, careful

    def add(self, positions: Sequence[int], max_files: int, careful: bool) -> Planned | None:
        """Measure these files and write down how they are sent; None when none of them is fit to be."""
        items, unfit = check_entries([(position, self._entries[position]) for position in positions])
        self.unfit |= unfit
        for item in items:
            # It may have changed since it was looked at first.
            stamp = stamp_of_part(item.part, self.stamps[item.position])
            self.stamps[item.position], self.positions[stamp], self._parts[stamp] = stamp, item.position, item.part
        if not items:
            return None
        stamps = [self.stamps[item.position] for item in items]
        planned = self.journal.plan(stamps, plan_requests(items, max_files), careful=careful, fields=self._fields)
        self.own.add(planned.number)
        self.find_places_in(planned)
        return planned

    def parts_of(self, stamps: Sequence[Stamp]) -> tuple[list[FilePart], dict[int, str]]:
        """Return a part for each file of a request, and why some are empty, by their position in it."""
        parts: list[FilePart] = []
        unfit: dict[int, str] = {}
        for position, stamp in enumerate(stamps):
            part, reason = (self._parts[stamp], None) if stamp in self._parts else part_of(self._entry_of(stamp))
            parts.append(part)
            if reason is not None:
                unfit[position] = reason
        return parts, unfit

    def _entry_of(self, stamp: Stamp) -> Entry:
        """Return what to send for a file of an earlier run's plan, which may be none of this run's."""
        if stamp in self.positions:
            return self._entries[self.positions[stamp]]
        path = Path(stamp[0])
        return Entry(path, path.name, named=False, path=path.name)
