"""The networks' files are whole, each is named with its licence, and a missing one is told in a sentence."""

from pathlib import Path

import pytest

import scopix_models
from scopix_models import DamagedModel, damaged_models, model_path
from tests.architecture.source import ROOT

DATA = ROOT / "packages/scopix-models/src/scopix_models/data"
NETWORKS = sorted(path.name for path in DATA.iterdir() if path.name != "SHA256SUMS")
MAX_BYTES = 50_000_000  # of all: they are part of every checkout and every install


def test_models_are_what_was_shipped() -> None:
    listed = [line.split()[1] for line in (DATA / "SHA256SUMS").read_text().splitlines()]
    assert sorted(listed) == NETWORKS
    assert damaged_models() == ()


def test_models_that_changed_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "nanodet_g.onnx"
    damaged = bytearray((DATA / name).read_bytes())
    damaged[1000] ^= 1
    (tmp_path / name).write_bytes(damaged)
    (tmp_path / "SHA256SUMS").write_text((DATA / "SHA256SUMS").read_text())
    monkeypatch.setattr(scopix_models, "_DATA", tmp_path)
    assert {path.name for path in damaged_models()} == set(NETWORKS)  # one changed, the others missing


def test_models_have_a_licence_named() -> None:
    notice = (ROOT / "packages/scopix-models/NOTICE").read_text()
    assert not [name for name in NETWORKS if name not in notice]


def test_models_stay_small() -> None:
    assert sum(path.stat().st_size for path in DATA.iterdir()) <= MAX_BYTES


def test_a_missing_model_is_told_with_its_path() -> None:
    assert model_path("ssd_mobilenet_v2.onnx").is_file()
    with pytest.raises(DamagedModel, match=r"data/nowhere\.onnx is missing: reinstall scopix-models"):
        model_path("nowhere.onnx")
