"""A tenant's API keys. Keys that keys made end with the one that made them, unless an administrator keeps them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from scopix_server.domain.errors import InvalidApiKey, NotFound
from scopix_server.domain.ids import is_uuid
from scopix_server.domain.ports import Database, Transaction
from scopix_server.domain.tenant import ApiKey, NewApiKey, check_metadata, issue_key

__all__ = ["ApiKeys", "KeyRequest", "deactivate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRequest:
    """A key to be made; `scopes` are those of its maker or fewer."""

    name: str
    scopes: tuple[str, ...]
    description: str | None = None
    metadata: Mapping[str, Any]
    expires_at: datetime | None = None
    outlives_creator: bool = False


class ApiKeys:
    """A tenant's keys. All methods block.

    Args:
        ended: called when keys may have ended, so that whoever keeps what it knows of keys looks again.
    """

    def __init__(self, database: Database, *, ended: Callable[[], None]) -> None:
        self._database = database
        self._ended = ended

    def create(self, tenant_id: str, maker_id: str, request: KeyRequest) -> tuple[ApiKey, NewApiKey]:
        """Make a key, good for no longer than its maker. Raises as `ApiKey.check` of the maker; InvalidApiKey."""
        now = datetime.now(UTC)

        def create(transaction: Transaction) -> tuple[ApiKey, NewApiKey]:
            # Held until the new key is recorded: one that is deactivated meanwhile takes it along, or makes none.
            maker = transaction.keys.get(tenant_id, maker_id)
            if maker is None:
                raise InvalidApiKey
            maker.check(now)
            key, made = issue_key(
                tenant_id,
                request.name,
                request.scopes,
                now,
                description=request.description,
                metadata=request.metadata,
                expires_at=maker.expiry_of_child(request.expires_at, outlives_creator=request.outlives_creator),
                created_by=maker.id,
                outlives_creator=request.outlives_creator,
            )
            transaction.keys.add(key)
            return key, made

        return self._database.write(create)

    def issue(self, tenant_id: str, name: str, *, lifetime: timedelta) -> tuple[ApiKey, NewApiKey]:
        """Make a key that may do everything, on the server's own account."""
        now = datetime.now(UTC)
        key, made = issue_key(tenant_id, name, ("admin",), now, expires_at=now + lifetime)
        self._database.write(lambda t: t.keys.add(key))
        return key, made

    def list(self, tenant_id: str, *, include_inactive: bool, limit: int, offset: int) -> tuple[Sequence[ApiKey], int]:
        """Return a page of the keys, newest first, and how many there are."""
        return self._database.read(
            lambda t: t.keys.list(tenant_id, include_inactive=include_inactive, limit=limit, offset=offset)
        )

    def find(self, tenant_id: str, key_id: str) -> ApiKey:
        """Return a key by its id. Raises NotFound."""
        return self._database.read(lambda t: _find(t, tenant_id, key_id))

    def update(
        self, tenant_id: str, key_id: str, changes: Mapping[str, str | None], metadata: Mapping[str, Any]
    ) -> ApiKey:
        """Change `name` and `description` where `changes` names them, and add to the metadata. Raises NotFound."""

        def save(transaction: Transaction) -> ApiKey:
            key = _find(transaction, tenant_id, key_id)
            changed = replace(
                key,
                name=changes.get("name") or key.name,
                description=changes.get("description", key.description),
                metadata=check_metadata({**key.own_metadata, **metadata}) | key.server_metadata,
            )
            transaction.keys.update(changed)
            return changed

        return self._database.write(save)

    def deactivate(self, tenant_id: str, key_id: str, reason: str | None, *, keep_created: bool) -> None:
        """Deactivate a key, and those it made unless they are to be kept. Raises NotFound."""

        def save(transaction: Transaction) -> None:
            key = _find(transaction, tenant_id, key_id)
            deactivate(transaction, key, reason, datetime.now(UTC), keep_created=keep_created)

        try:
            self._database.write(save)
        finally:
            # Also when it failed: of a commit whose outcome is unknown nobody knows that it did.
            self._ended()


def _find(transaction: Transaction, tenant_id: str, key_id: str) -> ApiKey:
    known_id = key_id.lower()
    key = transaction.keys.get(tenant_id, known_id) if is_uuid(known_id) else None
    if key is None:
        raise NotFound(f"There is no API key '{key_id[:64]}'.", resource_type="api_key", resource_id=key_id[:64])
    return key


def deactivate(
    transaction: Transaction, key: ApiKey, reason: str | None, now: datetime, *, keep_created: bool = False
) -> int:
    """Deactivate a key for good, with all that it made, and what those made; return how many of these there were.

    Args:
        keep_created: the keys that it made go on, from now on as if nobody had made them.
    """
    # The first time and the first reason stay.
    if key.is_active:
        transaction.keys.update(key.deactivated(reason, now))
    if keep_created:
        for child in transaction.keys.made_by(key.id):
            transaction.keys.update(replace(child, outlives_creator=True))
        return 0
    ended, makers = 0, [key]
    while makers:
        maker = makers.pop()
        for child in transaction.keys.made_by(maker.id):
            makers.append(child)
            if child.is_active:
                why = f"The key that made it, {maker.key_prefix}, was deactivated."
                transaction.keys.update(child.deactivated(why, now))
                ended += 1
    return ended
