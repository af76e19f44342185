"""Measuring engines on a folder of pictures whose truth is known, and writing down what came of it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from scopix_server.domain.analysis import Analyzer, Describer
from scopix_server.evaluation.outside import read_judged
from scopix_server.evaluation.report import Run, as_json, as_markdown
from scopix_server.evaluation.run import answers
from scopix_server.evaluation.score import score
from scopix_server.evaluation.truth import Split, find_cases

__all__ = ["evaluate", "write_report"]


def evaluate(
    folder: Path,
    engines: Mapping[str, Callable[[], tuple[Analyzer, Describer]]],
    *,
    split: Split = "all",
    category: str | None = None,
    judged: Path | None = None,
    processes: int = 1,
    seconds_per_image: float = 180.0,
    progress: Callable[[str, int, int], None] = lambda engine, done, of: None,
) -> list[Run]:
    """Measure each engine, by name, on the pictures of `folder`, one engine after the other.

    Args:
        folder: pictures with JSON files beside them.
        engines: what builds each engine, by name.
        split: the part of the set to look at.
        category: asked for instead of what each picture's truth says.
        judged: a file of statements that people judged (`outside.read_judged`).
        processes: pictures at once.
        seconds_per_image: after so long a picture is given up.
        progress: called after each picture with the engine's name, and how many of how many are done.

    Raises:
        BadTruth: a file of expectations cannot be used.
    """
    cases = find_cases(folder, split)
    if category is not None:
        cases = [replace(case, truth=case.truth.model_copy(update={"category": category})) for case in cases]
    judgements = read_judged(judged) if judged is not None else {}
    runs = []
    for name, build in engines.items():
        scores = []
        for case, answer in answers(cases, build, processes=processes, seconds_per_image=seconds_per_image):
            scores.append(score(case, answer, judgements))
            progress(name, len(scores), len(cases))
        runs.append(Run(name, tuple(scores)))
    return runs


def write_report(runs: list[Run], output: Path) -> tuple[Path, Path]:
    """Write `output` as Markdown, with all details, and a JSON file of the same name beside it; return both paths."""
    table, data = output.with_suffix(".md"), output.with_suffix(".json")
    table.write_text(as_markdown(runs, details=True), "utf-8")
    data.write_text(json.dumps(as_json(runs), ensure_ascii=False, indent=1) + "\n", "utf-8")
    return table, data
