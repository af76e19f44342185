"""Builds the engines that `scopix-server eval` measures."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from scopix_server.categories import Catalogue, catalogue_with
from scopix_server.config import Settings
from scopix_server.environment import child_environment
from scopix_server.wiring.analysis import build_in_child
from scopix_server.wiring.engines import engine_choice

if TYPE_CHECKING:
    from scopix_server.domain.analysis import Analyzer, Describer

__all__ = ["evaluated_engine"]


def evaluated_engine(settings: Settings, name: str) -> "Callable[[], tuple[Analyzer, Describer]]":
    """Return what builds the engine called `name` in a process that measures it.

    Raises:
        ValueError: there is no such engine.
    """
    names = engine_choice(settings).names
    if name not in names:
        raise ValueError(f"there is no engine '{name}'; choose from {', '.join(names)}")
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    catalogue = catalogue_with(settings.own_categories)
    if name == "builtin":
        return functools.partial(build_in_child, settings, catalogue)
    return functools.partial(_with_engine, settings, name, catalogue)


def _with_engine(settings: Settings, name: str, catalogue: Catalogue) -> "tuple[Analyzer, Describer]":
    from scopix_server.analysis.engine_describer import EngineDescriber
    from scopix_server.vlm.registry import build_engine

    choice = engine_choice(settings)
    spec = next(spec for spec in choice.remote if spec.name == name)
    engine = build_engine(spec, threads=settings.engine_threads, environment=child_environment())
    analyzer, _ = build_in_child(settings, catalogue, choice.copies)
    return analyzer, EngineDescriber(engine, catalogue, language=settings.description_language)
