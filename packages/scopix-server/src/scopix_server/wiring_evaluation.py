"""Builds the engines that `scopix-server eval` measures."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from scopix_server.categories import Catalogue, catalogue_with
from scopix_server.config import Settings
from scopix_server.wiring import build_workshop
from scopix_server.wiring_engines import engine_choice

if TYPE_CHECKING:
    from scopix_server.jobs.isolation import Workshop

__all__ = ["evaluated_engine"]


def evaluated_engine(settings: Settings, name: str) -> "Callable[[], Workshop]":
    """Return what builds the engine called `name` in a process that measures it.

    Raises:
        ValueError: there is no such engine.
    """
    names = engine_choice(settings).names
    if name not in names:
        raise ValueError(f"there is no engine '{name}'; choose from {', '.join(names)}")
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Built here once: several processes would otherwise write the label network's file at the same time.
    from scopix_server.engines.labels import built_network

    models = settings.data_dir / "models"
    models.mkdir(exist_ok=True)
    built_network(models)
    catalogue = catalogue_with(settings.own_categories)
    if name == "builtin":
        return functools.partial(build_workshop, settings, catalogue)
    return functools.partial(_measured_engine, settings, name, catalogue)


def _measured_engine(settings: Settings, name: str, catalogue: Catalogue) -> "Workshop":
    from scopix_server.engines.registry import build_engine
    from scopix_server.pipeline.measured import MeasuredEngine

    spec = next(spec for spec in engine_choice(settings).remote if spec.name == name)
    engine = build_engine(spec, threads=settings.engine_threads)
    return MeasuredEngine(build_workshop(settings, catalogue), engine, catalogue, settings.description_language)
