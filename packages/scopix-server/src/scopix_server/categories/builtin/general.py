"""Any picture: no specialisation."""

from scopix_server.categories.category import Category
from scopix_server.categories.schema import schema_of

__all__ = ["CATEGORY"]

CATEGORY = Category(name="general", title="General", prompt="", schema=schema_of({}))
