"""What describes in the processes that look at images: it tells who it is and does what the test says."""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

__all__ = ["build", "build_never", "build_slowly"]


class PidDescriber:
    """Answers with the id of its process; where the category is a number, only after so many seconds."""

    def __init__(self) -> None:
        self._kept: list[bytearray] = []

    def describe(self, analysis: Any, category: str) -> int:
        if category.replace(".", "").isdigit():
            time.sleep(float(category))
        elif category == "error":
            raise RuntimeError("of the image, not of the pool")
        elif category == "memory":
            return self._use_memory()
        return os.getpid()

    def _use_memory(self) -> int:
        """Use and free 320 MiB between small things that stay; return what is resident then, in bytes."""
        blocks = []
        for _ in range(40):
            blocks.append(np.ones(8 << 20, np.uint8))
            self._kept.append(bytearray(4096))
        blocks.clear()
        return psutil.Process().memory_info().rss


def build() -> tuple[None, PidDescriber]:
    return None, PidDescriber()


def build_slowly(folder: Path) -> tuple[None, PidDescriber]:
    """Note the process, then wait until there is a file `go`."""
    (folder / f"{os.getpid()}.pid").touch()
    while not (folder / "go").exists():
        time.sleep(0.02)
    return build()


def build_never(folder: Path) -> tuple[None, PidDescriber]:
    (folder / f"{os.getpid()}.pid").touch()
    raise OSError("the models are gone")
