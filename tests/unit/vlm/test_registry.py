"""Engines from the settings and from files."""

from pathlib import Path

import pytest

from scopix_server.domain.engine_choice import EngineChoice
from scopix_server.domain.errors import ValidationFailed
from scopix_server.vlm.registry import read_engines

YAML = """
engines:
  - {name: big, url: "http://gpu:8000/v1", model: m, key_env: BIG_KEY, weight: 3, headers: {X-Team: archive}}
  - {name: small, url: "http://127.0.0.1:11434/v1", model: s, fallbacks: [builtin]}
  - {name: spare, url: "https://example.test/v1", model: s, fallback_for: [big]}
"""
TOML = '[[engines]]\nname = "one"\nurl = "http://gpu:8000/v1"\n'
JSON = '[{"name": "one", "kind": "llama", "model_file": "/m.gguf", "projector_file": "/p.gguf", "concurrency": 9}]'


def read(text: str, folder: Path, suffix: str = "yaml", **environment: str) -> EngineChoice:
    file = folder / f"engines.{suffix}"
    file.write_text(text)
    return read_engines(None, file, environment.get, _models)


def _models(name: str) -> tuple[str, str]:
    raise LookupError(f"there is no model '{name}' in the table")


def test_several_engines(tmp_path: Path) -> None:
    choice = read(YAML, tmp_path, BIG_KEY="sk-1")
    big, small, spare = choice.specs
    assert (big.key, big.weight, big.fallbacks, big.headers) == ("sk-1", 3, ("spare",), (("X-Team", "archive"),))
    assert (small.weight, small.fallbacks) == (1, ("builtin",))
    assert spare.weight == 0
    assert choice.names == ("big", "small", "spare", "builtin")
    assert choice.in_order("big") == ("big", "spare")
    assert "sk-1" not in repr(choice)
    assert "archive" not in repr(choice)


@pytest.mark.parametrize(("text", "suffix"), [(TOML, "toml"), (JSON, "json")])
def test_other_forms(tmp_path: Path, text: str, suffix: str) -> None:
    assert read(text, tmp_path, suffix).names == ("one", "builtin")


def test_a_model_on_this_machine_is_asked_one_question_at_a_time(tmp_path: Path) -> None:
    (spec,) = read(JSON, tmp_path, "json").specs
    assert (spec.concurrency, spec.model) == (1, "m")


