"""How to reach the server, and with which key: an option, a variable, or what a server on this machine left behind."""

import json
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from scopix import Scopix

__all__ = ["Connection", "default_data_dir", "open_client"]

CREDENTIALS_FILE = "credentials.json"


@dataclass(frozen=True)
class Connection:
    """What the global options say."""

    api_key: str | None = field(repr=False)
    base_url: str | None
    data_dir: Path | None
    """Where a server on this machine keeps its key; None for a user without a home."""
    profile: str | None = None
    """The profile that was named, if one was."""
    is_local: bool = False
    """Whether the data directory was named, by an option or a variable: then no profile is looked for."""


def default_data_dir() -> Path | None:
    """Where a server on this machine keeps its data unless told otherwise; None for a user without a home."""
    import platformdirs

    try:
        return platformdirs.user_data_path("scopix")
    except RuntimeError:
        return None


def open_client(connection: Connection) -> "Scopix":
    """A client for this connection. Without any key, says where it looked and exits."""
    # Not with the file, which every start reads: the client is a half-second's worth of code.
    from scopix import InsecureTransportWarning, Scopix

    api_key, base_url = connection.api_key, connection.base_url
    if not api_key and not (connection.is_local and connection.profile is None):
        api_key, base_url = _of_profile(connection.profile, base_url)
    if not api_key:
        # The file's key belongs to the file's server, so its address comes with it.
        folder = connection.data_dir
        api_key, local_url = _read_credentials(None if folder is None else folder / CREDENTIALS_FILE)
        base_url = base_url or local_url
    elif base_url is None and connection.is_local and connection.profile is None:
        # Another key, for the server of the folder that was named.
        base_url = _address_in(connection.data_dir)
    # Plain http to this machine is what a local server speaks; to any other machine it is an error anyway.
    warnings.simplefilter("ignore", InsecureTransportWarning)
    return Scopix.from_env(api_key=api_key, base_url=base_url)


def _of_profile(name: str | None, base_url: str | None) -> tuple[str | None, str | None]:
    """The key and the address of a profile. Raises `ValueError` when they are for another address than is asked."""
    from scopix.cli.profiles import ProfileError, Profiles

    try:
        profile = Profiles.read().named(name)
    except ProfileError:
        if name is not None:
            raise
        return None, base_url  # who never logged in needs no home
    if profile is None:
        return None, base_url
    if base_url and base_url.rstrip("/") not in (profile.base_url, profile.base_url.removesuffix("/api/v2")):
        if name is None:
            return None, base_url
        raise ValueError(f"the key of profile '{name}' is for {profile.base_url}, and would not be sent to {base_url}")
    return profile.api_key, profile.base_url


def _address_in(folder: Path | None) -> str | None:
    """The address that a server left in its data directory; None where there is none to be read."""
    try:
        content = json.loads(((folder or Path()) / CREDENTIALS_FILE).read_text(encoding="utf-8"))
        return content.get("base_url") if isinstance(content, dict) else None
    except (OSError, ValueError):
        return None


def _read_credentials(path: Path | None) -> tuple[str, str | None]:
    try:
        if path is None:
            raise FileNotFoundError
        content = json.loads(path.read_text(encoding="utf-8"))
        return str(content["api_key"]), content.get("base_url")
    except FileNotFoundError:
        problem = "No API key."
    except PermissionError:
        problem = f"No API key: {path} belongs to another user."
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        problem = f"No API key: {path} cannot be understood."
    from scopix.cli.outcome import EXIT_NO_CONNECTION
    from scopix.cli.terminal import say_error

    say_error(
        problem,
        "Keep one with scopix login, pass --api-key or set SCOPIX_API_KEY. A server started on this machine "
        f"(scopix-server serve) leaves a key in {path or 'its data directory'}, which is found by itself.",
    )
    raise typer.Exit(EXIT_NO_CONNECTION)
