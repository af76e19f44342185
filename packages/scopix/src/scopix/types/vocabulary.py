"""The words of the wire contract: every enumeration that both client and server speak. Standard library only."""

from enum import Enum

__all__ = [
    "REST_CATEGORIES",
    "ContentCategory",
    "DescriptionErrorType",
    "DescriptionStatus",
    "Likeness",
    "MediaType",
    "StorageTarget",
    "UnifiedStatus",
    "UploadStatus",
    "VariantStatus",
    "VariantType",
]


class ContentCategory(str, Enum):
    """What kind of picture the caller says it is; it steers what the description covers."""

    GENERAL = "general"
    BLUEPRINT = "blueprint"
    CE_PLAN = "ce_plan"
    TECHNICAL_DIAGRAM = "technical_diagram"
    ARCHITECTURAL_DESIGN = "architectural_design"
    PRODUCT_PHOTO = "product_photo"
    REAL_ESTATE = "real_estate"
    MINING = "mining"
    ROBOTICS = "robotics"
    ARTWORK = "artwork"
    SCREENSHOT = "screenshot"
    DOCUMENT = "document"
    MAP = "map"
    CONSTRUCTION = "construction"


REST_CATEGORIES: tuple[str, ...] = (
    *(category.value for category in ContentCategory),
    "pid",
    "pfd",
    "facility_assessment",
)
"""The categories that the REST API takes: those above and three more."""


class DescriptionStatus(str, Enum):
    """Where a file's description is. COMPLETED, FAILED and SKIPPED are terminal."""

    PENDING = "pending"
    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"


class DescriptionErrorType(str, Enum):
    """Why a description failed. The first three may succeed when tried again."""

    TIMEOUT = "timeout"
    RATE_LIMIT = "rate_limit"
    VLM_ERROR = "vlm_error"
    VALIDATION_ERROR = "validation"
    RESOURCE_LIMIT = "resource_limit"
    UNKNOWN = "unknown"


class StorageTarget(str, Enum):
    """Where the bytes go: the server's own storage, or the tenant's configured bucket."""

    DEFAULT = "default"
    CUSTOM = "custom"


class MediaType(str, Enum):
    """What a stored file is."""

    IMAGE = "image"
    DOCUMENT = "document"
    VIDEO = "video"
    LINK = "link"


class UploadStatus(str, Enum):
    """State of one upload as the server answers it."""

    COMPLETED = "completed"
    PROCESSING = "processing"
    SKIPPED = "skipped"


class UnifiedStatus(str, Enum):
    """Where a file is as a whole, its variants and its description taken together."""

    UPLOADING = "uploading"
    CONFIRMING = "confirming"
    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    PARTIALLY_COMPLETED = "partially_completed"


class Likeness(str, Enum):
    """What an image has to do with another: made from it, or from the same, in one of five ways; or merely alike."""

    SAME_PICTURE = "same_picture"
    RESIZED = "resized"
    CROPPED = "cropped"
    TURNED = "turned"
    EDITED = "edited"
    ALIKE = "alike"


class VariantType(str, Enum):
    """The variants of an image; the number is the longest side in pixels."""

    ORIGINAL = "original"
    TINY_64 = "tiny_64"
    SMALL_256 = "small_256"
    MEDIUM_750 = "medium_750"
    LARGE_1024 = "large_1024"


class VariantStatus(str, Enum):
    """Where the making of a file's thumbnails is."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
