"""The local model: real llama.cpp, a real (tiny, random) model, in a process of its own."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from jsonschema import Draft202012Validator

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server import categories
from scopix_server.domain.description import Box, Perception, TextRegion
from scopix_server.domain.engines import EngineSpec, EngineUnavailable, Question
from scopix_server.domain.errors import DescribeError
from scopix_server.vlm.llama import LlamaEngine
from scopix_server.vlm.openai_compatible import OpenAICompatibleEngine
from tests.support.endpoint import Endpoint, garbage, hang_up, pass_on, say, status
from tests.support.images import encoded, picture
from tests.support.tiny_model import write_tiny_model

JPEG = encoded(picture(600, 400), "JPEG")


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> EngineSpec:
    model, projector = write_tiny_model(tmp_path_factory.mktemp("tiny"))
    return EngineSpec(
        "local",
        "llama",
        model="tiny",
        model_file=str(model),
        projector_file=str(projector),
        # A random model writes until it is stopped: a byte a token.
        max_tokens=5000,
        max_description=150,
        max_tags=4,
        temperature=0.9,
        total_seconds=60,
    )


@pytest.fixture(scope="module")
def local(spec: EngineSpec) -> Iterator[LlamaEngine]:
    engine = LlamaEngine(spec, threads=1)
    yield engine
    engine.close()


def question(category: str = "general") -> Question:
    text = (TextRegion("LEGEND", Box(0, 0, 1, 1), 0.9), TextRegion("50 × 70 mm é", Box(0, 0, 1, 1), 0.9))
    found = categories.get(category)
    return Question(JPEG, Perception(600, 400, text=text), category, found.prompt, found.schema)


OWN = """
name: harbour_log
title: Harbour log
prompt: Name the vessels that lie at the quay.
schema:
  properties:
    vessels: {type: array, items: {type: string, maxLength: 20}, maxItems: 3}
    berth: {type: [string, "null"], maxLength: 10}
