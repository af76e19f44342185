"""Bodies of the routes of descriptions' versions."""

from pydantic import Field

from scopix.types._wire import WireModel
from scopix.types.files import FullDescription

__all__ = ["DescriptionVersionList"]


class DescriptionVersionList(WireModel):
    """200 body of `GET /files/{id}/descriptions`: all versions, newest first."""

    image_id: str
    items: list[FullDescription] = Field(default_factory=list)

    @property
    def current(self) -> FullDescription | None:
        """The version that counts."""
        return next((version for version in self.items if version.is_current), None)
