"""The queue of files that wait to be looked at: listed, accepted, corrected, rejected."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from scopix.types import rules as wire
from scopix_server.api.auth import Reader, Writer
from scopix_server.api.bodies import JsonRoute
from scopix_server.api.dependencies import ReviewsDep
from scopix_server.api.problems import responses
from scopix_server.api.rule_shapes import review_shape
from scopix_server.domain.file import check_tags, check_title
from scopix_server.domain.rules import ReviewStatus
from scopix_server.library.edit import Changes

__all__ = ["router"]

router = APIRouter(prefix="/reviews", tags=["reviews"], route_class=JsonRoute)


@router.get("", response_model=wire.ReviewList, responses=responses(401, 403, 422))
async def list_reviews(
    caller: Reader,
    reviews: ReviewsDep,
    status: ReviewStatus | None = ReviewStatus.OPEN,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
) -> wire.ReviewList:
    """List the files that wait, those that wait longest first; or those that were decided in a certain way."""
    page, total = await run_in_threadpool(lambda: reviews.list(caller.tenant_id, status, limit=limit, offset=offset))
    items = [review_shape(review, file) for review, file in page]
    has_more = offset + len(items) < total
    return wire.ReviewList(items=items, total_count=total, limit=limit, offset=offset, has_more=has_more)


@router.post("/{review_id}/accept", response_model=wire.Review, responses=responses(400, 401, 403, 404, 409, 422))
async def accept_review(
    caller: Writer, reviews: ReviewsDep, review_id: str, body: wire.DecideReviewRequest
) -> wire.Review:
    """Note that what was said of the file holds."""
    return review_shape(await run_in_threadpool(reviews.accept, caller.tenant_id, review_id, body.note))


@router.post("/{review_id}/correct", response_model=wire.Review, responses=responses(400, 401, 403, 404, 409, 422))
async def correct_review(
    caller: Writer, reviews: ReviewsDep, review_id: str, body: wire.CorrectReviewRequest
) -> wire.Review:
    """Correct what was said of the file: a corrected description is a person's, and no engine replaces it."""
    changes = Changes(
        named=frozenset(body.model_fields_set & {"title", "tags"}),
        title=check_title(body.title),
        tags=check_tags(body.tags or []),
        description=body.description,
        ai_tags=body.ai_tags,
    )
    return review_shape(await run_in_threadpool(reviews.correct, caller.tenant_id, review_id, body.note, changes))


@router.post("/{review_id}/reject", response_model=wire.Review, responses=responses(400, 401, 403, 404, 409, 422))
async def reject_review(
    caller: Writer, reviews: ReviewsDep, review_id: str, body: wire.DecideReviewRequest
) -> wire.Review:
    """Take back what was said of the file: an empty version of a person's takes its place, and is found by nothing."""
    return review_shape(await run_in_threadpool(reviews.reject, caller.tenant_id, review_id, body.note))
