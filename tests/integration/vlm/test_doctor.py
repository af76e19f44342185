"""`scopix-server doctor engine`, as an operator runs it."""

import base64
import io
import json
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from tests.support.commands import command
from tests.support.endpoint import Behaviour, Endpoint, say, status
from tests.support.tiny_model import write_tiny_model


def looking() -> Behaviour:
    """Answer with the colour of the pixel in the middle, as something that sees would."""

    def behave(handler, body) -> None:
        url = next(part["image_url"]["url"] for part in body["messages"][1]["content"] if part["type"] == "image_url")
        with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as picture:
            red, _, blue = picture.getpixel((picture.width // 2, picture.height // 2))
        colour = "red" if red > blue else "blue"
        say(json.dumps({"description": f"A {colour} circle on white.", "tags": [colour]}))(handler, body)

    return behave


def doctor(tmp_path: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return command(tmp_path, "doctor", "engine", *arguments, **settings)


def test_an_engine_that_works(tmp_path: Path) -> None:
    with Endpoint(looking()) as endpoint:
        endpoint.known = None
        done = doctor(tmp_path, "--json", engine_url=endpoint.url, engine_model="fixed-1", engine_key="sk-hidden")
    assert done.returncode == 0, done.stderr
    (report,) = json.loads(done.stdout)
    assert report["usable"]
    assert (report["reachable"], report["vision"], report["json_mode"]) == (True, True, "json_schema")
    assert (report["model_listed"], report["output_tokens"]) == (True, 50)
    assert report["seconds"] >= 0
    assert "sk-hidden" not in done.stdout + done.stderr


def test_an_engine_that_does_not_see(tmp_path: Path) -> None:
    with Endpoint(say(json.dumps({"description": "A nice picture.", "tags": []}))) as endpoint:
        endpoint.known = None
        done = doctor(tmp_path, engine_url=endpoint.url, engine_model="other")
    assert done.returncode == 1
    assert "sees images   no" in done.stdout
    assert "model listed  no" in done.stdout
    assert "verdict       cannot be used" in done.stdout


def test_an_engine_that_is_off(tmp_path: Path) -> None:
    with Endpoint() as gone:
        url = gone.url
    done = doctor(tmp_path, engine_url=url)
    assert done.returncode == 1
    assert "reachable     no" in done.stdout
    assert "It cannot be reached" in done.stdout


def test_an_engine_that_takes_no_images(tmp_path: Path) -> None:
    with Endpoint(status(400, "image input is not supported")) as endpoint:
        endpoint.known = None
        done = doctor(tmp_path, "--json", engine_url=endpoint.url)
    assert done.returncode == 1
    assert "image input is not supported" in json.loads(done.stdout)[0]["problem"]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (say(""), "it is empty"),
        (say("", reasoning="A red circle."), "in the model's thoughts"),
        (say("A red circle on white."), "no JSON object"),
        (status(404, "404 page not found"), "most end in /v1"),
    ],
)
def test_an_engine_whose_answers_cannot_be_used(tmp_path: Path, answer: Behaviour, problem: str) -> None:
    with Endpoint(answer) as endpoint:
        endpoint.known = None
        done = doctor(tmp_path, engine_url=endpoint.url)
    assert done.returncode == 1
    assert problem in done.stdout
    assert "verdict       cannot be used" in done.stdout


def test_a_real_model_is_loaded_tried_and_ended(tmp_path: Path) -> None:
    model, projector = write_tiny_model(tmp_path / "tiny")
    settings = {"engine_kind": "llama", "engine_model_file": str(model), "engine_projector_file": str(projector)}
    done = doctor(
        tmp_path,
        "--json",
        **settings,
        engine_max_tokens="6000",
        engine_temperature="0.9",
        engine_max_description="150",
        engine_max_tags="2",
        engine_threads="1",
    )
    (report,) = json.loads(done.stdout)
    assert (report["reachable"], report["json_mode"], report["model"]) == (True, "json_schema", "model")
    # Its weights are random: it names no colour.
    assert (report["vision"], report["usable"], done.returncode) == (False, False, 1)


def test_nothing_to_try(tmp_path: Path) -> None:
    done = doctor(tmp_path)
    assert done.returncode == 1
    assert "No engine is configured" in done.stderr
