"""Asking engines until there is an answer: a real database, real engines over HTTP, no job queue."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from scopix.types.vocabulary import DescriptionErrorType, DescriptionStatus
from scopix_server.domain.engines import EngineCopy
from scopix_server.domain.errors import DescribeError
from scopix_server.jobs.asking import MAX_ATTEMPTS, MAX_CUT_SHORT
from tests.support.desk import Desk, Job, until
from tests.support.desk import spec_of as spec
from tests.support.endpoint import Endpoint, hang_up, hold, say, sleep, status

Open = Callable[..., Desk]


@pytest.fixture
def other() -> Iterator[Endpoint]:
    with Endpoint(say(json.dumps({"description": "The other one says so.", "tags": []}))) as running:
        yield running


def test_an_answer_is_saved_with_where_it_came_from(desk: Open, endpoint: Endpoint) -> None:
    here = desk(spec(endpoint, price_in=1.0, price_out=1.0))
    file_id = here.file()
    assert here.asking.run("vlm", file_id, 1)
    record = here.current(file_id)
    assert (record.description.engine, record.description.provenance.input_tokens) == ("vlm", 1000)
    assert record.description.provenance.cost == pytest.approx(0.00105)
    assert here.state(file_id).description_status is DescriptionStatus.COMPLETED
    # Asked again, as after a crash, it finds its answer there.
    assert not here.asking.run("vlm", file_id, 1)
    assert len(endpoint.asked) == 1


def test_a_copy_is_made_when_there_is_none_and_kept(desk: Open, endpoint: Endpoint) -> None:
    here = desk(spec(endpoint, image_side=512, jpeg_quality=70))
    file_id = here.file()
    here.asking.run("vlm", file_id, 1)
    folder = here.state(file_id).object_key.rpartition("/")[0]
    copy = here.store.read(f"{folder}/{EngineCopy(512, 70).name}.jpg")
    assert copy.startswith(b"\xff\xd8")
    assert b"Exif" not in copy


def test_a_transient_failure_is_tried_again_and_counted(
    desk: Open, endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    here = desk(spec(endpoint))
    file_id = here.file()
    endpoint.then(hang_up, status(500))
    assert here.asking.run("vlm", file_id, 1)
    assert here.state(file_id).description_attempts == 3
    failures = [record for record in caplog.records if "failed on file" in record.message]
    assert len(failures) == 2
    assert not any(record.exc_info for record in failures)


def test_a_permanent_failure_is_told_once(desk: Open, endpoint: Endpoint) -> None:
    here = desk(spec(endpoint))
    file_id = here.file()
    endpoint.always = status(413, "too large")
    with pytest.raises(DescribeError) as caught:
        here.asking.run("vlm", file_id, 1)
    assert caught.value.error_type is DescriptionErrorType.VALIDATION_ERROR
    assert len(endpoint.asked) == 1


def test_an_engine_that_goes_in_the_middle_burns_no_attempt(desk: Open, endpoint: Endpoint) -> None:
    here, let_go = desk(spec(endpoint, total_seconds=60.0)), threading.Event()
    file_id = here.file()
    endpoint.always = hold(let_go)
    running = threading.Thread(target=here.asking.run, args=["vlm", file_id, 1])
    running.start()
    until(lambda: endpoint.asked)
    endpoint.stop()
    let_go.set()
    until(lambda: here.gates["vlm"].reason)
    until(lambda: here.state(file_id).description_error)
    assert "Waiting for the engine 'vlm'" in (here.state(file_id).description_error or "")
    known = here.database.read(lambda t: t.engines.states())["vlm"]
    assert not known.available
    endpoint.always = say()
    endpoint.start()
    running.join(60)
    assert here.state(file_id).description_status is DescriptionStatus.COMPLETED
    assert here.state(file_id).description_attempts == 1
    assert here.database.read(lambda t: t.engines.states())["vlm"].available


def test_an_image_that_the_engine_never_survives_fails_in_the_end(desk: Open, endpoint: Endpoint) -> None:
    here = desk(spec(endpoint))
    file_id = here.file()
    endpoint.always = status(502, "upstream died")
    with pytest.raises(DescribeError) as caught:
        here.asking.run("vlm", file_id, 1)
    assert caught.value.error_type is DescriptionErrorType.VLM_ERROR
    assert len(endpoint.asked) == MAX_CUT_SHORT
    assert here.state(file_id).description_attempts == 1


def test_an_image_that_kills_the_engine_each_time_fails_in_the_end(desk: Open, endpoint: Endpoint) -> None:
    here = desk(spec(endpoint))
    poison, innocent = here.file(), here.file()
    died = threading.Event()

    def die(handler: Any, body: dict[str, Any]) -> None:
        died.set()
        hang_up(handler, body)

    def known(handler: Any, body: dict[str, Any]) -> None:
        # The first question after each death meets an engine that is not up yet.
        (status(503, "loading") if died.is_set() else say())(handler, body)
        died.clear()

    endpoint.always, endpoint.known = die, known
    with pytest.raises(DescribeError) as caught:
        here.asking.run("vlm", poison, 1)
    assert (caught.value.error_type, caught.value.retryable) == (DescriptionErrorType.VLM_ERROR, True)
    assert len(endpoint.asked) == MAX_CUT_SHORT
    endpoint.always = say()
    assert here.asking.run("vlm", innocent, 1)


def test_one_poisonous_image_shuts_the_gate_for_nobody(desk: Open, endpoint: Endpoint) -> None:
    here = desk(spec(endpoint))
    good, poison = here.file(), here.file()
    assert here.asking.run("vlm", good, 1)
    endpoint.always = status(500, "boom")
    with pytest.raises(DescribeError, match="boom"):
        here.asking.run("vlm", poison, 1)
    assert here.gates["vlm"].reason is None
    assert len(endpoint.asked) == 1 + MAX_ATTEMPTS
    # Once an attempt the engine was asked about a picture that is known, and answered.
    assert len(endpoint.trials) == MAX_ATTEMPTS
    assert here.state(poison).description_attempts == MAX_ATTEMPTS


def test_time_outs_are_an_image_s_until_several_images_meet_them(desk: Open, endpoint: Endpoint) -> None:
    endpoint.always = endpoint.known = sleep(3.0)
    here = desk(spec(endpoint, total_seconds=0.2, concurrency=4))
    alone = here.file()
    with pytest.raises(DescribeError) as caught:
        here.asking.run("vlm", alone, 1)
    assert (caught.value.error_type, caught.value.retryable) == (DescriptionErrorType.TIMEOUT, True)
    assert here.gates["vlm"].reason is None
    jobs = [Job(here, here.file()) for _ in range(3)]
    until(lambda: here.gates["vlm"].reason)
    assert "simple picture of our own" in (here.gates["vlm"].reason or "")
    endpoint.always = endpoint.known = say()
    assert [job.join().failure for job in jobs] == [None] * 3


def test_a_good_description_is_never_replaced_by_what_is_none(desk: Open, endpoint: Endpoint) -> None:
    here = desk(spec(endpoint))
    file_id = here.file()
    here.asking.run("vlm", file_id, 1)
    endpoint.always = say("", reasoning_content="I see a red square.")
    revision = here.database.write(
        lambda t: t.descriptions.ask_again(here.state(file_id), "general", here.state(file_id).created_at)
    )
    with pytest.raises(DescribeError, match="all text is in the model's thoughts"):
        here.asking.run("vlm", file_id, revision)
    assert here.current(file_id).description.text == "A red square on white."
    assert len(here.database.read(lambda t: t.descriptions.versions(file_id))) == 1


def test_a_wrong_key_parks_until_it_is_right(desk: Open, endpoint: Endpoint) -> None:
    endpoint.key = "right"
    here = desk(spec(endpoint, key="wrong"))
    file_id = here.file()
    running = threading.Thread(target=here.asking.run, args=["vlm", file_id, 1])
    running.start()
    until(lambda: here.gates["vlm"].reason)
    assert "refuses our key" in (here.gates["vlm"].reason or "")
    endpoint.key = "wrong"
    running.join(60)
    assert here.state(file_id).description_status is DescriptionStatus.COMPLETED


def test_later_is_waited_for_and_costs_no_attempt(desk: Open, endpoint: Endpoint) -> None:
    here = desk(spec(endpoint))
    first, file_id = here.file(), here.file()
    here.asking.run("vlm", first, 1)
    endpoint.then(status(429, headers={"Retry-After": "0.1"}), status(429, headers={"retry-after-ms": "100"}))
    assert here.asking.run("vlm", file_id, 1)
    assert here.state(file_id).description_attempts == 1
    # An engine that answered before is asked on when its time has come, and about nothing else.
    assert endpoint.trials == []


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "0.1"}, {"Retry-After": "7200"}])
def test_too_many_requests_are_told_however_short(desk: Open, endpoint: Endpoint, headers: dict[str, str]) -> None:
    endpoint.always, endpoint.known = status(429, "limit", headers=headers), None
    here = desk(spec(endpoint))
    file_id = here.file()
    job = Job(here, file_id)
    until(lambda: here.state(file_id).description_error)
    assert "There were too many requests" in (here.state(file_id).description_error or "")
    assert not here.database.read(lambda t: t.engines.states())["vlm"].available
    if headers != {"Retry-After": "7200"}:
        endpoint.always = say()
        assert job.join().failure is None
        assert here.state(file_id).description_attempts == 1
    else:
        assert 3500 < (here.gates["vlm"].busy_seconds or 0) <= 3600
        job.leave()


def test_an_engine_with_too_many_requests_for_everybody_fails_nobody(desk: Open, endpoint: Endpoint) -> None:
    endpoint.always, endpoint.known = status(429, "sk-words of theirs", headers={"Retry-After": "11"}), None
    here = desk(spec(endpoint, later_seconds=0.0))
    file_id = here.file()
    job = Job(here, file_id)
    until(lambda: here.state(file_id).description_error)
    told = here.state(file_id)
    assert told.description_status is DescriptionStatus.QUEUED
    assert "Waiting for the engine 'vlm', which is unavailable. There were too many requests" in told.description_error
    assert told.description_error_type is None
    # `/ready` is there for everybody.
    assert "sk-words" not in (here.gates["vlm"].reason or "")
    assert 0 < (here.gates["vlm"].busy_seconds or 0) <= 11
    job.leave()
    assert here.state(file_id).description_status is DescriptionStatus.QUEUED
    assert len(endpoint.asked) == 1


def test_an_image_that_is_told_later_while_others_are_answered_fails_in_the_end(desk: Open, endpoint: Endpoint) -> None:
    here = desk(spec(endpoint, later_seconds=0.05))
    # Its request is larger than the limit by the minute: it would wait for ever, and others with it.
    endpoint.always = status(429, headers={"Retry-After": "0.02"})
    job = Job(here, here.file())
    while not job.has_ended:
        here.gates["vlm"].answered()  # as for every good answer to others
        time.sleep(0.005)
    assert isinstance(job.failure, DescribeError)
    assert (job.failure.error_type, job.failure.retryable) == (DescriptionErrorType.RATE_LIMIT, True)
    assert len(endpoint.asked) > 1


def test_an_image_that_alone_is_too_much_keeps_nobody_waiting(desk: Open, endpoint: Endpoint) -> None:
    here = desk(spec(endpoint))
    before, poison, after = here.file(), here.file(), here.file()
    here.asking.run("vlm", before, 1)
    endpoint.always = status(429, "too many tokens in one request", headers={"Retry-After": "3600"})
    with pytest.raises(DescribeError) as caught:
        here.asking.run("vlm", poison, 1)
    assert (caught.value.error_type, caught.value.retryable) == (DescriptionErrorType.RATE_LIMIT, True)
    assert here.gates["vlm"].reason is None
    endpoint.always = say()
    assert here.asking.run("vlm", after, 1)


def test_a_fallback_is_asked_when_later_is_too_late(desk: Open, endpoint: Endpoint, other: Endpoint) -> None:
    endpoint.always, endpoint.known = status(429, headers={"Retry-After": "3600"}), None
    here = desk(spec(endpoint, fallbacks=("other",), later_seconds=900.0), spec(other, "other", weight=0.0))
    file_id = here.file()
    assert here.asking.run("vlm", file_id, 1)
    assert here.current(file_id).description.engine == "other"


def test_a_fallback_answers_when_the_engine_is_away_and_when_it_failed(
    desk: Open, endpoint: Endpoint, other: Endpoint
) -> None:
    here = desk(spec(endpoint, fallbacks=("other",)), spec(other, "other", weight=0.0))
    first, second = here.file(), here.file()
    endpoint.always = status(400, "no")
    here.asking.run("vlm", first, 1)
    assert here.current(first).description.engine == "other"
    endpoint.stop()
    here.asking.run("vlm", second, 1)
    assert here.current(second).description.text == "The other one says so."
    endpoint.always = say()
    endpoint.start()
    until(lambda: here.gates["vlm"].reason is None)
    third = here.file()
    here.asking.run("vlm", third, 1)
    assert here.current(third).description.engine == "vlm"


def test_an_engine_that_was_taken_out_of_the_settings(desk: Open, endpoint: Endpoint) -> None:
    here = desk(spec(endpoint))
    file_id = here.file()
    assert here.asking.run("of-yesterday", file_id, 1)
    assert here.current(file_id).description.engine == "vlm"


def test_who_waits_leaves_with_the_worker_and_without_an_outcome(desk: Open, endpoint: Endpoint) -> None:
    endpoint.stop()
    here = desk(spec(endpoint))
    file_id = here.file()
    job = Job(here, file_id)
    until(lambda: here.state(file_id).description_error)
    job.leave()
    assert here.state(file_id).description_status is DescriptionStatus.QUEUED


def test_no_more_questions_at_once_than_the_engine_takes(desk: Open, endpoint: Endpoint) -> None:
    here, let_go = desk(spec(endpoint, concurrency=2)), threading.Event()
    endpoint.always = hold(let_go)
    files = [here.file() for _ in range(8)]
    threads = [threading.Thread(target=here.asking.run, args=["vlm", file_id, 1]) for file_id in files]
    for thread in threads:
        thread.start()
    until(lambda: endpoint.at_once == 2)
    let_go.set()
    for thread in threads:
        thread.join(60)
    assert endpoint.most_at_once == 2
    assert len(endpoint.asked) == 8
