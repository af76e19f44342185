"""doctor: tries parts of the server out and says what is wrong with them."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from scopix_server.cli.common import DataDir, fail, printable, say, settings_from
from scopix_server.environment import child_environment

if TYPE_CHECKING:
    from scopix_server.domain.engines import EngineReport

__all__ = ["doctor_app"]

doctor_app = typer.Typer(help="Try the server's parts out: all of them, or engines alone.")
_COLOURS = {"ok": typer.colors.GREEN, "warning": typer.colors.YELLOW, "failed": typer.colors.RED}


@doctor_app.callback(invoke_without_command=True)
def doctor(
    context: typer.Context,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Try out the database, storage, queue, workers, engines, disk and clock, with the settings the server would have.

    Works beside a running server and before the first start; changes nothing. The exit code is 0 when nothing has
    failed, 1 when something has; a warning is no failure.
    """
    if context.invoked_subcommand is not None:
        return
    from scopix_server.cli.checks import Verdict, examine

    settings = settings_from(data_dir=data_dir)
    findings = []
    for finding in examine(settings):
        findings.append(finding)
        if not as_json:
            mark = typer.style(f"{finding.verdict.value:<8}", fg=_COLOURS[finding.verdict.value])
            typer.echo(f"{mark} {finding.part:<14} {printable(finding.message)}")
    failed = [finding.part for finding in findings if finding.verdict is Verdict.FAILED]
    if as_json:
        print(json.dumps({"healthy": not failed, "findings": [asdict(finding) for finding in findings]}, indent=2))  # noqa: T201
    raise typer.Exit(1 if failed else 0)


@doctor_app.command("engine")
def doctor_engine(
    name: Annotated[str | None, typer.Argument(help="An engine's name; default: all.")] = None,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ask vision-language engines about two drawn pictures: there, seeing, able to answer in JSON, how fast?

    The exit code is 0 when every engine can be used, 1 when one cannot or none is configured.
    """
    from scopix_server.vlm.registry import build_engine
    from scopix_server.vlm.trial import try_engine
    from scopix_server.wiring.engines import engine_choice

    settings = settings_from(data_dir=data_dir)
    try:
        specs = [spec for spec in engine_choice(settings).remote if name in {None, spec.name}]
    except ValueError as error:
        fail(f"The settings of the engines cannot be used: {error}.")
    if not specs:
        fail(f"There is no engine '{name}'." if name else "No engine is configured: set SCOPIX_ENGINE_URL.")
    reports = []
    for spec in specs:
        engine = build_engine(spec, threads=settings.engine_threads, environment=child_environment())
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
    for what, message in rows:
        say(f"  {what:<13} {message}")


def _word(known: bool | None) -> str:
    return "not known" if known is None else "yes" if known else "no"
