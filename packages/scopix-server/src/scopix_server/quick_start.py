"""Starting quickly: what is loaded stays for good, so nobody searches it for garbage, then or later.

A search goes through every object that there is, and loading makes 200,000 of them: a fifth of the processor's time of
a start went into searches that could find nothing, and each full one while serving would go through them once more.
"""

import gc

__all__ = ["begin_loading", "end_loading"]


def begin_loading() -> None:
    """Search nothing for garbage until `end_loading`."""
    gc.disable()


def end_loading() -> None:
    """Search again, but for what is there by now: it stays until the end of the process."""
    gc.freeze()
    gc.enable()
