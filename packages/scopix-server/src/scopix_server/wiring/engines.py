"""Builds the vision-language engines that the settings name: the part of the wiring that knows all of them."""

import threading
from typing import TYPE_CHECKING

from scopix_server.config import Settings
from scopix_server.domain.redaction import register_secrets
from scopix_server.environment import child_environment, environment_value

if TYPE_CHECKING:
    from scopix_server.db.connection import SqlDatabase
    from scopix_server.domain.engine_choice import EngineChoice
    from scopix_server.vlm.model_table import ModelTable

__all__ = ["Gates", "engine_choice", "model_table"]


def engine_choice(settings: Settings, *, with_keys: bool = True) -> "EngineChoice":
    """Return the engines that the settings name.

    Args:
        with_keys: take their keys from the environment. Who only needs their names needs no keys.

    Raises:
        ValueError: something is wrong with one of them.
    """
    from scopix_server.vlm.registry import read_engines

    file = settings.engines_file.expanduser() if settings.engines_file else None
    secret_of = environment_value if with_keys else lambda name: name
    choice = read_engines(settings.engine_entry, file, secret_of, model_table(settings).pair)
    if with_keys:
        register_secrets(*(secret for spec in choice.remote for secret in spec.secrets))
    return choice


def model_table(settings: Settings) -> "ModelTable":
    """Return the small models that can be downloaded, and where they are kept."""
    from scopix_server.vlm.model_table import ModelTable

    table = settings.models_table.expanduser() if settings.models_table else None
    return ModelTable(settings.data_dir / "models" / "gguf", table=table)


class Gates:
    """The engines of a worker, each behind its gate. They are probed once at the start, in the background.

    Raises:
        ValueError: something is wrong with one of them.
    """

    def __init__(self, settings: Settings, database: "SqlDatabase") -> None:
        from scopix_server.jobs.engine_gate import EngineGate
        from scopix_server.vlm.registry import build_engine
        from scopix_server.vlm.trial import known_question

        self.stopping = threading.Event()
        self.choice = engine_choice(settings)
        self.by_name: dict[str, EngineGate] = {
            spec.name: EngineGate(
                build_engine(spec, threads=settings.engine_threads, environment=child_environment()),
                lambda state: database.write(lambda t: t.engines.note(state)),
                self.stopping,
                known_question(),
            )
            for spec in self.choice.remote
        }
        for gate in self.by_name.values():
            threading.Thread(target=gate.check, name=f"check-{gate.name}", daemon=True).start()

    @property
    def places(self) -> dict[str, int]:
        """How many questions each engine is asked at once."""
        return {spec.name: spec.concurrency for spec in self.choice.remote}

    def close(self) -> None:
        """Give back connections and processes."""
        for gate in self.by_name.values():
            gate.engine.close()
