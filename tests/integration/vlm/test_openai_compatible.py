"""An OpenAI-compatible engine against an endpoint that behaves, and one that does not."""

import base64
import io
import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any

import pytest
from PIL import Image

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server import categories
from scopix_server.domain.description import Box, Perception, TextRegion
from scopix_server.domain.engines import EngineBusy, EngineSpec, EngineUnavailable, Question
from scopix_server.domain.errors import DescribeError
from scopix_server.vlm.openai_compatible import OpenAICompatibleEngine
from tests.support.endpoint import Behaviour, Endpoint, garbage, hang_up, say, sleep, status
from tests.support.images import encoded, picture

KEY = "sk-very-secret-0123456789"
JPEG = encoded(picture(), "JPEG")


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as running:
        yield running


Build = Callable[..., OpenAICompatibleEngine]


@pytest.fixture
def engine() -> Iterator[Build]:
    made: list[OpenAICompatibleEngine] = []

    def build(endpoint: Endpoint, **changes: Any) -> OpenAICompatibleEngine:
        values = {"url": endpoint.url, "model": "fixed-1", "total_seconds": 30.0, "connect_seconds": 10.0} | changes
        made.append(OpenAICompatibleEngine(EngineSpec("test", "openai", **values)))
        return made[-1]

    yield build
    for each in made:
        each.close()


def question(category: str = "general", *lines: str) -> Question:
    text = tuple(TextRegion(line, Box(0, 0, 1, 1), 0.9) for line in lines)
    found = categories.get(category)
    return Question(JPEG, Perception(320, 240, text=text), category, found.prompt, found.schema)


def test_an_answer(engine: Build, endpoint: Endpoint) -> None:
    said = engine(endpoint, price_in=2.0, price_out=10.0).answer(question("general", "STOP"))
    assert said.text == "A red square on white."
    assert said.tags == ("square", "red")
    assert said.visible_text == "STOP"
    assert (said.engine, said.model) == ("test", "fixed-1")
    provenance = said.provenance
    assert (provenance.input_tokens, provenance.output_tokens, provenance.language) == (1000, 50, "en")
    assert provenance.cost == pytest.approx(0.0025)
    assert provenance.seconds is not None
    assert len(provenance.prompt_hash or "") == 64


def test_the_image_is_sent_as_it_is(engine: Build, endpoint: Endpoint) -> None:
    engine(endpoint).answer(question())
    url = endpoint.asked[0]["messages"][1]["content"][0]["image_url"]["url"]
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as sent:
        assert sent.size == (320, 240)


def test_the_same_image_under_two_categories(engine: Build, endpoint: Endpoint) -> None:
    asked = engine(endpoint)
    endpoint.then(
        say(json.dumps({"description": "A map of paths.", "tags": [], "category_data": {"legend": ["Path"]}})),
        say(json.dumps({"description": "A crane.", "tags": [], "category_data": {"equipment": ["crane"]}})),
    )
    assert asked.answer(question("map")).category_data == {"legend": ["Path"]}
    assert asked.answer(question("construction")).category_data == {"equipment": ["crane"]}


E = DescriptionErrorType
CASES = {
    "too slow": (sleep(4.0), E.TIMEOUT, True),
    "server error": (status(500, "boom"), E.VLM_ERROR, True),
    "request time-out": (status(408), E.TIMEOUT, True),
    "garbage": (garbage, E.VLM_ERROR, True),
    "no completion": (lambda handler, _: handler.answer(200, {"object": "list", "data": []}), E.VLM_ERROR, True),
    "an error with 200": (
        lambda handler, _: handler.answer(200, {"error": {"message": "out of memory"}}),
        E.VLM_ERROR,
        True,
    ),
    "hang-up": (hang_up, E.VLM_ERROR, True),
    "image refused": (status(413, "image too large"), E.VALIDATION_ERROR, False),
    "moderation": (status(403, "content policy"), E.VALIDATION_ERROR, False),
}


@pytest.mark.parametrize("case", CASES)
def test_every_failure_is_classified(engine: Build, endpoint: Endpoint, case: str) -> None:
    behaviour, kind, retryable = CASES[case]
    endpoint.always = behaviour
    with pytest.raises(DescribeError) as caught:
        engine(endpoint, total_seconds=1.0 if case == "too slow" else 30.0).answer(question())
    assert (caught.value.error_type, caught.value.retryable) == (kind, retryable), caught.value
    # A 500 may mean the schema, so the other forms are tried before it is believed.
    assert len(endpoint.asked) == (3 if case == "server error" else 1)


