"""The reply to a question, on the wire."""

from collections.abc import Mapping
from typing import cast

from scopix.types import ask as wire
from scopix_server.api.file_links import Links
from scopix_server.api.perception_shapes import bounding_box
from scopix_server.api.shapes import file_summary
from scopix_server.domain.asking import FieldTotal, Reply, ReplyRow
from scopix_server.domain.file import Variant

__all__ = ["ask_response"]


def ask_response(question: str, reply: Reply, links: Links) -> wire.AskResponse:
    """Shape a reply."""
    variants = cast(Mapping[str, tuple[Variant, ...]], reply.variants)
    shown = set().union(*(row.values for row in reply.rows)) if reply.rows else set()
    return wire.AskResponse(
        question=question,
        search=reply.understood.search,
        goal=reply.understood.goal.value,
        is_found=bool(reply.rows),
        text=" ".join(claim.text for claim in reply.claims),
        claims=[wire.AskClaim(text=claim.text, rows=list(claim.rows)) for claim in reply.claims],
        count=reply.count,
        count_is_minimum=reply.count_is_minimum,
        columns=[name for name in reply.understood.fields if name in shown],
        totals=[_total(total) for total in reply.totals],
        rows=[_row(row, variants.get(row.file.id, ()), links) for row in reply.rows],
        notes=list(reply.notes),
        written_by=reply.writer or "rules",
        is_complete=reply.is_complete,
    )


def _total(total: FieldTotal) -> wire.AskTotal:
    return wire.AskTotal(
        field=total.name,
        unit=total.unit,
        files=total.files,
        total=round(total.total, 4),
        minimum=total.minimum,
        maximum=total.maximum,
    )


def _row(row: ReplyRow, variants: tuple[Variant, ...], links: Links) -> wire.AskRow:
    citations = [
        wire.AskCitation(
            file_id=row.file.id,
            field=each.field,
            text=each.text,
            bbox=bounding_box(each.box) if each.box else None,
            page=each.page,
        )
        for each in row.citations
    ]
    return wire.AskRow(
        file=file_summary(row.file, variants, links),
        values=dict(row.values),
        citations=citations,
        found_by=list(row.found_by),
    )
