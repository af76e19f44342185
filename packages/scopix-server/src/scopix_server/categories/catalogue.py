"""The categories that a server knows."""

from collections.abc import Iterable, Iterator

from scopix_server.categories.category import Category
from scopix_server.domain.errors import ValidationFailed

__all__ = ["GENERAL", "BadCategory", "Catalogue"]

GENERAL = "general"


class BadCategory(Exception):
    """A file that is no category; the message names it and says what is wrong."""


class Catalogue:
    """Categories by their names, in the order given; the one called "general" is among them."""

    def __init__(self, categories: Iterable[Category]) -> None:
        self._categories = {category.name: category for category in categories}

    def __iter__(self) -> Iterator[Category]:
        return iter(self._categories.values())

    def __contains__(self, name: object) -> bool:
        return name in self._categories

    def get(self, name: str) -> Category:
        """Return the category called so.

        A file may bear the name of a category that was taken away since; it is described as a general picture.
        """
        return self._categories.get(name) or self._categories[GENERAL]

    def names(self) -> tuple[str, ...]:
        """Return the names, in order."""
        return tuple(self._categories)

    def check(self, name: str, field: str = "content_category") -> str:
        """Return the name; `field` is where it was given.

        Raises:
            ValidationFailed: there is no such category.
        """
        if name not in self._categories:
            raise ValidationFailed(
                f"'{name[:50]}' is not a content category.", field=field, allowed=sorted(self._categories)
            )
        return name
