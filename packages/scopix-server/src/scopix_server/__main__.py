"""The server's command line: `python -m scopix_server`."""

import os
import signal
import sys
from types import FrameType

from scopix_server.quick_start import begin_loading

__all__ = ["main"]

_SERVICES = frozenset({"serve", "worker"})
"""Commands that run until they are told to stop, for which that is no failure."""


def main() -> None:
    """Run the command line.

    Signals are minded from here on: loading the commands takes a second in which a service may be told to stop again.
    """
    if _SERVICES & set(sys.argv[1:2]):
        # The command takes it over once it has begun anything.
        signal.signal(signal.SIGTERM, _leave)
        begin_loading()  # the command ends it once it serves
    handler = signal.signal(signal.SIGINT, _leave)
    from scopix_server.cli.app import main as run

    signal.signal(signal.SIGINT, handler)
    run()


def _leave(number: int, _frame: FrameType | None) -> None:
    # As a shell tells of a program that was interrupted. No clean-up: there is nothing yet.
    os._exit(0 if number == signal.SIGTERM else 128 + number)


if __name__ == "__main__":
    main()
