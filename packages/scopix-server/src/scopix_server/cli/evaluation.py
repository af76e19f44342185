"""eval: how good an engine is, on pictures whose truth is known."""

import json
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from scopix_server.cli.common import DataDir, fail, settings_from

__all__ = ["evaluate"]


class _Part(str, Enum):
    TUNING = "tuning"
    HELD_OUT = "held-out"
    ALL = "all"


def evaluate(
    folder: Annotated[
        Path, typer.Argument(help="Pictures, each with a JSON file of the same name beside it that says what is on it.")
    ],
    engine: Annotated[str, typer.Option(help="Engine to measure.")] = "builtin",
    compare: Annotated[str | None, typer.Option(help="A second engine, to stand beside the first.")] = None,
    split: Annotated[_Part, typer.Option(help="Part of the pictures.")] = _Part.ALL,
    category: Annotated[
        str | None, typer.Option(help="Describe all pictures as of this category; default: as each JSON file says.")
    ] = None,
    judged: Annotated[
        Path | None,
        typer.Option(help="Judged statements, a JSON object a line (image, statement, true): how many are true?"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    details: Annotated[bool, typer.Option("--details", help="Also say what is wrong on which picture.")] = False,
    output: Annotated[
        Path | None, typer.Option(help="Write the table here (.md), with details, and the data beside it (.json).")
    ] = None,
    processes: Annotated[int, typer.Option(help="Pictures at once.", min=1)] = 2,
    seconds: Annotated[float, typer.Option(help="A picture that takes longer is given up.", min=1)] = 180.0,
    data_dir: DataDir = None,
) -> None:
    """Measure engines on pictures whose truth is known: reading, fields, claims, time."""
    from scopix_server.evaluation import evaluate as evaluation
    from scopix_server.evaluation import report
    from scopix_server.evaluation.truth import BadTruth
    from scopix_server.wiring.evaluation import evaluated_engine

    settings = settings_from(data_dir=data_dir)
    names = dict.fromkeys([engine, *([compare] if compare else [])])
    try:
        runs = evaluation.evaluate(
            folder,
            {name: evaluated_engine(settings, name) for name in names},
            split="held_out" if split is _Part.HELD_OUT else split.value,
            category=category,
            judged=judged,
            processes=processes,
            seconds_per_image=seconds,
            progress=_show if sys.stderr.isatty() else lambda *_: None,
        )
        if output is not None:
            evaluation.write_report(runs, output)
    except (BadTruth, ValueError, OSError) as error:
        fail(str(error))
    if as_json:
        typer.echo(json.dumps(report.as_json(runs), ensure_ascii=False, indent=1))
    else:
        typer.echo(report.as_markdown(runs, details=details), nl=False)


def _show(engine: str, done: int, of: int) -> None:
    typer.echo(f"\r{engine}: {done} of {of}", nl=done == of, err=True)