def test_one_engine_of_the_settings() -> None:
    entry = {"name": "vlm", "url": "http://127.0.0.1:1/v1", "key": "sk-2", "fallbacks": ["builtin"]}
    (spec,) = read_engines(entry, None, {}.get, _models).specs
    assert (spec.name, spec.kind, spec.key, spec.concurrency) == ("vlm", "openai", "sk-2", 2)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("engines: [{name: a, url: 'http://h/v1', colour: red}]", "entry 1 of .*colour: Extra inputs"),
        ("engines: [{name: a, url: 'http://u:p@h/v1'}]", "url: .*must not hold a user"),
        ("engines: [{name: a, url: 'file:///etc/passwd'}]", "url: .*must be"),
        ("engines: [{name: a}]", "needs a url"),
        ('engines: [{name: a, url: "http://h/v\\n1"}]', "url: .*U\\+000A at position 11"),
        ('engines: [{name: a, url: "http://h", key: "sk-1\\n2"}]', "key: .*U\\+000A at position 5"),
        ('engines: [{name: a, url: "http://h", headers: {"X Y": a}}]', "headers: .*cannot be the name"),
        ("engines: [{name: a, url: 'http://h', headers: {X: 'é'}}]", "headers: .*U\\+00E9"),
        ("engines: [{name: a, url: 'http://h', proxy: 'http://u:p@q@h'}]", "proxy: .*%40"),
        ("engines: [{name: 'a b', url: 'http://h/v1'}]", "a name has"),
        ("engines: [{name: human, url: 'http://h/v1'}]", "is taken"),
        ("engines: [{name: builtin, url: 'http://h/v1'}]", "is taken"),
        ("engines: [{name: a, url: 'http://h'}, {name: a, url: 'http://h'}]", "two engines are called 'a'"),
        ("engines: [{name: a, url: 'http://h', fallbacks: [b]}]", "names 'b', which is not there"),
        ("engines: [{name: a, url: 'http://h', key_env: NOT_SET}]", "NOT_SET, which is not set"),
        ("engines: [{name: a, kind: llama}]", "needs a model"),
        ("engines: [{name: a, kind: llama, model: nobody}]", "no model 'nobody'"),
        ("engines: [{name: a, kind: llama, model_file: x}]", "projector_file"),
        ("engines: [{name: a, url: 'http://h', concurrency: 0}]", "concurrency"),
        ("engines: {a: 1}", "no list 'engines'"),
        ("engines: [", "cannot be understood"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read(text, tmp_path)


def test_a_wrong_entry_is_told_without_its_key(tmp_path: Path) -> None:
    with pytest.raises(ValueError) as caught:
        read("engines: [{name: a, url: 'ftp://h', key: sk-secret, headers: {A: sk-other}}]", tmp_path)
    assert "sk-" not in str(caught.value)


def test_a_file_that_is_no_yaml_is_told_without_the_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="in line 2") as caught:
        read("engines:\n  - {name: a, key: sk-secret-1234, : }: x", tmp_path)
    assert "sk-" not in str(caught.value)


def test_keys_and_addresses_are_read_without_what_is_around_them(tmp_path: Path) -> None:
    entry = '{name: a, url: " http://h/v1\\n", key_env: KEY, proxy: "http://u:p@proxy:1\\r\\n", headers: {X: " a b "}}'
    (spec,) = read(f"engines: [{entry}]", tmp_path, KEY="sk-1\r\n").specs
    assert (spec.url, spec.key, spec.proxy) == ("http://h/v1", "sk-1", "http://u:p@proxy:1")
    assert spec.headers == (("X", "a b"),)


def test_a_key_of_the_environment_that_is_none_is_told_without_it(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match="key in KEY holds the sign U\\+00E9 LATIN SMALL LETTER E WITH ACUTE"
    ) as caught:
        read("engines: [{name: a, url: 'http://h', key_env: KEY}]", tmp_path, KEY="sk-secret-é-1")
    assert "sk-" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        read_engines(None, tmp_path / "none.yaml", {}.get, _models)


# Which one ----------------------------------------------------------------------------------------------------------


def test_shares_follow_the_weights_and_an_image_keeps_its_engine(tmp_path: Path) -> None:
    choice = read(YAML, tmp_path, BIG_KEY="x")
    picked = [choice.pick(None, f"file-{number}") for number in range(2000)]
    assert picked == [choice.pick(None, f"file-{number}") for number in range(2000)]
    assert 0.70 < picked.count("big") / 2000 < 0.80
    assert "spare" not in picked
    assert choice.pick("spare", "file-1") == "spare"
    assert choice.pick("gone", "file-1") == picked[1]


def test_without_engines_the_built_in_describer_answers() -> None:
    assert EngineChoice().pick(None, "x") == "builtin"
    assert EngineChoice().names == ("builtin",)


def test_the_built_in_describer_may_have_a_share(tmp_path: Path) -> None:
    choice = read("[{name: builtin, kind: builtin, weight: 1}, {name: a, url: 'http://h/v1', weight: 1}]", tmp_path)
    assert {choice.pick(None, str(number)) for number in range(50)} == {"builtin", "a"}
    assert [spec.name for spec in choice.remote] == ["a"]


def test_an_engine_that_is_not_configured_is_refused_by_name() -> None:
    with pytest.raises(ValidationFailed, match="no engine 'x'"):
        EngineChoice().check("x")
