"""A state machine: any order of what clients and accidents do to a server, beside a model of the truth."""

import random
import sys
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, ClassVar

import httpx2
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.proofs import checks
from tests.proofs.model import Entry, KnownFile, KnownSession, Model, Sent
from tests.proofs.pictures import CONTENTS, DAMAGED, TEXT, content, digest, extension
from tests.proofs.world import World

__all__ = ["Story"]

MAX_ACCIDENTS = 2  # a story; each costs a start of the server or of its worker

_contents = st.integers(0, CONTENTS - 1)
_contents_or_refused = st.integers(0, CONTENTS)
_pick = st.integers(0, 10**6)


class Story(RuleBasedStateMachine):
    """One tenant's story on `world`. It ends with a check that nothing was lost, doubled or left waiting.

    Which steps can be drawn must not depend on what the server did in its own time: hypothesis compares stories that
    begin alike. So a step that finds nothing to act on does nothing, instead of being ruled out.
    """

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        if self.world.failure is not None:
            raise self.world.failure
        self.http = self.world.new_tenant()
        self.model = Model()
        self.world.models.append(self.model)
        self._names = 0
        self._accidents = 0
        print("--- a new story")

    # What clients do --------------------------------------------------------------------------------------------------

    @initialize(numbers=st.lists(_contents, min_size=2, max_size=4))
    def begin(self, numbers: list[int]) -> None:
        self._send_batch(numbers, _fields(True, False), True, None)

    @rule(number=_contents, described=st.booleans(), skip=st.booleans())
    def upload(self, number: int, described: bool, skip: bool) -> None:
        sent = self._single(number, described, skip)
        self._note_single(self._post(sent), sent, number, described)

    @rule(
        numbers=st.lists(_contents_or_refused, min_size=1, max_size=4),
        described=st.booleans(),
        skip=st.booleans(),
        more=st.integers(0, 2),
    )
    def batch(self, numbers: list[int], described: bool, skip: bool, more: int) -> None:
        fields = _fields(described, skip) | ({"expected_files": str(len(numbers) + more)} if more else {})
        self._send_batch(numbers, fields, described, None)

    @rule(pick=_pick, numbers=st.lists(_contents_or_refused, min_size=1, max_size=2), described=st.booleans())
    def append(self, pick: int, numbers: list[int], described: bool) -> None:
        session = _one_of(list(self.model.sessions.values()), pick)
        self._send_batch(numbers, _fields(described, False) | {"session_id": session.id}, described, session)

    @rule(pick=_pick)
    def retry(self, pick: int) -> None:
        """The same request under the same key: the same ids."""
        self._retry(_one_of(self.model.sent, pick))

    @rule(number=_contents, described=st.booleans())
    def at_once(self, number: int, described: bool) -> None:
        """The same request under the same key, three times at once: one file."""
        sent = self._single(number, described, False)
        with ThreadPoolExecutor(3) as threads:
            responses = list(threads.map(lambda _: self._post(sent), range(3)))
        assert all(response.status_code == 201 for response in responses), [response.text for response in responses]
        (first,) = [response for response in responses if "Idempotent-Replayed" not in response.headers]
        assert {response.json()["image_id"] for response in responses} == {first.json()["image_id"]}
        self._note_single(first, sent, number, described)

    @rule(pick=_pick, number=_contents)
    def reuse_key(self, pick: int, number: int) -> None:
        """Another request under a used key: refused."""
        sent = _one_of(self.model.sent, pick)
        name = "file" if sent.path.endswith("upload") else "files"
        another = (f"another.{extension(number)}", content(number))
        response = self._post(replace(sent, parts=((name, another),)))
        assert response.status_code == 409, response.text

    @rule(pick=_pick)
    def delete(self, pick: int) -> None:
        if not self.model.live():
            return
        file = _one_of(self.model.live(), pick)
        assert self.http.delete(f"/files/{file.id}").status_code == 200
        file.is_deleted = True
        assert self.http.get(f"/files/{file.id}").status_code == 404
        print(f"deleted {file.id}")

    @rule(picks=st.lists(_pick, min_size=1, max_size=3))
    def batch_delete(self, picks: list[int]) -> None:
        if not self.model.live():
            return
        files = {file.id: file for file in (_one_of(self.model.live(), pick) for pick in picks)}
        response = self.http.post("/files/batch-delete", json={"file_ids": list(files)}).json()
        assert response["summary"]["failed"] == 0, response
        for entry in response["deleted"]:
            files[entry["id"]].is_deleted = True
        for entry in response["skipped"]:
            assert not files[entry["id"]].is_settled, f"{entry['id']} has ended, and is said to be processed"
        print(f"deleted {[entry['id'] for entry in response['deleted']]}")

    @rule(pick=_pick)
    def restore(self, pick: int) -> None:
        if self.model.deleted():
            self._restore(_one_of(self.model.deleted(), pick))

    @rule(pick=_pick)
    def describe(self, pick: int) -> None:
        if not self.model.live():
            return
        file = _one_of(self.model.live(), pick)
        response = self.http.post(f"/files/{file.id}/describe")
        if response.status_code == 202:
            file.request()
        else:
            assert response.status_code == 409, response.text
            assert not file.is_settled, f"{file.id} has ended, and is said to be described already"
        print(f"describe {file.id}: {response.status_code}")

    @rule()
    def describe_all(self) -> None:
        live = self.model.live()
        response = self.http.post("/files/describe", json={"ids": list(self.model.files)}).json()
        assert response["matched"] == len(live), response
        # Of those under way none is queued again, and all that had ended are.
        assert sum(file.is_settled for file in live) <= response["queued"] <= len(live)
        for file in live:
            file.request()

    @rule(pick=_pick)
    def cancel(self, pick: int) -> None:
        session = _one_of(list(self.model.sessions.values()), pick)
        response = self.http.post(f"/files/upload/sessions/{session.id}/cancel")
        print(f"cancel {session.id}: {response.status_code}")
        if response.status_code == 400:
            assert session.is_cancelled or not session.missing, response.text
            return
        assert response.status_code == 200, response.text
        session.is_cancelled = True
        body = response.json()
        assert body["status"] == "cancelled"
        results = self.http.get(f"/files/upload/sessions/{session.id}/results").json()["results"]
        for entry, result in zip(session.entries, results, strict=True):
            _note_cancelled(entry, result)

    @rule()
    def look(self) -> None:
        """Everything comes to rest, and is checked."""
        checks.settle(self.world, self.http, self.model)

    # Accidents --------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self._accidents < MAX_ACCIDENTS)
    @rule(kind=st.sampled_from(["server", "worker", "stop"]))
    def accident(self, kind: str) -> None:
        self._accidents += 1
        print(f"accident: {kind}")
        {"server": self.world.kill_server, "worker": self.world.kill_worker, "stop": self.world.stop_server}[kind]()

    @precondition(lambda self: self._accidents < MAX_ACCIDENTS)
    @rule(numbers=st.lists(_contents, min_size=1, max_size=4), described=st.booleans(), milliseconds=st.integers(0, 80))
    def killed_during_a_batch(self, numbers: list[int], described: bool, milliseconds: int) -> None:
        """The server dies at some moment of an upload; the client sends it again under the same key."""
        self._accidents += 1
        sent, responses = self._batch(numbers, _fields(described, False)), []

        def send() -> None:
            try:
                responses.append(self._post(sent))
            except httpx2.HTTPError:
                pass

        sending = threading.Thread(target=send)
        sending.start()
        time.sleep(milliseconds / 1000)
        self.world.server.kill()
        sending.join()
        self.world.server.start(self.world.server.port)
        print(f"killed after {milliseconds} ms of an upload; it was {'' if responses else 'not '}acknowledged")
        again = self._post(sent)
        if responses:
            assert responses[0].json() == again.json()
        self._note_batch(again, sent, numbers, described, None)

    # The truth --------------------------------------------------------------------------------------------------------

    @invariant()
    def as_many_files_as_acknowledged(self) -> None:
        assert self.http.get("/files?limit=1").json()["total_count"] == len(self.model.live())

    def teardown(self) -> None:
        # Told again, a story goes another way, as the processes are elsewhere: the first failure is the one to tell.
        failure = sys.exc_info()[1]
        if failure is None:
            try:
                self.end()
            except Exception as error:
                failure = error
        self.http.close()
        if isinstance(failure, Exception) and not isinstance(failure, HypothesisException):
            self.world.failure = self.world.failure or failure
            raise failure

    def end(self) -> None:
        """What was deleted comes back; then everything must be there, once, and ended."""
        checks.settle(self.world, self.http, self.model)
        for file in self.model.deleted():
            self._restore(file)
        checks.settle(self.world, self.http, self.model)
        for sent in random.Random(len(self.model.sent)).sample(self.model.sent, min(3, len(self.model.sent))):
            self._retry(sent)
        self.world.ended += 1
        print(f"--- {len(self.model.files)} files, {len(self.model.sessions)} sessions, {self._accidents} accidents")

    # ------------------------------------------------------------------------------------------------------------------

    def _single(self, number: int, described: bool, skip: bool) -> Sent:
        return Sent("/files/upload", _new_key(), (("file", self._part(number)),), _fields(described, skip), ())

    def _batch(self, numbers: list[int], fields: dict[str, str]) -> Sent:
        parts = tuple(("files", self._part(number)) for number in numbers)
        return Sent("/files/upload/batch", _new_key(), parts, fields, ())

    def _part(self, number: int) -> tuple[str, bytes]:
        self._names += 1
        return f"{self._names:03}-{number}.{extension(number)}", content(number)

    def _note_single(self, response: httpx2.Response, sent: Sent, number: int, described: bool) -> None:
        assert response.status_code == 201, response.text
        body = response.json()
        self._note_sent(sent, (body["image_id"],))
        if sent.fields["skip_duplicates"] == "true" and (known := self.model.with_content(digest(number))):
            assert body["skipped"] is True, body
            assert body["image_id"] in known
            return
        self._note_file(body["image_id"], sent.parts[0][1][0], number, described)

    def _note_file(self, file_id: str, name: str, number: int, described: bool) -> KnownFile:
        assert file_id not in self.model.files, f"two uploads were given the file {file_id}"
        file = KnownFile(file_id, name, digest(number), {"skipped"}, number != TEXT, number == DAMAGED)
        self.model.files[file_id] = file
        if described:
            file.request()
        print(f"stored {file_id} as {name}, {'' if described else 'not '}to be described")
        return file

    def _note_sent(self, sent: Sent, ids: tuple[str | None, ...]) -> None:
        self.model.sent.append(replace(sent, ids=ids))

    def _send_batch(
        self, numbers: list[int], fields: dict[str, str], described: bool, session: KnownSession | None
    ) -> None:
        sent = self._batch(numbers, fields)
        self._note_batch(self._post(sent), sent, numbers, described, session)

    def _note_batch(
        self, response: httpx2.Response, sent: Sent, numbers: list[int], described: bool, session: KnownSession | None
    ) -> None:
        if session is not None and (session.is_cancelled or _is_full(session, len(numbers))):
            assert response.status_code == 409, response.text
            return
        assert response.status_code == 201, response.text
        body = response.json()
        if session is None:
            expected = sent.fields.get("expected_files")
            session = KnownSession(body["session_id"], int(expected) if expected else None)
            self.model.sessions[session.id] = session
        assert body["session_id"] == session.id
        print(f"batch of {len(numbers)} into {session.id}")
        for number, (_, (name, _)), result in zip(numbers, sent.parts, body["immediate_results"], strict=True):
            session.entries.append(self._entry(result, name, number, described))
        self._note_sent(sent, tuple(result["image_id"] for result in body["immediate_results"]))

    def _entry(self, result: dict[str, Any], name: str, number: int, described: bool) -> Entry:
        if number >= CONTENTS:
            assert result["status"] == "failed", result
            return Entry(None, "rejected")
        if result["skipped"]:
            assert result["image_id"] in self.model.with_content(digest(number)), result
            return Entry(self.model.files[result["image_id"]], "duplicate")
        return Entry(self._note_file(result["image_id"], name, number, described), "accepted")

    def _retry(self, sent: Sent) -> None:
        response = self._post(sent)
        assert response.status_code == 201, response.text
        assert response.headers.get("Idempotent-Replayed") == "true"
        body = response.json()
        entries = body.get("immediate_results", [body])
        assert tuple(entry["image_id"] for entry in entries) == sent.ids

    def _restore(self, file: KnownFile) -> None:
        response = self.http.post(f"/files/{file.id}/restore")
        assert response.status_code == 200, response.text
        file.is_deleted = False
        file.is_settled = False  # it may have been deleted while it waited, and is then described now
        print(f"restored {file.id}")

    def _post(self, sent: Sent) -> httpx2.Response:
        headers = {"Idempotency-Key": sent.key}
        return self.http.post(sent.path, files=list(sent.parts), data=sent.fields, headers=headers)


def _one_of(items: list[Any], pick: int) -> Any:
    return items[pick % len(items)]


def _new_key() -> str:
    return f"proof-{uuid.uuid4()}"


def _fields(described: bool, skip: bool) -> dict[str, str]:
    return {"auto_describe": str(described).lower(), "skip_duplicates": str(skip).lower()}


def _is_full(session: KnownSession, more: int) -> bool:
    return session.expected is not None and len(session.entries) + more > session.expected


def _note_cancelled(entry: Entry, result: dict[str, Any]) -> None:
    """Tell by the session's results which of its files the cancellation reached."""
    assert result["status"] in {"completed", "failed", "skipped"}, result
    file = entry.file
    if file is None or entry.outcome != "accepted":
        return
    if file.is_deleted:
        # Deleted files are skipped whether they waited for a description or not.
        entry.outcome = "perhaps"
        file.ends = file.ends | {"skipped"}
    elif result["status"] == "skipped":
        entry.outcome = "cancelled"
        file.ends = {"skipped"}


def outcomes(model: Model) -> Counter[str]:
    """How many files ended how, for the log of a run."""
    return Counter(end for file in model.files.values() for end in file.ends)
