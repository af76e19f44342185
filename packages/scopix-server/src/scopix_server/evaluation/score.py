"""One answer about one picture, measured against the truth."""

from dataclasses import dataclass, field

from rapidfuzz import fuzz

from scopix_server.domain.description import Description
from scopix_server.evaluation.claims import unsupported_claims
from scopix_server.evaluation.fields import FieldCount, compare_fields, reported_fields
from scopix_server.evaluation.outside import Judged, OutsideScore, score_outside
from scopix_server.evaluation.text import Difference, ErrorCount, compare_lines, errors_in_order, squeezed
from scopix_server.evaluation.truth import Case, Truth

__all__ = ["Answer", "CaseScore", "score"]

_TOLERATED = 75.0
"""Percent of likeness with a tolerated text from which on a line read is left out of the error rate."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine made of a picture, and what that cost: seconds by the clock and of the processor, bytes at most.

    `size` is the image's in pixels. `error` says why there is no description.
    """

    description: Description | None
    size: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_bytes: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class CaseScore:
    """The figures of one picture; None where the truth does not speak of them."""

    case: Case
    answer: Answer
    ordered: ErrorCount | None = None
    unordered: ErrorCount | None = None
    fields: dict[str, FieldCount] = field(default_factory=dict)
    kind_right: bool | None = None
    statements: int = 0
    unsupported: tuple[str, ...] = ()
    misread: tuple[Difference, ...] = ()
    outside: OutsideScore | None = None


def score(case: Case, answer: Answer, judged: Judged | None = None) -> CaseScore:
    """Measure an answer; one that failed counts as an answer that says nothing.

    Args:
        judged: statements that people judged; None for none.
    """
    truth, description = case.truth, answer.description
    read = _read(description, truth)
    unordered, misread = (None, []) if truth.lines is None else compare_lines(truth.lines, read)
    fields = compare_fields(truth.fields, reported_fields(description) if description else {}) if truth.fields else {}
    return CaseScore(
        case=case,
        answer=answer,
        ordered=None if truth.lines is None else errors_in_order(truth.lines, read),
        unordered=unordered,
        fields=fields,
        kind_right=None if truth.kinds is None else description is not None and description.kind in truth.kinds,
        statements=sum("statement" in entry for entry in description.evidence) if description else 0,
        unsupported=tuple(unsupported_claims(description, truth, answer.size)) if description else (),
        misread=tuple(misread),
        outside=score_outside(case, description, judged or {}) if judged or truth.is_outside else None,
    )


def _read(description: Description | None, truth: Truth) -> list[str]:
    """The lines of the visible text, without those that the truth tolerates but does not demand."""
    lines = (description.visible_text or "").splitlines() if description else []
    tolerated = [squeezed(text) for text in truth.tolerated]
    expected = {squeezed(line) for line in truth.lines or ()}
    return [line for line in lines if squeezed(line) in expected or not _tolerable(squeezed(line), tolerated)]


def _tolerable(line: str, tolerated: list[str]) -> bool:
    return any(fuzz.partial_ratio(line, text) >= _TOLERATED for text in tolerated)
