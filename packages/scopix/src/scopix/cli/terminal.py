"""Writing to the terminal. Text from images, and names of files, are other people's: they are made harmless here."""

import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from scopix import (
    AuthenticationError,
    CircuitBreakerError,
    PaymentRequiredError,
    QuotaExceededError,
    RateLimitError,
    ResourceNotFoundError,
    ScopixConnectionError,
    ScopixError,
    ScopixPermissionError,
)
from scopix.cli.outcome import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_NO_CONNECTION, EXIT_USAGE

__all__ = [
    "counting",
    "errors_shown",
    "harmless",
    "hint_for",
    "one_line",
    "out",
    "say",
    "say_error",
    "shorten",
    "shown_size",
    "word_of",
]

# They join letters and emoji, and can do nothing else.
_JOINERS = frozenset("\u200c\u200d")
_BREAKS = str.maketrans({"\r": "\n", "\t": " ", "\x0b": "\n", "\x0c": "\n", "\u2028": "\n", "\u2029": "\n"})
_BAD_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def harmless(text: str) -> str:
    """The text without anything a terminal could obey: escape and control characters, direction marks, surrogates."""
    broken = text.replace("\r\n", "\n").translate(_BREAKS)
    return "".join(
        character
        for character in broken
        if character == "\n" or character in _JOINERS or unicodedata.category(character) not in _BAD_CATEGORIES
    )


def one_line(text: str) -> str:
    """The same on one line, with single spaces."""
    return " ".join(harmless(text).split())


def word_of(value: Any) -> str:
    """A member of an enumeration, or a newer server's word for one, as it is written."""
    return "" if value is None else str(getattr(value, "value", value))


def shown_size(size: int | None) -> str | None:
    """A number of bytes for people."""
    if size is None:
        return None
    if size < 1024 * 1024:
        return f"{size / 1024:.1f} KB"
    return f"{size / 1024 / 1024:.1f} MB"


def shorten(text: str, maximum: int) -> str:
    """At most `most` characters, with an ellipsis where the rest was."""
    return text if len(text) <= maximum else text[: maximum - 1].rstrip() + "…"


def out() -> Console:
    """Where results go. Text is printed as it is: no markup, no emoji names, no colouring by content."""
    return Console(file=sys.stdout, markup=False, emoji=False, highlight=False)


def say() -> Console:
    """Where progress and messages go, so that they never mix with results."""
    return Console(file=sys.stderr, markup=False, emoji=False, highlight=False)


def counting() -> Progress:
    """A live bar on standard error that counts files, for work that takes a while; nothing without a terminal."""
    console = say()
    return Progress(
        TextColumn("{task.description}"),
        MofNCompleteColumn(),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def say_error(message: str, hint: str | None = None) -> None:
    """A message without a traceback, and what to do about it."""
    console = say()
    # Soft wrapping leaves paths and addresses whole, to be copied.
    console.print(Text.assemble(("Error: ", "bold red"), harmless(message)), soft_wrap=True)
    if hint:
        console.print(Text(hint), soft_wrap=True)


@contextmanager
def errors_shown() -> Iterator[None]:
    """Turn what can go wrong with a server or with settings into a message and an exit code."""
    try:
        yield
    except ScopixError as error:
        say_error(error.message, hint_for(error))
        raise typer.Exit(_exit_code_for(error)) from error
    except ValueError as error:
        say_error(str(error))
        raise typer.Exit(EXIT_USAGE) from error
    except BrokenPipeError:
        raise  # whoever read our output has enough; Click ends the program quietly
    except OSError as error:
        say_error(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        raise typer.Exit(EXIT_FAILED) from error
    except KeyboardInterrupt:
        say().print("interrupted")
        raise typer.Exit(EXIT_INTERRUPTED) from None


def hint_for(error: ScopixError) -> str | None:
    """What the reader can do about it, or None."""
    if isinstance(error, AuthenticationError):
        return "The server refused the key. Pass another with --api-key or SCOPIX_API_KEY."
    if isinstance(error, ScopixConnectionError | CircuitBreakerError):
        return "Is the server running, and is the address right? Start one with: scopix-server serve"
    if isinstance(error, ScopixPermissionError):
        return "The key is valid, but lacks the right to do this."
    if isinstance(error, ResourceNotFoundError):
        return "Check the id: the full one, or its first 8 characters."
    if error.details.get("field") == "journal":
        return "Name another file with --ledger, or keep no journal with --no-ledger."
    if isinstance(error, RateLimitError):
        return "The server asks for a pause. Try again later."
    if isinstance(error, QuotaExceededError | PaymentRequiredError):
        return "The account's limit is reached."
    return None


def _exit_code_for(error: ScopixError) -> int:
    lost = AuthenticationError | ScopixConnectionError | CircuitBreakerError
    if error.details.get("field") == "journal":
        return EXIT_USAGE
    return EXIT_NO_CONNECTION if isinstance(error, lost) else EXIT_FAILED
