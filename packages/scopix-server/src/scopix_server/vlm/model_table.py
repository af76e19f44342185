"""Small vision-language models that can be downloaded by name (`vlm/data/models.json` lists them)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["ModelFile", "ModelTable", "SmallModel", "SuggestedModel"]

_TABLE = Path(__file__).with_name("data") / "models.json"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model: where it is, how large (bytes), and its SHA-256 in hex."""

    name: str
    url: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SmallModel:
    """A model that llama.cpp runs: its weights and the projector that lets it see.

    `memory_gb` is about what it needs; `note` says what it is good for; `prompt_tokens` how many an image costs, which
    decides on a processor how long it takes, or nothing where that is not known.
    """

    name: str
    licence: str
    source: str
    memory_gb: float
    note: str
    model: ModelFile
    projector: ModelFile
    prompt_tokens: str = ""

    @property
    def size(self) -> int:
        """Bytes to download."""
        return self.model.size + self.projector.size


@dataclass(frozen=True, slots=True)
class SuggestedModel:
    """A model that is fetched and run by other tools, such as Ollama or llama.cpp's server; as for `SmallModel`."""

    name: str
    licence: str
    source: str
    prompt_tokens: str
    note: str


class ModelTable:
    """The models by name, and where they are kept once they were downloaded.

    Args:
        folder: holds a folder for each model.
        table: another list of models, in the form of the shipped one.
    """

    def __init__(self, folder: Path, *, table: Path | None = None) -> None:
        self.folder = folder
        self._models = _read(table or _TABLE)
        self.suggested = _read_suggested(table or _TABLE)

    def __iter__(self) -> Iterator[SmallModel]:
        return iter(self._models.values())

    def get(self, name: str) -> SmallModel:
        """Return the model called so. Raises LookupError."""
        found = self._models.get(name)
        if found is None:
            raise LookupError(f"there is no model '{name}' in the table; there are {', '.join(self._models)}")
        return found

    def pair(self, name: str) -> tuple[str, str]:
        """Return the paths of the model and its projector, whether they are there or not. Raises LookupError."""
        model = self.get(name)
        folder = self.folder / model.name
        return str(folder / model.model.name), str(folder / model.projector.name)

    def is_here(self, name: str) -> bool:
        """Whether both files were downloaded."""
        return all(Path(path).is_file() for path in self.pair(name))


@cache
def _read(table: Path) -> dict[str, SmallModel]:
    models = {}
    for raw in json.loads(table.read_text())["models"]:
        files = {part: ModelFile(**raw[part]) for part in ("model", "projector")}
        models[raw["name"]] = SmallModel(**(raw | files))
    return models


@cache
def _read_suggested(table: Path) -> tuple[SuggestedModel, ...]:
    return tuple(SuggestedModel(**raw) for raw in json.loads(table.read_text()).get("suggested", ()))
