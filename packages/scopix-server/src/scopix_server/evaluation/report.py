"""The figures of many pictures as a table, for people (Markdown) and for programs (JSON)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from scopix_server.evaluation.fields import FieldCount
from scopix_server.evaluation.outside_report import outside_figures, outside_table
from scopix_server.evaluation.score import CaseScore
from scopix_server.evaluation.text import ErrorCount

__all__ = ["Metrics", "Run", "as_json", "as_markdown", "groups_of", "metrics_of"]

_ALL = "all"
_SPLITS = ("tuning", "held_out")


@dataclass(frozen=True, slots=True)
class Run:
    """One engine's scores."""

    engine: str
    scores: tuple[CaseScore, ...]


@dataclass(frozen=True, slots=True)
class Metrics:
    """Sums over some pictures, from which the rates follow: each character and each field counts alike."""

    images: int
    failed: int
    unordered: ErrorCount
    ordered: ErrorCount
    fields: FieldCount
    kinds_right: int
    kinds: int
    statements: int
    unsupported: int
    seconds: float
    cpu_seconds: float
    peak_bytes: int

    def as_dict(self) -> dict[str, Any]:
        """The rates, and the counts that they stand on."""
        return {
            "images": self.images,
            "failed": self.failed,
            "characters": self.unordered.characters,
            "cer": self.unordered.rate,
            "cer_in_order": self.ordered.rate,
            "fields": self.fields.there,
            "fields_reported": self.fields.reported,
            "fields_right": self.fields.right,
            "field_recall": self.fields.recall,
            "field_precision": self.fields.precision,
            "kind_accuracy": self.kinds_right / self.kinds if self.kinds else None,
            "statements": self.statements,
            "unsupported_claims": self.unsupported,
            "seconds_per_image": self.seconds / self.images,
            "cpu_seconds_per_image": self.cpu_seconds / self.images,
            "peak_bytes": self.peak_bytes,
        }


def metrics_of(scores: Sequence[CaseScore]) -> Metrics:
    """Sum up; at least one score."""
    none = ErrorCount(0, 0)
    return Metrics(
        images=len(scores),
        failed=sum(score.answer.description is None for score in scores),
        unordered=reduce(add, (score.unordered for score in scores if score.unordered), none),
        ordered=reduce(add, (score.ordered for score in scores if score.ordered), none),
        fields=reduce(add, (count for score in scores for count in score.fields.values()), FieldCount(0, 0, 0)),
        kinds_right=sum(bool(score.kind_right) for score in scores),
        kinds=sum(score.kind_right is not None for score in scores),
        statements=sum(score.statements for score in scores),
        unsupported=sum(len(score.unsupported) for score in scores),
        seconds=sum(score.answer.seconds for score in scores),
        cpu_seconds=sum(score.answer.cpu_seconds for score in scores),
        peak_bytes=max(score.answer.peak_bytes for score in scores),
    )


def groups_of(scores: Sequence[CaseScore]) -> Iterator[tuple[str, str, list[CaseScore]]]:
    """Yield split, group and scores: of each split its groups by name, then the whole split."""
    for split in _SPLITS:
        inside = [score for score in scores if score.case.truth.split == split]
        for group in sorted({score.case.truth.group for score in inside}):
            yield split, group, [score for score in inside if score.case.truth.group == group]
        if inside:
            yield split, _ALL, inside


def as_json(runs: Sequence[Run]) -> dict[str, Any]:
    """Everything: the rows of the table, the fields by name, and each picture."""
    return {
        "engines": [
            {
                "engine": run.engine,
                "rows": [
                    {"split": split, "group": group, **metrics_of(scores).as_dict()}
                    for split, group, scores in groups_of(run.scores)
                ],
                "fields": [
                    {"split": split, "field": name, "there": n.there, "reported": n.reported, "right": n.right}
                    for split, name, n in _by_field(run.scores)
                ],
                "outside": [{"tier": tier, **figures} for tier, figures in outside_figures(run.scores)],
                "images": [_image(score) for score in run.scores],
            }
            for run in runs
        ]
    }


