"""`with_raw_response` of each resource: the same calls, which give a `RawResponse`.

Calls that are walked through, and those that send many requests at once (batches), have none.
"""

from typing import TYPE_CHECKING

from scopix._raw import with_raw_async

if TYPE_CHECKING:
    from scopix._async.api_keys import AsyncApiKeys
    from scopix._async.categories import AsyncCategories
    from scopix._async.files import AsyncFiles
    from scopix._async.rules import AsyncReviews, AsyncRules
    from scopix._async.settings import AsyncSettings
    from scopix._async.tags import AsyncTags
    from scopix._async.tenant import AsyncTenant
    from scopix._async.webhooks import AsyncWebhooks

__all__ = [
    "ApiKeysWithRawResponse",
    "CategoriesWithRawResponse",
    "FilesWithRawResponse",
    "ReviewsWithRawResponse",
    "RulesWithRawResponse",
    "SettingsWithRawResponse",
    "TagsWithRawResponse",
    "TenantWithRawResponse",
    "WebhooksWithRawResponse",
]


class FilesWithRawResponse:
    """`client.files.with_raw_response`."""

    def __init__(self, files: "AsyncFiles") -> None:
        self.upload = with_raw_async(files.upload)
        self.analyze = with_raw_async(files.analyze)
        self.get = with_raw_async(files.get)
        self.list = with_raw_async(files.list)
        self.list_details = with_raw_async(files.list_details)
        self.search = with_raw_async(files.search)
        self.similar = with_raw_async(files.similar)
        self.pages = with_raw_async(files.pages)
        self.chunks = with_raw_async(files.chunks)
        self.search_pages = with_raw_async(files.search_pages)
        self.update = with_raw_async(files.update)
        self.delete = with_raw_async(files.delete)
        self.restore = with_raw_async(files.restore)
        self.batch_delete = with_raw_async(files.batch_delete)
        self.download = with_raw_async(files.download)
        self.get_variant = with_raw_async(files.get_variant)
        self.trigger_variant_generation = with_raw_async(files.trigger_variant_generation)
        self.get_processing_status = with_raw_async(files.get_processing_status)
        self.wait_for_description = with_raw_async(files.wait_for_description)
        self.retry_description = with_raw_async(files.retry_description)
        self.describe_matching = with_raw_async(files.describe_matching)
        self.list_descriptions = with_raw_async(files.list_descriptions)
        self.set_current_description = with_raw_async(files.set_current_description)
        self.check_duplicates = with_raw_async(files.check_duplicates)
        self.check_quota = with_raw_async(files.check_quota)
        self.upload_batch_part = with_raw_async(files.upload_batch_part)
        self.get_session_status = with_raw_async(files.get_session_status)
        self.get_session_results = with_raw_async(files.get_session_results)
        self.list_sessions = with_raw_async(files.list_sessions)
        self.cancel_session = with_raw_async(files.cancel_session)


class ApiKeysWithRawResponse:
    """`client.api_keys.with_raw_response`."""

    def __init__(self, api_keys: "AsyncApiKeys") -> None:
        self.create = with_raw_async(api_keys.create)
        self.list = with_raw_async(api_keys.list)
        self.get = with_raw_async(api_keys.get)
        self.current = with_raw_async(api_keys.current)
        self.update = with_raw_async(api_keys.update)
        self.deactivate = with_raw_async(api_keys.deactivate)


class CategoriesWithRawResponse:
    """`client.categories.with_raw_response`."""

    def __init__(self, categories: "AsyncCategories") -> None:
        self.list = with_raw_async(categories.list)


class TenantWithRawResponse:
    """`client.tenant.with_raw_response`."""

    def __init__(self, tenant: "AsyncTenant") -> None:
        self.limits = with_raw_async(tenant.limits)


class SettingsWithRawResponse:
    """`client.settings.with_raw_response`."""

    def __init__(self, settings: "AsyncSettings") -> None:
        self.configure_custom_s3 = with_raw_async(settings.configure_custom_s3)
        self.get_custom_s3_status = with_raw_async(settings.get_custom_s3_status)
        self.validate_custom_s3 = with_raw_async(settings.validate_custom_s3)
        self.remove_custom_s3 = with_raw_async(settings.remove_custom_s3)


class WebhooksWithRawResponse:
    """`client.webhooks.with_raw_response`."""

    def __init__(self, webhooks: "AsyncWebhooks") -> None:
        self.create = with_raw_async(webhooks.create)
        self.list = with_raw_async(webhooks.list)
        self.get = with_raw_async(webhooks.get)
        self.update = with_raw_async(webhooks.update)
        self.delete = with_raw_async(webhooks.delete)
        self.rotate_secret = with_raw_async(webhooks.rotate_secret)
        self.ping = with_raw_async(webhooks.ping)
        self.deliveries = with_raw_async(webhooks.deliveries)
        self.delivery = with_raw_async(webhooks.delivery)
        self.replay = with_raw_async(webhooks.replay)


class TagsWithRawResponse:
    """`client.tags.with_raw_response`."""

    def __init__(self, tags: "AsyncTags") -> None:
        self.vocabulary = with_raw_async(tags.vocabulary)
        self.set_vocabulary = with_raw_async(tags.set_vocabulary)
        self.add_term = with_raw_async(tags.add_term)
        self.remove_term = with_raw_async(tags.remove_term)
        self.suggestions = with_raw_async(tags.suggestions)
        self.apply_vocabulary = with_raw_async(tags.apply_vocabulary)


class RulesWithRawResponse:
    """`client.rules.with_raw_response`."""

    def __init__(self, rules: "AsyncRules") -> None:
        self.dry_run = with_raw_async(rules.dry_run)
        self.create = with_raw_async(rules.create)
        self.list = with_raw_async(rules.list)
        self.get = with_raw_async(rules.get)
        self.update = with_raw_async(rules.update)
        self.delete = with_raw_async(rules.delete)
        self.runs = with_raw_async(rules.runs)


class ReviewsWithRawResponse:
    """`client.reviews.with_raw_response`."""

    def __init__(self, reviews: "AsyncReviews") -> None:
        self.list = with_raw_async(reviews.list)
        self.accept = with_raw_async(reviews.accept)
        self.correct = with_raw_async(reviews.correct)
        self.reject = with_raw_async(reviews.reject)
