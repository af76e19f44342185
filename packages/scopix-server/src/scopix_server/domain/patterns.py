"""Regular expressions that are compiled when they are first used.

The readers' and categories' long ones take 0.1 s of the processor's time together, a quarter of what a process needs to
load its modules; the web process, an idle worker and most commands use none of them.
"""

import re
from typing import Any, cast

__all__ = ["late"]


def late(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return what `re.compile` returns, but that it is compiled later. Pass it to no function of `re`: these want real
    ones.
    """
    return cast("re.Pattern[str]", _Late(pattern, flags))


class _Late:
    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern = pattern
        self.flags = flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what is asked of any object, when it is copied, say
            raise AttributeError(name)
        found = getattr(re.compile(self.pattern, self.flags), name)
        # From here on the object has the method itself, so that a use costs what it costs without this.
        self.__dict__[name] = found
        return found
