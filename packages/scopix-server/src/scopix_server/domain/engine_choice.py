"""Which engine describes an image: the one that was asked for, else one by the weights."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from scopix_server.domain.engines import BUILTIN, EngineCopy, EngineSpec
from scopix_server.domain.errors import ValidationFailed

__all__ = ["EngineChoice"]


@dataclass(frozen=True)
class EngineChoice:
    """The configured engines. Without any, the built-in describer answers everything."""

    specs: Sequence[EngineSpec] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that may be asked for, the built-in describer's among them."""
        return tuple(dict.fromkeys([*(spec.name for spec in self.specs), BUILTIN]))

    @property
    def remote(self) -> tuple[EngineSpec, ...]:
        """The engines that are asked, hence all but the built-in describer."""
        return tuple(spec for spec in self.specs if spec.kind != BUILTIN)

    @property
    def copies(self) -> tuple[EngineCopy, ...]:
        """The forms in which they want images."""
        return tuple(dict.fromkeys(EngineCopy(spec.image_side, spec.jpeg_quality) for spec in self.remote))

    def check(self, name: str) -> str:
        """Return the name of an engine that may be asked for. Raises ValidationFailed for any other."""
        if name not in self.names:
            raise ValidationFailed(
                f"There is no engine '{name[:64]}' here.", field="engine", allowed=sorted(self.names)
            )
        return name

    def pick(self, requested: str | None, seed: str) -> str:
        """Return the engine for an image: `wanted` if it is configured, else one by weight, the same for a `seed`."""
        if requested is not None and requested in self.names:
            return requested
        weighted = [spec for spec in self.specs if spec.weight > 0]
        if not weighted:
            return BUILTIN
        digest = hashlib.sha256(seed.encode()).digest()
        point = int.from_bytes(digest[:8], "big") / 2**64 * sum(spec.weight for spec in weighted)
        for spec in weighted:
            point -= spec.weight
            if point < 0:
                return spec.name
        return weighted[-1].name

    def in_order(self, name: str) -> tuple[str, ...]:
        """Return the engines to ask, one after the other: `name` and its fallbacks."""
        spec = next((spec for spec in self.specs if spec.name == name), None)
        return tuple(dict.fromkeys([name, *(spec.fallbacks if spec else ())]))
