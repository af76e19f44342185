"""Scopix: put pictures in, get understanding out.

Names are loaded when they are first used, so that `import scopix` costs next to nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

from scopix._version import __version__

if TYPE_CHECKING:
    from scopix._async.client import Scopix
    from scopix._config import ClientConfig, InsecureTransportWarning, load_dotenv
    from scopix._context import configure_tracing, is_tracing_available, set_correlation_id
    from scopix._errors import (
        AuthenticationError,
        CircuitBreakerError,
        ConflictError,
        DescriptionError,
        PaymentRequiredError,
        QuotaExceededError,
        RateLimitError,
        ResourceNotFoundError,
        ScopixConnectionError,
        ScopixError,
        ScopixPermissionError,
        ScopixTimeoutError,
        ServerError,
        UploadError,
        ValidationError,
    )
    from scopix._expand import DirectoryScan, find_images, scan_directory
    from scopix._raw import RawResponse
    from scopix._sync.client import SyncScopix
    from scopix.types.ask import AskCitation, AskClaim, AskResponse, AskRow, AskTotal
    from scopix.types.documents import (
        DocumentChunk,
        DocumentChunkList,
        DocumentInfo,
        DocumentPage,
        DocumentPageList,
        PageMatch,
        PageMatchList,
    )
    from scopix.types.edits import (
        BatchDeleteFilesResponse,
        DescribeMatchingResponse,
        DuplicateCheckResponse,
        RestoreFileResult,
    )
    from scopix.types.events import (
        DescriptionFailedEvent,
        DescriptionProgressEvent,
        FileCompleteEvent,
        UploadProgressEvent,
    )
    from scopix.types.files import (
        DeleteFileResult,
        FileDetails,
        FileDetailsList,
        FileList,
        FileSummary,
        FullDescription,
        ProcessingHistory,
        ProcessingStatus,
        UpdateFileResult,
    )
    from scopix.types.keys import ApiKeyInfo, ApiKeyList, CreatedApiKey
    from scopix.types.places import WordHit
    from scopix.types.results import (
        BatchFile,
        BatchFileState,
        BatchUploadResults,
        DescriptionFailure,
        SkippedPath,
        UploadResult,
    )
    from scopix.types.rules import (
        Review,
        ReviewList,
        Rule,
        RuleAction,
        RuleDryRun,
        RuleFile,
        RuleList,
        RuleRun,
        RuleRunList,
    )
    from scopix.types.search import SearchHit, SearchResults
    from scopix.types.sessions import (
        BatchUploadResponse,
        QuotaInfo,
        SessionEvent,
        SessionFileEvent,
        SessionList,
        SessionProgressEvent,
        SessionResult,
        SessionSummary,
        UploadSessionResults,
        UploadSessionStatus,
    )
    from scopix.types.settings import S3ConfigStatus, S3ValidationResult
    from scopix.types.similar import SimilarFile, SimilarFiles
    from scopix.types.tags import (
        ApplyVocabularyResponse,
        TagSuggestion,
        TagSuggestionList,
        TagTerm,
        TagVocabulary,
    )
    from scopix.types.tenant import TenantLimits
    from scopix.types.vocabulary import (
        ContentCategory,
        DescriptionErrorType,
        DescriptionStatus,
        Likeness,
        MediaType,
        StorageTarget,
        UnifiedStatus,
        VariantStatus,
        VariantType,
    )
    from scopix.types.webhooks import (
        CreatedWebhook,
        DeliveryAttempt,
        WebhookDelivery,
        WebhookDeliveryList,
        WebhookInfo,
        WebhookList,
    )

_HOMES = {
    "scopix._async.client": ("Scopix",),
    "scopix._config": (
        "ClientConfig",
        "InsecureTransportWarning",
        "load_dotenv",
    ),
    "scopix._context": (
        "configure_tracing",
        "is_tracing_available",
        "set_correlation_id",
    ),
    "scopix._errors": (
        "AuthenticationError",
        "CircuitBreakerError",
        "ConflictError",
        "DescriptionError",
        "PaymentRequiredError",
        "QuotaExceededError",
        "RateLimitError",
        "ResourceNotFoundError",
        "ScopixConnectionError",
        "ScopixError",
        "ScopixPermissionError",
        "ScopixTimeoutError",
        "ServerError",
        "UploadError",
        "ValidationError",
    ),
    "scopix._expand": ("DirectoryScan", "find_images", "scan_directory"),
    "scopix._raw": ("RawResponse",),
    "scopix._sync.client": ("SyncScopix",),
    "scopix.types.documents": (
        "DocumentChunk",
        "DocumentChunkList",
        "DocumentInfo",
        "DocumentPage",
        "DocumentPageList",
        "PageMatch",
        "PageMatchList",
    ),
    "scopix.types.edits": (
        "BatchDeleteFilesResponse",
        "DescribeMatchingResponse",
        "DuplicateCheckResponse",
        "RestoreFileResult",
    ),
    "scopix.types.events": (
        "DescriptionFailedEvent",
        "DescriptionProgressEvent",
        "FileCompleteEvent",
        "UploadProgressEvent",
    ),
    "scopix.types.files": (
        "DeleteFileResult",
        "FileDetails",
        "FileDetailsList",
        "FileList",
        "FileSummary",
        "FullDescription",
        "ProcessingHistory",
        "ProcessingStatus",
        "UpdateFileResult",
    ),
    "scopix.types.keys": (
        "ApiKeyInfo",
        "ApiKeyList",
        "CreatedApiKey",
    ),
    "scopix.types.places": ("WordHit",),
    "scopix.types.results": (
        "BatchFile",
        "BatchFileState",
        "BatchUploadResults",
        "DescriptionFailure",
        "SkippedPath",
        "UploadResult",
    ),
    "scopix.types.sessions": (
        "BatchUploadResponse",
        "QuotaInfo",
        "SessionEvent",
        "SessionFileEvent",
        "SessionList",
        "SessionProgressEvent",
        "SessionResult",
        "SessionSummary",
        "UploadSessionResults",
        "UploadSessionStatus",
    ),
    "scopix.types.rules": (
        "Review",
        "ReviewList",
        "Rule",
        "RuleAction",
        "RuleDryRun",
        "RuleFile",
        "RuleList",
        "RuleRun",
        "RuleRunList",
    ),
    "scopix.types.settings": ("S3ConfigStatus", "S3ValidationResult"),
    "scopix.types.ask": ("AskCitation", "AskClaim", "AskResponse", "AskRow", "AskTotal"),
    "scopix.types.search": ("SearchHit", "SearchResults"),
    "scopix.types.similar": ("SimilarFile", "SimilarFiles"),
    "scopix.types.tags": ("ApplyVocabularyResponse", "TagSuggestion", "TagSuggestionList", "TagTerm", "TagVocabulary"),
    "scopix.types.tenant": ("TenantLimits",),
    "scopix.types.vocabulary": (
        "ContentCategory",
        "DescriptionErrorType",
        "DescriptionStatus",
        "Likeness",
        "MediaType",
        "StorageTarget",
        "UnifiedStatus",
        "VariantStatus",
        "VariantType",
    ),
    "scopix.types.webhooks": (
        "CreatedWebhook",
        "DeliveryAttempt",
        "WebhookDelivery",
        "WebhookDeliveryList",
        "WebhookInfo",
        "WebhookList",
    ),
}
_MODULES = {"webhooks"}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "ApiKeyInfo",
    "ApiKeyList",
    "ApplyVocabularyResponse",
    "AskCitation",
    "AskClaim",
    "AskResponse",
    "AskRow",
    "AskTotal",
    "AuthenticationError",
    "BatchDeleteFilesResponse",
    "BatchFile",
    "BatchFileState",
    "BatchUploadResponse",
    "BatchUploadResults",
    "CircuitBreakerError",
    "ClientConfig",
    "ConflictError",
    "ContentCategory",
    "CreatedApiKey",
    "CreatedWebhook",
    "DeleteFileResult",
    "DeliveryAttempt",
    "DescribeMatchingResponse",
    "DescriptionError",
    "DescriptionErrorType",
    "DescriptionFailedEvent",
    "DescriptionFailure",
    "DescriptionProgressEvent",
    "DescriptionStatus",
    "DirectoryScan",
    "DocumentChunk",
    "DocumentChunkList",
    "DocumentInfo",
    "DocumentPage",
    "DocumentPageList",
    "DuplicateCheckResponse",
    "FileCompleteEvent",
    "FileDetails",
    "FileDetailsList",
    "FileList",
    "FileSummary",
    "FullDescription",
    "InsecureTransportWarning",
    "Likeness",
    "MediaType",
    "PageMatch",
    "PageMatchList",
    "PaymentRequiredError",
    "ProcessingHistory",
    "ProcessingStatus",
    "QuotaExceededError",
    "QuotaInfo",
    "RateLimitError",
    "RawResponse",
    "ResourceNotFoundError",
    "RestoreFileResult",
    "Review",
    "ReviewList",
    "Rule",
    "RuleAction",
    "RuleDryRun",
    "RuleFile",
    "RuleList",
    "RuleRun",
    "RuleRunList",
    "S3ConfigStatus",
    "S3ValidationResult",
    "Scopix",
    "ScopixConnectionError",
    "ScopixError",
    "ScopixPermissionError",
    "ScopixTimeoutError",
    "SearchHit",
    "SearchResults",
    "ServerError",
    "SessionEvent",
    "SessionFileEvent",
    "SessionList",
    "SessionProgressEvent",
    "SessionResult",
    "SessionSummary",
    "SimilarFile",
    "SimilarFiles",
    "SkippedPath",
    "StorageTarget",
    "SyncScopix",
    "TagSuggestion",
    "TagSuggestionList",
    "TagTerm",
    "TagVocabulary",
    "TenantLimits",
    "UnifiedStatus",
    "UpdateFileResult",
    "UploadError",
    "UploadProgressEvent",
    "UploadResult",
    "UploadSessionResults",
    "UploadSessionStatus",
    "ValidationError",
    "VariantStatus",
    "VariantType",
    "WebhookDelivery",
    "WebhookDeliveryList",
    "WebhookInfo",
    "WebhookList",
    "WordHit",
    "__version__",
    "configure_tracing",
    "find_images",
    "is_tracing_available",
    "load_dotenv",
    "scan_directory",
    "set_correlation_id",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"scopix.{name}")
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'scopix' has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value  # from now on found without coming here
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