@pytest.mark.parametrize("code", [502, 503, 504, 524, 529])
def test_a_gateway_that_speaks_for_an_absent_engine(engine: Build, endpoint: Endpoint, code: int) -> None:
    endpoint.always = status(code, "no upstream")
    with pytest.raises(EngineUnavailable) as caught:
        engine(endpoint).answer(question())
    assert caught.value.failure is not None
    assert caught.value.failure.retryable


def test_an_engine_that_is_off(engine: Build) -> None:
    with Endpoint() as gone:
        asked = engine(gone)
    for ask in (lambda: asked.answer(question()), asked.probe):
        with pytest.raises(EngineUnavailable, match="cannot be reached") as caught:
            ask()
        assert caught.value.failure is None


def test_a_host_that_has_no_address(engine: Build) -> None:
    with Endpoint() as unused, pytest.raises(EngineUnavailable):
        engine(unused, url="http://engine.invalid/v1").answer(question())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "7"}, 7.0), ({"retry-after-ms": "1500"}, 1.5), ({}, None), ({"Retry-After": "soon"}, None)],
)
def test_too_many_requests_means_later(
    engine: Build, endpoint: Endpoint, headers: dict[str, str], seconds: float | None
) -> None:
    endpoint.always = status(429, "slow down", headers)
    with pytest.raises(EngineBusy) as caught:
        engine(endpoint).answer(question())
    assert caught.value.seconds == seconds
    assert caught.value.error_type is DescriptionErrorType.RATE_LIMIT


def test_a_date_to_come_back_at(engine: Build, endpoint: Endpoint) -> None:
    endpoint.always = status(429, "slow down", {"Retry-After": formatdate(time.time() + 30, usegmt=True)})
    with pytest.raises(EngineBusy) as caught:
        engine(endpoint).answer(question())
    assert 20 < (caught.value.seconds or 0) <= 30


# JSON ---------------------------------------------------------------------------------------------------------------


def forms(endpoint: Endpoint) -> list[str | None]:
    return [body.get("response_format", {}).get("type") for body in endpoint.asked]


def test_the_ladder_is_climbed_down_once(engine: Build, endpoint: Endpoint) -> None:
    asked = engine(endpoint)
    endpoint.then(status(400, "response_format json_schema is not supported"), status(422, "nor json_object"))
    asked.answer(question())
    assert forms(endpoint) == ["json_schema", "json_object", None]
    assert asked.json_mode == "plain"
    asked.answer(question())
    assert forms(endpoint)[3:] == [None]


def test_a_rung_that_worked_is_not_left_for_one_image_that_is_refused(engine: Build, endpoint: Endpoint) -> None:
    asked = engine(endpoint)
    asked.answer(question())
    endpoint.then(status(400, "cannot decode this image"))
    with pytest.raises(DescribeError) as caught:
        asked.answer(question())
    assert caught.value.error_type is DescriptionErrorType.VALIDATION_ERROR
    asked.answer(question())
    assert forms(endpoint) == ["json_schema"] * 3


