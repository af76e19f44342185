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
    data_dir: Path


def default_data_dir() -> Path:
    """Where a server on this machine keeps its data unless told otherwise."""
    import platformdirs

    return platformdirs.user_data_path("scopix")


def open_client(connection: Connection) -> "Scopix":
    """A client for this connection. Without any key, says where it looked and exits."""
    # Not with the file, which every start reads: the client is a half-second's worth of code.
    from scopix import InsecureTransportWarning, Scopix

    api_key, base_url = connection.api_key, connection.base_url
    if not api_key:
        # The file's key belongs to the file's server, so its address comes with it.
        api_key, local_url = _read_credentials(connection.data_dir / CREDENTIALS_FILE)
        base_url = base_url or local_url
    # Plain http to this machine is what a local server speaks; to any other machine it is an error anyway.
    warnings.simplefilter("ignore", InsecureTransportWarning)
    return Scopix.from_env(api_key=api_key, base_url=base_url)


def _read_credentials(path: Path) -> tuple[str, str | None]:
    try:
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
        "Pass --api-key or set SCOPIX_API_KEY. A server started on this machine (scopix-server serve) leaves a key in "
        f"{path}, which is found by itself.",
    )
    raise typer.Exit(EXIT_NO_CONNECTION)
