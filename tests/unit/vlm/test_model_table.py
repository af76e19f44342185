"""The models that are named: those that can be pulled, and those for other tools."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scopix_server.cli.models import models_app
from scopix_server.vlm.model_table import ModelTable


def test_each_has_a_licence_a_source_and_what_it_is_for(tmp_path: Path) -> None:
    known = ModelTable(tmp_path)
    named = [*known, *known.suggested]
    assert len({model.name for model in named}) == len(named) >= 8
    for model in named:
        assert model.licence and model.note, model
        assert model.source.startswith("https://"), model
    assert all(model.prompt_tokens for model in known.suggested)


def test_a_table_of_ones_own_need_not_suggest_any(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(json.dumps({"models": []}), "utf-8")
    known = ModelTable(tmp_path, table=tmp_path / "own.json")
    assert ([*known], known.suggested) == ([], ())


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_they_are_listed(tmp_path: Path, options: list[str]) -> None:
    shown = CliRunner().invoke(models_app, ["list", "--data-dir", str(tmp_path), *options])
    assert shown.exit_code == 0, shown.output
    for name in ("qwen3-vl-2b", "Gemma 4 E2B", "1,120"):
        assert name in shown.output
    if options:
        here = {model["name"]: (model["here"], model["prompt_tokens"]) for model in json.loads(shown.output)}
        assert here["LFM2.5-VL-450M"] == (False, "32 to 256 for each 512 x 512 pixels, by setting")
        assert here["smolvlm-500m"] == (False, None)
