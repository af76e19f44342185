"""The demo: a server of its own, pictures in through the SDK, descriptions out.

    scripts/demo [FILE or DIR ...]

Everything it makes stays in `.demo` in this checkout; remove that folder to start afresh.
"""

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from scopix import DescriptionStatus, InsecureTransportWarning, Scopix, ScopixError, UploadResult

ROOT = Path(__file__).resolve().parent.parent
DATA_DIR = ROOT / ".demo"
EXTENSIONS = {".jpg", ".jpeg", ".png", ".webp", ".gif"}
START_SECONDS = 60
PARALLEL = 4

console = Console()


def main() -> int:
    """Run the demo and return its exit code: 0 when every picture was described."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo", description="Describe pictures with a Scopix server of its own."
    )
    parser.add_argument("paths", nargs="*", type=Path, metavar="FILE or DIR", help="default: examples/images")
    files = expand(parser.parse_args().paths or [ROOT / "examples" / "images"])
    if not files:
        console.print("There is no .jpg, .jpeg, .png, .webp or .gif file there.")
        return 2
    # The server is on this machine, so plain http is fine.
    warnings.simplefilter("ignore", InsecureTransportWarning)
    with server() as (base_url, api_key):
        outcomes = asyncio.run(describe_all(files, base_url, api_key))
    show(outcomes)
    return 0 if all(isinstance(outcome, UploadResult) and outcome.is_completed for _, outcome in outcomes) else 1


def expand(paths: list[Path]) -> list[Path]:
    """Return the files among `paths` and the pictures inside the directories among them."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(file for file in path.rglob("*") if file.suffix.lower() in EXTENSIONS and file.is_file())
        else:
            files.append(path)
    return files


@contextlib.contextmanager
def server() -> Iterator[tuple[str, str]]:
    """Run a server on a free port; lend its address and key."""
    log_path = DATA_DIR / "server.log"
    DATA_DIR.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "scopix_server", "serve", "--port", "0", "--data-dir", str(DATA_DIR)]
    with log_path.open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        with console.status("Starting the server and loading its models ..."):
            base_url = _wait_until_ready(process, log_path)
        credentials = json.loads((DATA_DIR / "credentials.json").read_text())
        yield base_url, credentials["api_key"]
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_until_ready(process: subprocess.Popen[str], log_path: Path) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Scopix listens on "):
            base_url = line.split()[3]
            break
    else:
        sys.exit(f"The server did not start:\n{log_path.read_text()}")
    ready_url = base_url.removesuffix("/api/v2") + "/ready"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError):
            urllib.request.urlopen(ready_url, timeout=5).close()  # noqa: S310 (the address is our own)
            return base_url
        time.sleep(0.1)
    sys.exit(f"The server was not ready within {START_SECONDS} seconds:\n{log_path.read_text()}")


async def describe_all(files: list[Path], base_url: str, api_key: str) -> list[tuple[Path, UploadResult | Exception]]:
    """Upload all files, a few at a time, and wait for their descriptions. The order stays."""
    free = asyncio.Semaphore(PARALLEL)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("Describing", total=len(files))

        async def describe(client: Scopix, path: Path) -> UploadResult | Exception:
            async with free:
                try:
                    return await client.files.upload(path)
                except ScopixError as error:
                    return error
                finally:
                    progress.update(task, advance=1, description=f"Described [bold]{escape(path.name)}[/bold]")

        async with Scopix(api_key=api_key, base_url=base_url, polling_interval=0.2) as client:
            outcomes = await asyncio.gather(*(describe(client, path) for path in files))
        progress.update(task, description="Described all")
    return list(zip(files, outcomes, strict=True))


def show(outcomes: list[tuple[Path, UploadResult | Exception]]) -> None:
    """Print what came out, and how to go on."""
    table = Table(show_lines=True, expand=True)
    table.add_column("File", ratio=2, overflow="fold")
    table.add_column("Description", ratio=6)
    table.add_column("Tags", ratio=2)
    table.add_column("Visible text", ratio=3)
    for path, outcome in outcomes:
        table.add_row(escape(path.name), *_cells(outcome))
    console.print(table)
    done = sum(isinstance(outcome, UploadResult) and outcome.is_completed for _, outcome in outcomes)
    console.print(f"{len(outcomes)} files: {done} described, {len(outcomes) - done} not.")
    relative = DATA_DIR.relative_to(Path.cwd()) if DATA_DIR.is_relative_to(Path.cwd()) else DATA_DIR
    programs = Path(sys.executable).parent
    programs = programs.relative_to(Path.cwd()) if programs.is_relative_to(Path.cwd()) else programs
    console.print("\nTo keep a server running with these files:")
    console.print(f"  {programs}/scopix-server serve --data-dir {relative}", highlight=False, soft_wrap=True)
    console.print("and in another terminal:")
    console.print(f"  SCOPIX_DATA_DIR={relative} {programs}/scopix upload photo.jpg", highlight=False, soft_wrap=True)


def _cells(outcome: UploadResult | Exception) -> tuple[str, str, str]:
    if isinstance(outcome, Exception):
        return f"[red]{escape(str(outcome))}[/red]", "", ""
    if outcome.description_status is not DescriptionStatus.COMPLETED:
        return f"[red]{escape(outcome.description_error or outcome.description_status.value)}[/red]", "", ""
    text = " / ".join((outcome.visible_text or "").splitlines())
    shown = text if len(text) <= 200 else f"{text[:200].rstrip()} ... ({len(text)} characters)"
    return escape(outcome.description or ""), escape(", ".join(outcome.tags or [])), escape(shown)


if __name__ == "__main__":
    sys.exit(main())
