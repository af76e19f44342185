"""models: small vision-language models for this machine, listed and downloaded."""

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from scopix_server.cli.common import DataDir, fail, say, settings_from, table

if TYPE_CHECKING:
    from scopix_server.vlm.model_table import ModelTable, SmallModel

__all__ = ["models_app"]

models_app = typer.Typer(no_args_is_help=True, help="Vision-language models that run on this machine (extra vlm).")


@models_app.command("list")
def list_models(
    data_dir: DataDir = None, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """List the models that can be pulled, and others for other tools: licences, what an image costs, which are here."""
    known = _table(data_dir)
    if as_json:
        others = [asdict(model) | {"here": False, "pulled_by": "other tools"} for model in known.suggested]
        print(json.dumps([_facts(known, model) for model in known] + others, indent=2))  # noqa: T201
        return
    rows: list[tuple[str, ...]] = [("NAME", "DOWNLOAD", "MEMORY", "LICENCE", "HERE", "FOR")]
    rows += [
        (
            model.name,
            f"{model.size / 1e9:.1f} GB",
            f"{model.memory_gb:g} GB",
            model.licence,
            "yes" if known.is_here(model.name) else "no",
            model.note,
        )
        for model in known
    ]
    table(rows)
    if not known.suggested:
        return
    say("")
    say("For other tools, such as Ollama or llama-server (SCOPIX_ENGINE_URL); figures are their makers':")
    table(
        [("NAME", "TOKENS AN IMAGE", "LICENCE", "FOR", "SOURCE")]
        + [(model.name, model.prompt_tokens, model.licence, model.note, model.source) for model in known.suggested]
    )


@models_app.command("pull")
def pull_model(
    name: Annotated[str, typer.Argument(help="A name from `models list`.")],
    data_dir: DataDir = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Download a model; what broke off is continued, what has a wrong checksum is refused."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from scopix_server.vlm.download import DownloadFailed, download

    known = _table(data_dir)
    try:
        model = known.get(name)
    except LookupError as error:
        fail(f"{error}.")
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True, quiet=quiet)
    with Progress(*columns, TimeRemainingColumn(), console=console) as bars:
        for file in (model.projector, model.model):
            bar = bars.add_task(file.name, total=file.size)
            try:
                download(file, known.folder / model.name, lambda done, _, bar=bar: bars.update(bar, completed=done))  # type: ignore[misc]
            except DownloadFailed as error:
                bars.stop()
                fail(str(error))
    say(f"{model.name} is here ({model.licence}). Use it with:")
    say(f"  SCOPIX_ENGINE_KIND=llama SCOPIX_ENGINE_MODEL={model.name} scopix-server serve")
    if not _has_llama():
        print("It needs the extra vlm: pip install 'scopix-server[vlm]'", file=sys.stderr)  # noqa: T201


def _table(data_dir: DataDir) -> "ModelTable":
    from scopix_server.wiring.engines import model_table

    return model_table(settings_from(data_dir=data_dir))


def _facts(known: "ModelTable", model: "SmallModel") -> dict[str, object]:
    return {
        "name": model.name,
        "download_bytes": model.size,
        "memory_gb": model.memory_gb,
        "licence": model.licence,
        "source": model.source,
        "note": model.note,
        "prompt_tokens": model.prompt_tokens or None,
        "here": known.is_here(model.name),
    }


def _has_llama() -> bool:
    from importlib.util import find_spec

    return find_spec("xllamacpp") is not None
