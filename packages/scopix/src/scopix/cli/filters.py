"""The options that say which files are meant, the same for every command that takes many."""

import dataclasses
import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Annotated, Any, get_type_hints

import typer

from scopix import ContentCategory, DescriptionStatus, MediaType

__all__ = ["Filters", "SearchIn", "WordFilters", "quoted", "takes_filters"]


class SearchIn(Enum):
    """Where words are looked for; the value is the word on the command line."""

    ALL = "all"
    METADATA = "metadata"
    VISIBLE_TEXT = "visible-text"

    @property
    def mode(self) -> str:
        """The word that the API has for it."""
        return self.value.replace("-", "_")


def _words(kind: type[Enum]) -> str:
    return ", ".join(str(member.value) for member in kind)


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which files are meant: those that meet every condition given. The fields are the options' declarations."""

    tags: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="TAG", help="Only files with this tag; repeated, with all of them."),
    ]
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only files taken, or else uploaded, then or later: 2026-05-17.")
    ]
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only files of then or earlier; a day counts to its end.")
    ]
    described: Annotated[
        bool | None,
        typer.Option(
            "--described/--not-described", help="Only files with a description; or still without one, or failed."
        ),
    ]
    statuses: Annotated[
        list[DescriptionStatus] | None,
        typer.Option("--status", metavar="STATUS", help=f"Repeatable: {_words(DescriptionStatus)}."),
    ]
    media_types: Annotated[
        list[MediaType] | None, typer.Option("--media-type", metavar="TYPE", help=f"Repeatable: {_words(MediaType)}.")
    ]
    categories: Annotated[
        list[ContentCategory] | None,
        typer.Option("--category", metavar="CATEGORY", help="Only files said to show this; repeatable."),
    ]
    objects: Annotated[
        list[str] | None,
        typer.Option(
            "--object",
            metavar="THING",
            help='Only photographs that show it: dog, sofa, "people:2" (two or more). Repeatable.',
        ),
    ]
    min_people: Annotated[
        int | None, typer.Option("--min-people", metavar="N", min=1, help="Only photographs of so many people or more.")
    ]
    selected_ids: Annotated[
        list[str] | None,
        typer.Option("--id", metavar="ID", help="Only this file, by its full id; repeatable, at most 500."),
    ]

    @property
    def is_empty(self) -> bool:
        """Whether no condition was given, so that every file is meant."""
        return not self.to_arguments()

    def to_arguments(self) -> dict[str, Any]:
        """For `files.list`. Raises `ValueError` for a time that is none."""
        arguments = {
            "tags": self.tags,
            "date_from": _time(self.since, "--since"),
            "date_to": _time(self.until, "--until", ends=True),
            "has_description": self.described,
            "description_statuses": self.statuses,
            "media_types": self.media_types,
            "content_categories": self.categories,
            "objects": self.objects,
            "min_people": self.min_people,
            "ids": self.selected_ids,
        }
        return {name: value for name, value in arguments.items() if value not in (None, [])}


@dataclass(frozen=True, kw_only=True)
class WordFilters(Filters):
    """The same, and words to look for."""

    search: Annotated[
        str | None, typer.Option("--search", metavar="WORDS", help="Only files in which these words are.")
    ]
    search_in: Annotated[SearchIn, typer.Option("--in", help="Where they are.")] = SearchIn.ALL

    def to_arguments(self) -> dict[str, Any]:
        if not self.search or not self.search.strip():
            return super().to_arguments()
        return {**super().to_arguments(), "search": self.search, "search_mode": self.search_in.mode}


def takes_filters(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of its parameter `filters`, which then holds what they say.

    Typer reads a command's options off its signature, so this puts one option a field in the parameter's place.
    """
    hints = get_type_hints(command, include_extras=True)
    kind: type[Filters] = hints.pop("filters")
    options = get_type_hints(kind, include_extras=True)
    names = [field.name for field in dataclasses.fields(kind)]
    defaults = {field.name: field.default for field in dataclasses.fields(kind)}

    @functools.wraps(command)
    def with_filters(*arguments: Any, **given: Any) -> None:
        filters = kind(**{name: given.pop(name) for name in names})
        command(*arguments, filters=filters, **given)

    signature = inspect.signature(command)
    own = [
        parameter.replace(annotation=hints[name])
        for name, parameter in signature.parameters.items()
        if name != "filters"
    ]
    added = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=options[name],
            default=None if defaults[name] is dataclasses.MISSING else defaults[name],
        )
        for name in names
    ]
    with_filters.__signature__ = signature.replace(parameters=[*own, *added])  # type: ignore[attr-defined]
    with_filters.__annotations__ = {**hints, **{name: options[name] for name in names}}
    return with_filters


def quoted(words: list[str]) -> str:
    """Words of a command line as a question: what the shell was told to keep together stands together."""
    return " ".join(f'"{word}"' if len(word.split()) > 1 and '"' not in word else word for word in words)


def _time(text: str | None, option: str, *, ends: bool = False) -> datetime | None:
    """Read a day or a time; without a zone it is this machine's."""
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
        if ends and "T" not in text and ":" not in text:
            time += timedelta(days=1, microseconds=-1)
        return time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{option}: '{text}' is no day or time such as 2026-05-17 or 2026-05-17T12:30") from error
