"""What an endpoint calls its model is shown to everybody: where its file lies is not."""

import pytest

from scopix_server.vlm.openai_compatible import _model_name


@pytest.mark.parametrize(
    "path",
    [
        "/srv/models/q.gguf",
        "C:\\Users\\bob\\models\\q.gguf",
        "d:/models/q.gguf",
        "\\\\nas\\models\\q.gguf",
        "~/q.gguf",
        "../q.gguf",
        ".\\q.gguf",
        "file:///srv/q.gguf",
        "\0\ud800",
        "",
    ],
)
def test_a_path_is_no_name(path: str) -> None:
    assert _model_name(path, "configured") == "configured"


@pytest.mark.parametrize("name", ["gpt-4o-2024-08-06", "Qwen/Qwen2.5-VL-7B-Instruct", "gemma3:4b", "models/gemini-2.5"])
def test_a_name_is_kept(name: str) -> None:
    assert _model_name(name, "configured") == name
    assert _model_name(f"{name}\0\ud800", "configured") == name