def test_parameters_that_an_endpoint_does_not_take(engine: Build, endpoint: Endpoint) -> None:
    asked = engine(endpoint)
    endpoint.then(
        status(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
        status(400, "'temperature' does not support 0.1 with this model."),
    )
    asked.answer(question())
    asked.answer(question())
    first, second, third, fourth = endpoint.asked
    assert "max_tokens" in first
    assert "max_completion_tokens" in second
    for body in (third, fourth):
        assert "temperature" not in body
        assert "max_tokens" not in body
        assert body["response_format"]["type"] == "json_schema"


BAD = {
    "prose": say("A lovely cat."),
    "truncated": say('{"description": "A cat that', finish_reason="length"),
    "repetition": say(json.dumps({"description": "la la la " * 200, "tags": []})),
    "thoughts only": say("<think>hm", finish_reason="length"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_answer_is_repaired_in_one_round(engine: Build, endpoint: Endpoint, case: str) -> None:
    endpoint.then(BAD[case])
    said = engine(endpoint).answer(question())
    assert said.text == "A red square on white."
    assert len(endpoint.asked) == 2
    assert [m["role"] for m in endpoint.asked[1]["messages"]] == ["system", "user", "assistant", "user"]
    assert said.provenance.output_tokens == 100


@pytest.mark.parametrize("case", BAD)
def test_a_bad_answer_that_stays_bad_is_a_failure(engine: Build, endpoint: Endpoint, case: str) -> None:
    endpoint.always = BAD[case]
    with pytest.raises(DescribeError) as caught:
        engine(endpoint).answer(question())
    assert caught.value.error_type is DescriptionErrorType.VLM_ERROR
    assert caught.value.retryable
    assert len(endpoint.asked) == 2


@pytest.mark.parametrize("answer", [say(""), say(None)])  # type: ignore[arg-type]
def test_an_empty_answer_is_asked_for_again_in_another_form(
    engine: Build, endpoint: Endpoint, answer: Behaviour
) -> None:
    asked = engine(endpoint)
    endpoint.then(answer)
    assert asked.answer(question()).text == "A red square on white."
    assert forms(endpoint) == ["json_schema", "json_object"]
    assert asked.json_mode == "json_object"
    endpoint.always = answer
    with pytest.raises(DescribeError, match="it is empty"):
        asked.answer(question())
    # What was proven by a good answer is not given up for an empty one.
    assert forms(endpoint)[2:] == ["json_object"] * 2


@pytest.mark.parametrize("code", [400, 500])
def test_a_schema_that_is_refused_for_one_category_is_kept_for_the_others(
    engine: Build, endpoint: Endpoint, code: int
) -> None:
    asked = engine(endpoint)

    def picky(handler: Any, body: dict[str, Any]) -> None:
        refused = "structural_elements" in json.dumps(body.get("response_format", ""))
        (status(code, "Failed to initialize samplers: failed to parse grammar") if refused else say())(handler, body)

    endpoint.always = picky
    for category in ("construction", "general", "construction", "map", "general"):
        asked.answer(question(category))
    schema, other = "json_schema", "json_object"
    assert forms(endpoint) == [schema, other, schema, other, schema, schema]


def test_a_schema_that_is_refused_all_at_once_is_given_up(engine: Build, endpoint: Endpoint) -> None:
    asked = engine(endpoint)
    asked.answer(question())
    # The server was replaced by a build that has no grammars.
    endpoint.then(status(400, "Failed to initialize samplers: failed to parse grammar"))
    asked.answer(question())
    asked.answer(question())
    assert forms(endpoint) == ["json_schema", "json_schema", "json_object", "json_object"]


def test_what_an_endpoint_needs_beside_is_sent(engine: Build, endpoint: Endpoint) -> None:
    extra = {"reasoning_effort": "low", "chat_template_kwargs": {"enable_thinking": False}, "think": False}
    said = engine(endpoint, extra_body=extra, max_description=2000).answer(question("construction"))
    (body,) = endpoint.asked
    assert {name: body[name] for name in extra} == extra
    assert said.provenance.prompt_hash != engine(endpoint).answer(question("construction")).provenance.prompt_hash
    # llama.cpp refuses some bounds of 2,000 and more.
    schema = body["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["description"]["maxLength"] == 1999
    assert not re.search(r'"max(Length|Items)": [2-9]\d{3}', json.dumps(schema))


# Keys ---------------------------------------------------------------------------------------------------------------


def test_the_key_is_sent_and_told_to_nobody(
    engine: Build, endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.key = KEY
    caplog.set_level(logging.DEBUG)
    asked = engine(endpoint, key=KEY)
    assert asked.answer(question()).text
    assert KEY not in repr(asked.spec)
    wrong = engine(endpoint, key=KEY + "x")
    with pytest.raises(EngineUnavailable, match="refuses our key") as caught:
        wrong.answer(question())
    assert KEY not in str(caught.value)
    with pytest.raises(EngineUnavailable, match="refuses our key"):
        wrong.probe()
    assert KEY not in caplog.text


def test_a_model_that_is_not_there(engine: Build, endpoint: Endpoint) -> None:
    endpoint.always = status(404, "model not found")
    asked = engine(endpoint, model="llava")
    with pytest.raises(EngineUnavailable, match=r"no model 'llava'; it offers: fixed-1"):
        asked.answer(question())
    endpoint.models = ("fixed-1", "models/llava")
    with pytest.raises(EngineUnavailable, match="nothing to ask at its address"):
        asked.answer(question())


def test_a_list_of_models_without_end_is_not_read_to_its_end(engine: Build, endpoint: Endpoint) -> None:
    endpoint.models = ("x" * 5 * 2**20,)
    with pytest.raises(EngineUnavailable, match="Its list of models is longer than 4 MiB"):
        engine(endpoint).probe()


def test_an_endpoint_without_a_list_of_models_can_be_probed(engine: Build, endpoint: Endpoint) -> None:
    endpoint.models = None
    engine(endpoint).probe()
