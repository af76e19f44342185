"""The categories that a server knows."""

from collections.abc import Iterable, Iterator

from scopix_server.categories.category import Category

__all__ = ["GENERAL", "Catalogue"]

GENERAL = "general"


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