"""


def test_one_image_under_two_categories_and_one_of_our_own(local: LlamaEngine, tmp_path: Path) -> None:
    (tmp_path / "harbour_log.yaml").write_text(OWN)
    catalogue = categories.catalogue_with(tmp_path)
    answers = {}
    for name in ("map", "construction", "harbour_log"):
        found = catalogue.get(name)
        asked = Question(JPEG, Perception(600, 400), name, found.prompt, found.schema)
        said = answers[name] = local.answer(asked)
        Draft202012Validator(found.schema).validate(said.category_data)
        # A random model may leave a field empty; of fields of another category it knows nothing.
        assert set(said.category_data) <= set(found.schema["properties"])
    assert len({said.provenance.prompt_hash for said in answers.values()}) == 3
    assert len({said.text for said in answers.values()}) == 3


def processes() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "scopix_server.vlm.llama_process" in child.cmdline():
                found.append(child)
    return found


@pytest.mark.parametrize("category", ["general", "ce_plan", "architectural_design", "map"])
def test_answers_meet_the_schema_of_their_category(local: LlamaEngine, category: str) -> None:
    said = local.answer(question(category))
    assert (said.engine, said.model) == ("local", "tiny")
    assert said.visible_text == "LEGEND\n50 × 70 mm é"
    assert len(said.text) <= 150
    assert len(said.tags) <= 4
    assert said.provenance.input_tokens
    assert said.provenance.output_tokens
    assert Draft202012Validator(categories.get(category).schema).is_valid(said.category_data)
    assert local.json_mode == "json_schema"


def test_a_stranger_on_this_machine_gets_no_answer(local: LlamaEngine) -> None:
    local.answer(question())
    (process,) = processes()
    (connection,) = [each for each in process.net_connections() if each.status == psutil.CONN_LISTEN]
    assert connection.laddr.ip == "127.0.0.1"
    stranger = OpenAICompatibleEngine(EngineSpec("x", "openai", f"http://127.0.0.1:{connection.laddr.port}/v1"))
    with pytest.raises(EngineUnavailable, match="key"):
        stranger.answer(question())
    stranger.close()
    # Neither in the arguments nor in the environment is there a key to be read by others.
    assert process.cmdline()[-1] == "scopix_server.vlm.llama_process"


def test_a_process_that_dies_costs_one_attempt(local: LlamaEngine) -> None:
    local.answer(question())
    for _ in range(3):
        (process,) = processes()
        asked = threading.Thread(target=process.kill)
        asked.start()
        # Whether the question finds it dead or dying, at most this one is lost: the one after it meets another process.
        with suppress(DescribeError):
            local.answer(question())
        asked.join()
        assert local.answer(question()).engine == "local"
        assert processes()[0].pid != process.pid


def test_a_process_that_was_dead_before_it_was_asked_costs_none(local: LlamaEngine) -> None:
    local.answer(question())
    (process,) = processes()
    # Stopped, it takes no more connections and is no corpse yet; killed, it is one until somebody asks for it.
    process.kill()
    psutil.wait_procs([process], timeout=20)
    assert local.answer(question()).engine == "local"


def test_it_is_unloaded_when_nobody_asks(spec: EngineSpec) -> None:
    before = {process.pid for process in processes()}
    engine = LlamaEngine(replace(spec, idle_seconds=0.3), threads=1)
    assert not engine.loaded
    engine.answer(question())
    assert engine.loaded
    deadline = time.monotonic() + 20
    while engine.loaded and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not engine.loaded
    assert {process.pid for process in processes()} == before
    engine.answer(question())
    engine.close()
    assert {process.pid for process in processes()} == before


def test_a_damaged_model_is_told(spec: EngineSpec, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(Path(spec.model_file or "").read_bytes()[:200_000])
    engine = LlamaEngine(replace(spec, model_file=str(damaged)), threads=1)
    with pytest.raises(EngineUnavailable, match="cannot be loaded"):
        engine.answer(question())
    assert not engine.loaded


def test_a_model_that_is_not_there(spec: EngineSpec) -> None:
    engine = LlamaEngine(replace(spec, projector_file="/nowhere/mmproj.gguf"))
    with pytest.raises(EngineUnavailable, match="/nowhere/mmproj"):
        engine.probe()


# A real server behind a proxy that misbehaves ----------------------------------------------------------------------


@pytest.fixture
def behind_proxy(local: LlamaEngine) -> Iterator[tuple[OpenAICompatibleEngine, Endpoint]]:
    local.answer(question())
    inner = local._running.engine.spec  # type: ignore[union-attr]
    with Endpoint(pass_on(inner.url, inner.key), models=("tiny",)) as proxy:
        engine = OpenAICompatibleEngine(replace(local.spec, kind="openai", url=proxy.url))
        yield engine, proxy
        engine.close()


def test_a_real_server_behind_a_proxy(behind_proxy: tuple[OpenAICompatibleEngine, Endpoint]) -> None:
    engine, proxy = behind_proxy
    said = engine.answer(question("construction"))
    assert said.model == "tiny"
    assert Draft202012Validator(categories.get("construction").schema).is_valid(said.category_data)
    assert len(proxy.asked) == 1


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (status(500), DescriptionErrorType.VLM_ERROR),
        (garbage, DescriptionErrorType.VLM_ERROR),
        (hang_up, DescriptionErrorType.VLM_ERROR),
        (status(429), DescriptionErrorType.RATE_LIMIT),
    ],
)
def test_a_failure_in_between_does_not_last(
    behind_proxy: tuple[OpenAICompatibleEngine, Endpoint], behaviour: object, kind: DescriptionErrorType
) -> None:
    engine, proxy = behind_proxy
    proxy.then(behaviour)  # type: ignore[arg-type]
    with pytest.raises(DescribeError) as caught:
        engine.answer(question())
    assert caught.value.error_type is kind
    assert engine.answer(question()).model == "tiny"


def test_truncated_json_is_repaired_by_the_real_server(
    behind_proxy: tuple[OpenAICompatibleEngine, Endpoint],
) -> None:
    engine, proxy = behind_proxy
    proxy.then(say(json.dumps({"description": "A cat on a mat"})[:-3], finish_reason="length"))
    assert engine.answer(question()).model == "tiny"
    assert len(proxy.asked) == 2
