"""A person's word on a description: writing a version by hand, and choosing which version counts."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from scopix_server.domain.description import Description, ImageKind, Provenance
from scopix_server.domain.description_ports import DescriptionRecord
from scopix_server.domain.engines import HUMAN
from scopix_server.domain.errors import NotFound, ValidationFailed
from scopix_server.domain.file import MAX_TAG_LENGTH, MAX_TAGS, File
from scopix_server.domain.phrases import clean
from scopix_server.domain.ports import Transaction

__all__ = ["MAX_WRITTEN", "choose_version", "write_version"]

MAX_WRITTEN = 20_000
"""Characters of a description that a person writes."""


def write_version(
    transaction: Transaction, file: File, text: str | None, tags: Sequence[str] | None, at: datetime
) -> DescriptionRecord:
    """Save a version that a person wrote and make it current; no engine replaces it.

    What is None is taken from the current version, and so are the fields of the category.

    Raises:
        ValidationFailed: the text or the tags are too long.
    """
    before = next((v for v in transaction.descriptions.versions(file.id) if v.is_current), None)
    description = before.description if before else None
    record = DescriptionRecord(
        id=str(uuid.uuid4()),
        file_id=file.id,
        revision=transaction.versions.next_revision(file.id),
        description=Description(
            text=_checked_text(text) if text is not None else description.text if description else "",
            tags=_checked_tags(tags) if tags is not None else description.tags if description else (),
            visible_text=description.visible_text if description else None,
            kind=description.kind if description else ImageKind.PHOTO,
            engine=HUMAN,
            model="",
            category_data=description.category_data if description else {},
            provenance=Provenance(language=description.provenance.language if description else "en"),
        ),
        category=file.content_category,
        created_at=at,
        processing_time_ms=0,
    )
    transaction.versions.add(record)
    transaction.versions.choose(file.id, record.revision, at)
    transaction.descriptions.settle(file, record.revision, at)
    return record


def choose_version(transaction: Transaction, file: File, version: int, at: datetime) -> None:
    """Make a version the current one. Raises NotFound when there is none of this number."""
    if not transaction.versions.choose(file.id, version, at):
        raise NotFound(
            f"{file.filename} has no version {version} of its description.",
            resource_type="description",
            resource_id=str(version),
        )


def _checked_text(text: str) -> str:
    if len(text) > MAX_WRITTEN:
        raise ValidationFailed(
            f"The description has {len(text)} characters; at most {MAX_WRITTEN} are allowed.", field="description"
        )
    return "\n".join(clean(line, MAX_WRITTEN) for line in text.strip().splitlines())


def _checked_tags(tags: Sequence[str]) -> tuple[str, ...]:
    kept = tuple(dict.fromkeys(plain for tag in tags if (plain := clean(tag, 2 * MAX_TAG_LENGTH))))
    if len(kept) > MAX_TAGS or any(len(tag) > MAX_TAG_LENGTH for tag in kept):
        raise ValidationFailed(
            f"There may be {MAX_TAGS} tags of at most {MAX_TAG_LENGTH} characters each.", field="ai_tags"
        )
    return kept
