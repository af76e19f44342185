"""doctor: tries parts of the server out and says what is wrong with them."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from scopix_server.cli.common import DataDir, fail, say, settings_from

if TYPE_CHECKING:
    from scopix_server.domain.engines import EngineReport

__all__ = ["doctor_app"]

doctor_app = typer.Typer(no_args_is_help=True, help="Try parts of the server out.")


@doctor_app.callback()
def doctor() -> None:
    """Try parts of the server out."""


@doctor_app.command("engine")
def doctor_engine(
    name: Annotated[str | None, typer.Argument(help="An engine's name; default: all.")] = None,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ask vision-language engines about two drawn pictures: there, seeing, able to answer in JSON, how fast?

    The exit code is 0 when every engine can be used, 1 when one cannot or none is configured.
    """
    from scopix_server.engines.registry import build_engine
    from scopix_server.engines.trial import try_engine
    from scopix_server.wiring_engines import engine_choice

    settings = settings_from(data_dir=data_dir)
    try:
        specs = [spec for spec in engine_choice(settings).remote if name in {None, spec.name}]
    except ValueError as error:
        fail(f"The settings of the engines cannot be used: {error}.")
    if not specs:
        fail(f"There is no engine '{name}'." if name else "No engine is configured: set SCOPIX_ENGINE_URL.")
    reports = []
    for spec in specs:
        engine = build_engine(spec, threads=settings.engine_threads)
        try:
            reports.append(try_engine(engine))
        finally:
            engine.close()
        if not as_json:
            _print(reports[-1])
    if as_json:
        print(json.dumps([asdict(report) | {"usable": report.usable} for report in reports], indent=2))  # noqa: T201
    raise typer.Exit(0 if all(report.usable for report in reports) else 1)


def _print(report: "EngineReport") -> None:
    say(f"{report.name} ({report.kind}{', ' + report.model if report.model else ''})")
    rows: list[tuple[str, object]] = [("reachable", _word(report.reachable))]
    if report.reachable:
        rows += [
            ("model listed", _word(report.model_listed)),
            ("sees images", _word(report.vision)),
            ("JSON", report.json_mode or "no"),
        ]
    if report.seconds is not None:
        speed = f", {report.tokens_per_second:g} tokens/s" if report.tokens_per_second else ""
        tokens = (
            f" ({report.input_tokens} tokens in, {report.output_tokens} out{speed})" if report.output_tokens else ""
        )
        rows.append(("an answer", f"{report.seconds:g} s{tokens}"))
    if report.problem:
        rows.append(("problem", report.problem))
    rows.append(("verdict", "can be used" if report.usable else "cannot be used"))
    for what, said in rows:
        say(f"  {what:<13} {said}")


def _word(known: bool | None) -> str:
    return "not known" if known is None else "yes" if known else "no"
