"""A description's tags as its tenant's own list of tags has them."""

from dataclasses import replace

from scopix_server.domain.description_ports import DescriptionRecord
from scopix_server.domain.ports import Transaction
from scopix_server.domain.tag_vocabulary import tags_by

__all__ = ["by_vocabulary"]


def by_vocabulary(transaction: Transaction, tenant_id: str, record: DescriptionRecord) -> DescriptionRecord:
    """Return the record with the tags that the tenant's list makes of its tags and sentences, and those it had."""
    given = record.description.tags
    tags = tags_by(transaction.tag_vocabularies.get(tenant_id), given, record.description.text)
    if tags == given:
        return record
    return replace(record, description=replace(record.description, tags=tags), given_tags=given)