def as_markdown(runs: Sequence[Run], *, details: bool = False) -> str:
    """The table, engine beneath engine in each group; with `details` what is wrong on which picture."""
    several = len(runs) > 1
    rows = []
    grouped = [list(groups_of(run.scores)) for run in runs]
    for together in zip(*grouped, strict=True):
        for run, (split, group, scores) in zip(runs, together, strict=True):
            name = f"**{split}**" if group == _ALL else group
            rows.append([name, split, *([run.engine] if several else []), *_cells(metrics_of(scores))])
    head = ["Group", "Split", *(["Engine"] if several else []), *(title for title, _ in _COLUMNS)]
    parts = [_table(head, rows)]
    fields = [
        [name, split, *([run.engine] if several else []), str(n.there), _percent(n.recall), _percent(n.precision)]
        for run in runs
        for split, name, n in _by_field(run.scores)
    ]
    if fields:
        parts.append(
            _table(["Field", "Split", *(["Engine"] if several else []), "There", "Found", "Right of reported"], fields)
        )
    if any(score.outside for run in runs for score in run.scores):
        parts.append(outside_table([(run.engine, run.scores) for run in runs]))
    if details:
        parts += ["\n".join(lines) for run in runs if (lines := list(_details(run)))]
    return "\n\n".join(parts) + "\n"


def _by_field(scores: Iterable[CaseScore]) -> Iterator[tuple[str, str, FieldCount]]:
    sums: dict[tuple[str, str], FieldCount] = {}
    for score in scores:
        for name, count in score.fields.items():
            key = score.case.truth.split, name
            sums[key] = sums.get(key, FieldCount(0, 0, 0)) + count
    for (split, name), count in sorted(sums.items(), key=lambda item: (_SPLITS.index(item[0][0]), item[0][1])):
        yield split, name, count


def _image(score: CaseScore) -> dict[str, Any]:
    description = score.answer.description
    return {
        "image": score.case.name,
        **metrics_of([score]).as_dict(),
        "kind": description.kind.value if description else None,
        "error": score.answer.error,
        "unsupported": list(score.unsupported),
        "misread": [[piece.truth, piece.read] for piece in score.misread],
        "description": description.text if description else None,
    }


def _details(run: Run) -> Iterator[str]:
    for score in run.scores:
        problems = [*score.unsupported, *([score.answer.error] if score.answer.error else [])]
        problems += [
            f"{name}: {count.right} of {count.there} right, {count.reported} reported"
            for name, count in score.fields.items()
            if not count.there == count.reported == count.right
        ]
        problems += [f"read {piece.read!r} for {piece.truth!r}" for piece in score.misread]
        for problem in problems:
            yield f"- {run.engine}, {score.case.name}: {problem}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _rate(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.4f}"


_COLUMNS: tuple[tuple[str, Callable[[Metrics], str]], ...] = (
    ("Images", lambda f: f"{f.images}" + (f" ({f.failed} failed)" if f.failed else "")),
    ("CER", lambda f: _rate(f.unordered.rate if f.unordered.characters else None)),
    ("CER in order", lambda f: _rate(f.ordered.rate if f.ordered.characters else None)),
    ("Fields", lambda f: str(f.fields.there)),
    ("Found", lambda f: _percent(f.fields.recall)),
    ("Right of reported", lambda f: _percent(f.fields.precision)),
    ("Kind", lambda f: _percent(f.kinds_right / f.kinds if f.kinds else None)),
    ("Statements", lambda f: str(f.statements)),
    ("Unsupported", lambda f: str(f.unsupported)),
    ("s/image", lambda f: f"{f.seconds / f.images:.2f}"),
    ("CPU s/image", lambda f: f"{f.cpu_seconds / f.images:.2f}"),
    ("Peak MB", lambda f: f"{f.peak_bytes / 1e6:.0f}"),
)


def _cells(metrics: Metrics) -> list[str]:
    return [cell(metrics) for _, cell in _COLUMNS]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])
