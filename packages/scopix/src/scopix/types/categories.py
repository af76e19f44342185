"""Content categories as the server lists them."""

from typing import Any

from pydantic import Field

from scopix.types._wire import WireModel

__all__ = ["CategoryEvidence", "CategoryInfo", "CategoryList"]


class CategoryInfo(WireModel):
    """One content category.

    `data_schema` is the JSON schema (draft 2020-12) of `category_data` on its files. `reads_text`: fields are found in
    the text of an image without a vision-language model. `built_in` is false for those of the server's own files.
    """

    name: str
    title: str
    built_in: bool = True
    reads_text: bool = False
    data_schema: dict[str, Any] = Field(default_factory=dict, alias="schema")


class CategoryList(WireModel):
    """200 body of `GET /categories`."""

    items: list[CategoryInfo]


class CategoryEvidence(WireModel):
    """What one value of `category_data` rests on.

    `field` is its JSON pointer, such as `/standards/0`; `regions` are places in `text_regions`, from 0; `labels` names
    groups of labels and `figures` figures of the pixels, for the few values that no text carries; `engine` names the
    engine that answered the field, from what it saw. `confidence`, in 0..1, is higher the surer the rule is by which
    the value was found; it is not calibrated.
    """

    field: str
    regions: list[int] | None = None
    labels: list[str] | None = None
    figures: list[str] | None = None
    engine: str | None = None
    confidence: float | None = None
