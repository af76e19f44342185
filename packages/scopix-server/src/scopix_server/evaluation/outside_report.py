"""The figures of outside truth, tier by tier: clean pages, damaged variants of them, and what was photographed."""

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import add
from typing import Any

from scopix_server.evaluation.fields import FieldCount
from scopix_server.evaluation.outside import OutsideScore, TitleCount
from scopix_server.evaluation.score import CaseScore
from scopix_server.evaluation.text import ErrorCount

__all__ = ["outside_figures", "outside_table"]

_TIERS = ("clean", "damaged", "photographed")
_NOTHING = FieldCount(0, 0, 0)
_RATES = (
    ("CER", "cer"),
    ("CER in order", "cer_in_order"),
    ("Word F1", "word_f1"),
    ("Entities", "entities_right"),
    ("Kind", "kind_right"),
    ("Titles right", "titles_right"),
    ("Titles wrong, of all", "titles_wrong"),
    ("Subject named", "subjects_named"),
    ("Another named", "other_subjects"),
    ("Objects found", "objects_found"),
    ("Objects right", "objects_right"),
    ("Statements true", "statements_true"),
)


def outside_figures(scores: Sequence[CaseScore]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each tier that has pictures with its figures; rates are None where nothing was to be found."""
    for tier in _TIERS:
        inside = [score for score in scores if score.outside is not None and score.case.truth.tier == tier]
        if inside:
            yield tier, _figures(inside)


def outside_table(runs: Iterable[tuple[str, Sequence[CaseScore]]]) -> str:
    """Return a Markdown table: a row for each tier and engine, and one for each sort of entity."""
    lines = [
        f"| Tier | Engine | Images | {' | '.join(title for title, _ in _RATES)} |",
        "|" + "---|" * (3 + len(_RATES)),
    ]
    entities = ["| Entity | Tier | Engine | There | Right |", "|---|---|---|---|---|"]
    for engine, scores in runs:
        for tier, figures in outside_figures(scores):
            cells = [_cell(figures[key]) for _, key in _RATES]
            lines.append(f"| {tier} | {engine} | {figures['images']} | {' | '.join(cells)} |")
            for name, (there, right) in figures["entities"].items():
                entities.append(f"| {name} | {tier} | {engine} | {there} | {_cell(right / there)} |")
    return "\n".join(lines) + ("\n\n" + "\n".join(entities) if len(entities) > 2 else "")


def _figures(scores: Sequence[CaseScore]) -> dict[str, Any]:
    each = [score.outside for score in scores if score.outside is not None]
    words = reduce(add, (one.words for one in each if one.words), _NOTHING)
    entities = _entities(each)
    titles = reduce(add, (one.title for one in each if one.title), TitleCount())
    titled = sum(one.title is not None for one in each)
    subjects = [one for one in each if one.subject is not None]
    objects = reduce(add, (one.objects for one in each if one.objects), _NOTHING)
    kinds = [score.kind_right for score in scores if score.kind_right is not None]
    judged = sum(one.judged[1] for one in each)
    return {
        "images": len(scores),
        "cer": _errors(one.unordered for one in each),
        "cer_in_order": _errors(one.ordered for one in each),
        "word_f1": _share(2 * words.right, words.there + words.reported),
        "entities": {name: (count.there, count.right) for name, count in entities.items()},
        "entities_right": _share(sum(n.right for n in entities.values()), sum(n.there for n in entities.values())),
        "kind_right": _share(sum(kinds), len(kinds)),
        "titles_right": _share(titles.right, titles.there),
        "titles_wrong": _share(titles.claimed - titles.right, titled),
        "subjects_named": _share(sum(bool(one.subject) for one in subjects), len(subjects)),
        "other_subjects": _share(sum(one.other_subject for one in subjects), len(subjects)),
        "objects_found": objects.recall,
        "objects_right": objects.precision,
        "judged": judged,
        "statements_true": _share(sum(one.judged[0] for one in each), judged),
    }


def _entities(scores: Iterable[OutsideScore]) -> dict[str, FieldCount]:
    sums: dict[str, FieldCount] = {}
    for one in scores:
        for name, count in one.entities.items():
            sums[name] = sums.get(name, _NOTHING) + count
    return dict(sorted(sums.items()))


def _errors(counts: Iterable[ErrorCount | None]) -> float | None:
    """The rate over all characters; None where none is known."""
    total = reduce(add, (count for count in counts if count), ErrorCount(0, 0))
    return total.rate if total.characters else None


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
