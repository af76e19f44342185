"""Every way in which engines answer, through the whole of asking: described, failed, or waiting for the engine."""

from collections.abc import Callable

import pytest

from scopix.types.vocabulary import DescriptionStatus
from scopix_server.domain.engines import waiting_for
from scopix_server.domain.errors import DescribeError
from tests.support.desk import Desk, Job, spec_of, until
from tests.support.endpoint import Endpoint, say
from tests.support.engine_answers import CASES, Case

Open = Callable[..., Desk]
FAULTS = {name: case for name, case in CASES.items() if case.alone != "good"}


@pytest.fixture(scope="module")
def endpoint():
    with Endpoint() as running:
        yield running


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.alone != "fails"])
def test_an_engine_that_answers_so_from_the_start(desk: Open, endpoint: Endpoint, name: str) -> None:
    case: Case = CASES[name]
    endpoint.always, endpoint.known = case.behave, None
    here = desk(spec_of(endpoint))
    file_id = here.file()
    job = Job(here, file_id)
    if case.alone == "waits":
        until(lambda: here.state(file_id).description_error or job.has_ended)
        told = here.state(file_id)
        assert told.description_status is DescriptionStatus.QUEUED, job.failure
        assert told.description_error == waiting_for("vlm", here.gates["vlm"].reason)
        assert case.reason in (told.description_error or "")
        assert "token=s" not in (told.description_error or "")
        assert (told.description_error_type, told.description_is_retryable) == (None, None)
        # What `/ready` and `doctor` read.
        known = here.database.read(lambda t: t.engines.states())["vlm"]
        assert (known.available, known.reason) == (False, here.gates["vlm"].reason)
        # Once it answers well, the gate opens by itself.
        endpoint.always = say()
    assert job.join().failure is None
    found = here.state(file_id)
    assert (found.description_status, found.description_attempts) == (DescriptionStatus.COMPLETED, 1)
    assert found.description_error is None
    text = here.current(file_id).description.text
    assert text == "A red square on white." if case.alone == "waits" else text.startswith("A red bus parks beside a ")


@pytest.mark.parametrize("name", FAULTS)
def test_an_image_that_an_engine_answers_so_which_is_well_otherwise(desk: Open, endpoint: Endpoint, name: str) -> None:
    case: Case = FAULTS[name]
    endpoint.always = endpoint.known = say()
    here = desk(spec_of(endpoint))
    before, poison, after = here.file(), here.file(), here.file()
    assert here.asking.run("vlm", before, 1)
    endpoint.always = case.behave
    with pytest.raises(DescribeError) as caught:
        here.asking.run("vlm", poison, 1)
    assert (caught.value.error_type.value, caught.value.retryable) == case.to_image, caught.value
    assert here.gates["vlm"].reason is None
    assert here.current(poison) is None
    endpoint.always = say()
    assert here.asking.run("vlm", after, 1)
