"""Profiles: addresses and keys that `scopix login` keeps, in a file that nobody else may read."""

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Profile", "ProfileError", "Profiles", "profiles_file"]


class ProfileError(ValueError):
    """The profiles cannot be read or written, or there is none of that name; the message says which and why."""


@dataclass(frozen=True)
class Profile:
    """A server and the key for it."""

    name: str
    base_url: str
    api_key: str = field(repr=False)


@dataclass
class Profiles:
    """All of them by name. `default` is the one that is used unless another is named."""

    default: str | None = None
    by_name: dict[str, Profile] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "Profiles":
        """Read them; none where there is no file yet. Raises `ProfileError`."""
        path = profiles_file()
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            entries = content["profiles"].items()
            found = {name: Profile(name, str(one["base_url"]), str(one["api_key"])) for name, one in entries}
            return cls(content.get("default"), found)
        except FileNotFoundError:
            return cls()
        except OSError as error:
            raise ProfileError(f"{path} cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ProfileError(f"{path} cannot be understood; scopix login makes it anew once it is gone") from error

    def write(self) -> Path:
        """Keep them, readable for their owner alone, and return where. Raises `ProfileError`."""
        path = profiles_file()
        entries = {one.name: {"base_url": one.base_url, "api_key": one.api_key} for one in self.by_name.values()}
        text = json.dumps({"default": self.default, "profiles": entries}, indent=2) + "\n"
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Made with its rights, not given them later: in between others could read it.
            made = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(made, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise ProfileError(f"{path} cannot be written: {error.strerror}") from error
        return path

    def named(self, name: str | None) -> Profile | None:
        """Return the profile of that name, or else the default one; None where there is no default.

        Raises `ProfileError` for a name that there is not.
        """
        if name is None:
            return self.by_name.get(self.default) if self.default is not None else None
        if name not in self.by_name:
            known = ", ".join(self.by_name) or "none"
            raise ProfileError(
                f"there is no profile '{name}' (there are: {known}); scopix --profile {name} login makes it"
            )
        return self.by_name[name]


def profiles_file() -> Path:
    """Where they are kept. Raises `ProfileError` where the user has no home and no variable names another place."""
    import platformdirs

    try:
        return platformdirs.user_config_path("scopix") / "profiles.json"
    except RuntimeError as error:
        raise ProfileError(
            "this user has no home directory to keep profiles in: set XDG_CONFIG_HOME, or SCOPIX_API_KEY"
        ) from error
