"""Makes the first keys and secrets of a server, and leaves them where they are found again."""

import json
import secrets
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from filelock import FileLock

from scopix_server.config import Settings
from scopix_server.domain.redaction import register_secrets
from scopix_server.domain.tenant import NewApiKey, Tenant, issue_key, key_prefix_of
from scopix_server.storage.private import write_private

if TYPE_CHECKING:
    from scopix_server.db.connection import SqlDatabase, SqlTransaction

__all__ = ["create_key", "first_start", "first_tenant_id", "keep_credentials", "link_secret", "remove_credentials"]


def first_start(database: "SqlDatabase", *, with_key: bool = True) -> NewApiKey | None:
    """Create the first tenant and, if wanted, its admin key; None when there is a tenant already, or no key."""
    if database.read(lambda t: t.tenants.first_tenant()) is not None:
        return None
    tenant = Tenant(str(uuid.uuid4()), "default", datetime.now(UTC))
    key, made = issue_key(tenant.id, "admin", ("admin",), tenant.created_at)

    def create(transaction: "SqlTransaction") -> NewApiKey | None:
        # Asked once more: of several servers that start at once, one creates it.
        if transaction.tenants.first_tenant() is not None:
            return None
        transaction.tenants.add_tenant(tenant)
        if not with_key:
            return None
        transaction.keys.add(key)
        return made

    return database.write(create)


def first_tenant_id(database: "SqlDatabase") -> str:
    """Return the id of the oldest tenant, which a server has once it was started. Raises LookupError otherwise."""
    tenant = database.read(lambda t: t.tenants.first_tenant())
    if tenant is None:
        raise LookupError("This data directory has no tenant yet: start the server on it once.")
    return tenant.id


def create_key(
    database: "SqlDatabase",
    name: str,
    scopes: tuple[str, ...],
    *,
    tenant: Tenant | None = None,
    expires_at: datetime | None = None,
) -> NewApiKey:
    """Make another key for a tenant, the first one if none is named. The secret is in the answer and nowhere else."""
    owner = tenant or database.read(lambda t: t.tenants.first_tenant())
    if owner is None:
        raise LookupError("This data directory has no tenant yet: start the server on it once.")
    key, made = issue_key(owner.id, name, scopes, datetime.now(UTC), expires_at=expires_at)
    database.write(lambda t: t.keys.add(key))
    return made


def keep_credentials(settings: Settings, base_url: str, key: NewApiKey | None) -> None:
    """Leave address and key where the local command line finds them, readable by this user alone.

    Without a `key` the one kept earlier stays. The file is `credentials.json` in the data directory.
    """
    path = settings.data_dir / "credentials.json"
    # Several servers may start in one folder at once, and one of them has the key.
    with FileLock(path.with_suffix(".lock")):
        kept = json.loads(path.read_text()) if path.exists() else {}
        kept["base_url"] = base_url
        if key is not None:
            kept["api_key"] = key.secret
        write_private(path, json.dumps(kept, indent=2) + "\n")


def remove_credentials(settings: Settings, database: "SqlDatabase", tenant: Tenant) -> None:
    """Remove the key that is left for the local command line, if it is one of this tenant's."""
    path = settings.data_dir / "credentials.json"
    if not path.exists():
        return
    with FileLock(path.with_suffix(".lock")):
        kept = json.loads(path.read_text())
        prefix = key_prefix_of(kept.get("api_key", ""))
        found = database.read(lambda t: t.keys.holder(prefix)) if prefix else None
        if found is not None and found[1].id == tenant.id:
            del kept["api_key"]
            write_private(path, json.dumps(kept, indent=2) + "\n")


def link_secret(settings: Settings) -> str:
    """Return the secret that signs links: the settings', or one made at the first start."""
    if settings.link_secret is not None:
        return settings.link_secret.get_secret_value()
    path = settings.data_dir / "link-secret"
    with FileLock(path.with_suffix(".lock")):
        if not path.exists():
            write_private(path, secrets.token_urlsafe(32))
        secret = path.read_text()
    register_secrets(secret)
    return secret
