"""The command line. It needs the extra `cli`; it uses the package's public names only."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; the process ends with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets a question mark instead of a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        from scopix.cli.app import app
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich", "platformdirs"):
            raise
        sys.exit(f"The command line needs more packages: pip install 'scopix[cli]'  (missing: {error.name})")
    app()
