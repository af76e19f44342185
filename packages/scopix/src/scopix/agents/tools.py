"""The tools: what an agent can do, each a few calls of the SDK. Arguments are explained where they are declared, since
agents read it.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated, Any, Literal

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, ImageContent, TextContent
from pydantic import Field

from scopix._async.client import Scopix
from scopix._concurrency import run_blocking_async
from scopix._errors import ScopixTimeoutError
from scopix._sniff import HEAD_BYTES, sniff
from scopix.agents import results
from scopix.types.files import BoundingBox, FileDetails
from scopix.types.results import UploadResult
from scopix.types.vocabulary import MediaType, VariantType

__all__ = ["Connect", "Tools"]

Connect = Callable[[], AbstractAsyncContextManager[Scopix]]
"""A client for one call, with the rights of whoever calls."""

ImageId = Annotated[str, Field(description="The picture's id, or its first 8 characters.", min_length=1)]
Category = Annotated[
    str, Field(description="A content category, such as receipt or ce_plan (see scopix://categories).")
]
_EXAMPLES = 5


class Tools:
    """The tools over a connection.

    Args:
        folders: upload_image may read pictures below them by path; with none it takes their content alone.
    """

    def __init__(self, connect: Connect, folders: Sequence[Path] = ()) -> None:
        self._connect = connect
        self._folders = [folder.resolve() for folder in folders]

    async def search_images(
        self,
        query: Annotated[
            str | None,
            Field(
                description='Words to find in titles, names, tags, descriptions and visible text; "in quotes" they '
                "stand together, -word must not be there. Also "
                "title:, text:, taken:2024-05..2024-07, people>=2, keyword:, rating>=4, field.total>100."
            ),
        ] = None,
        mode: Annotated[
            Literal["hybrid", "words"],
            Field(description="hybrid: by meaning, too, in any language, the best first; words: all must be there."),
        ] = "hybrid",
        tags: Annotated[list[str] | None, Field(description="Tags that a picture must all carry.")] = None,
        objects: Annotated[
            list[str] | None, Field(description='Things that must all be seen, such as "dog" or "people>=2".')
        ] = None,
        category: Category | None = None,
        date_from: Annotated[str | None, Field(description="Taken at or after, ISO 8601.")] = None,
        date_to: Annotated[str | None, Field(description="Taken at or before, ISO 8601.")] = None,
        has_description: bool | None = None,
        limit: Annotated[int, Field(ge=1, le=50)] = 10,
        cursor: Annotated[str | None, Field(description="The next_cursor of the page before.")] = None,
    ) -> results.FoundImages:
        """Find pictures by words or meaning, tags, things seen, category and time; without conditions, all.

        Every condition must be met. With a query the best come first, those that fit badly are left out, and found_by
        says why each is there; the mode words goes page by page; without a query the latest come first.
        """
        filters: dict[str, Any] = {
            "tags": tags,
            "objects": objects,
            "content_categories": None if category is None else [category],
            "date_from": date_from,
            "date_to": date_to,
            "has_description": has_description,
            "limit": limit,
        }
        async with self._connect() as client:
            if query is not None and mode == "hybrid" and cursor is None:
                found = await client.files.search(query, **filters, include_details=True)
                hits = [(hit, hit.details) for hit in found.items if hit.details is not None]
                entries = [results.entry_of(details, hit.found_by) for hit, details in hits]
                return results.FoundImages(total_count=len(entries), images=entries)
            order = "relevance" if query else "content_created_at"
            page = await client.files.list_details(search=query, sort_by=order, **filters, cursor=cursor)
        return results.FoundImages(
            total_count=page.total_count,
            total_is_minimum=page.total_is_minimum,
            images=[results.entry_of(details) for details in page.items],
            next_cursor=page.next_cursor,
        )

    async def ask_images(
        self,
        question: Annotated[
            str,
            Field(description="A sentence, such as: which receipts are over 100 euros?", min_length=1, max_length=1000),
        ],
        limit: Annotated[int, Field(ge=1, le=50, description="How many pictures the table has at most.")] = 10,
    ) -> results.Reply:
        """Ask a question over all pictures: a table of what they say, each value cited, with counts and sums.

        Say only what the citations hold, and name the image_id of each. Look closer with get_image or read_text.
        """
        async with self._connect() as client:
            return results.reply_of(await client.ask(question, limit=limit))

    async def get_image(self, image_id: ImageId) -> results.ImageDetails:
        """Everything known about one picture: description, tags, visible text, things seen, the category's fields."""
        async with self._connect() as client:
            return results.image_details(await client.files.get(image_id))

    async def view_image(
        self,
        image_id: ImageId,
        size: Annotated[
            VariantType, Field(description="How large: tiny_64, small_256, medium_750 or large_1024 pixels.")
        ] = VariantType.MEDIUM_750,
    ) -> Annotated[CallToolResult, results.ViewedImage]:
        """Look at a picture: it comes as an image. For the text on it read_text is surer."""
        if size is VariantType.ORIGINAL:
            raise ToolError("originals can be of any size; the largest to look at is large_1024")
        async with self._connect() as client:
            data = await client.files.download(image_id, variant_type=size)
        shown = results.ViewedImage(image_id=image_id, variant=size.value)
        return CallToolResult(
            content=[
                ImageContent(type="image", data=base64.b64encode(data).decode("ascii"), mime_type="image/jpeg"),
                TextContent(type="text", text=shown.note),
            ],
            structured_content=shown.model_dump(),
        )

    async def read_text(
        self,
        image_id: ImageId,
        region: Annotated[
            results.Region | None, Field(description="Only lines whose middle is inside, in fractions of the picture.")
        ] = None,
        limit: Annotated[int, Field(ge=1, le=1000)] = 300,
    ) -> results.ReadText:
        """Read the text on a picture, line by line, each with its place."""
        async with self._connect() as client:
            details = await client.files.get(image_id)
        lines = [
            results.TextLine(text=one.text, box=one.bbox, confidence=one.confidence)
            for one in details.text_regions or ()
            if region is None or _is_inside(one.bbox, region)
        ]
        return results.ReadText(
            image_id=details.id,
            description_status=_word(details.description_status),
            lines=lines[:limit],
            total_lines=len(lines),
        )

    async def job_status(
        self,
        image_id: Annotated[str | None, Field(description="A picture whose description is on its way.")] = None,
        session_id: Annotated[str | None, Field(description="An upload session with many files.")] = None,
    ) -> results.JobStatus:
        """How far a picture, or an upload session, is. Give one of the two ids."""
        if (image_id is None) == (session_id is None):
            raise ToolError("give image_id or session_id, and not both")
        async with self._connect() as client:
            if image_id is not None:
                status = await client.files.get_processing_status(image_id)
                return results.JobStatus(
                    id=status.image_id,
                    status=_word(status.component_statuses.description_status),
                    is_finished=status.description_is_terminal,
                    reason=status.error_message,
                )
            session = await client.files.get_session_status(str(session_id))
        return results.JobStatus(
            id=session.session_id,
            status=session.status,
            is_finished=session.is_terminal,
            reason=session.recent_errors[0].error if session.recent_errors else None,
            total=session.total_files,
            completed=session.completed_files,
            failed=session.failed_files,
            skipped=session.skipped_files,
            pending=session.pending_files,
        )

    async def upload_image(
        self,
        filename: Annotated[str, Field(description="What the picture is called, such as receipt.jpg.", min_length=1)],
        content_base64: Annotated[str, Field(description="The picture's bytes (JPEG, PNG, WebP or GIF) in Base64.")],
        category: Category = "general",
        title: Annotated[str | None, Field(max_length=255)] = None,
        tags: list[str] | None = None,
        wait_seconds: Annotated[float, Field(ge=0, le=60, description="How long to wait for the description.")] = 20,
    ) -> results.UploadedImage:
        """Upload a picture and have it described. What is stored already is not stored again."""
        try:
            content = base64.b64decode(content_base64, validate=True)
        except (binascii.Error, ValueError):
            raise ToolError("content_base64 is not Base64") from None
        return await self._upload(content, filename, category, title, tags, wait_seconds)

    async def upload_image_file(
        self,
        path: Annotated[str, Field(description="The picture's path on this computer, in one of the allowed folders.")],
        category: Category = "general",
        title: Annotated[str | None, Field(max_length=255)] = None,
        tags: list[str] | None = None,
        wait_seconds: Annotated[float, Field(ge=0, le=60, description="How long to wait for the description.")] = 20,
    ) -> results.UploadedImage:
        """Upload a picture of this computer and have it described. What is stored already is not stored again."""
        found = await run_blocking_async(lambda: _resolved(path))
        if not any(found.is_relative_to(folder) for folder in self._folders):
            allowed = ", ".join(map(str, self._folders))
            raise ToolError(f"{path} is in none of the folders that pictures may be taken from: {allowed}")
        return await self._upload(found, found.name, category, title, tags, wait_seconds)

    async def describe_again(
        self,
        image_ids: Annotated[
            list[str] | None, Field(description="These pictures, by their ids.", max_length=100)
        ] = None,
        query: Annotated[str | None, Field(description="Pictures with these words, as in search_images.")] = None,
        tags: Annotated[list[str] | None, Field(description="Pictures with all these tags.")] = None,
        category: Annotated[str | None, Field(description="Describe them under this category from now on.")] = None,
        engine: Annotated[str | None, Field(description="Have this engine of the server describe them.")] = None,
        dry_run: Annotated[bool, Field(description="True (the default): only say which pictures it would be.")] = True,
    ) -> results.DescribedAgain:
        """Describe pictures again, those that meet every condition. A dry run unless dry_run is false.

        Earlier descriptions are kept. It costs the server's time, and with a paid engine money.
        """
        if not image_ids and not query and not tags:
            raise ToolError("say which pictures: give image_ids, query or tags")
        async with self._connect() as client:
            ids = None if not image_ids else [(await client.files.get(one)).id for one in dict.fromkeys(image_ids)]
            chosen: dict[str, Any] = {"ids": ids, "search": query, "tags": tags}
            if dry_run:
                page = await client.files.list_details(
                    **chosen, media_types=[MediaType.IMAGE], limit=_EXAMPLES, exact_total=True
                )
                entries = [results.entry_of(details) for details in page.items]
                return results.DescribedAgain(dry_run=True, matched=page.total_count, examples=entries)
            done = await client.files.describe_matching(**chosen, content_category=category, engine=engine)
        return results.DescribedAgain(dry_run=False, matched=done.matched, queued=done.queued)

    async def update_image(
        self,
        image_id: ImageId,
        title: Annotated[str | None, Field(max_length=255, description="The new title; empty takes it away.")] = None,
        add_tags: list[str] | None = None,
        remove_tags: list[str] | None = None,
        description: Annotated[
            str | None, Field(max_length=20_000, description="A correction; no engine replaces it.", min_length=1)
        ] = None,
    ) -> results.UpdatedImage:
        """Change a picture's title, its users' tags, or correct its description. What is left out stays."""
        if title is None and description is None and not add_tags and not remove_tags:
            raise ToolError("say what to change: title, add_tags, remove_tags or description")
        async with self._connect() as client:
            details = await client.files.get(image_id)
            tags = None
            if add_tags or remove_tags:
                # A list tells the users' tags alone; details mix those of the description in.
                (summary,) = (await client.files.list(ids=[details.id])).items
                gone = set(remove_tags or ())
                tags = [tag for tag in dict.fromkeys([*summary.tags, *(add_tags or ())]) if tag not in gone]
            changed = await client.files.update(details.id, title=title, tags=tags, description=description)
        return results.UpdatedImage(image_id=changed.id, title=changed.title, tags=changed.tags)

    async def _upload(
        self,
        file: Path | bytes,
        filename: str,
        category: str,
        title: str | None,
        tags: list[str] | None,
        wait_seconds: float,
    ) -> results.UploadedImage:
        _require_image(file, filename)
        async with self._connect() as client:
            try:
                result = await client.files.upload(
                    file,
                    filename=filename,
                    content_category=category,
                    title=title,
                    tags=tags,
                    skip_duplicates=True,
                    wait_for_descriptions=wait_seconds > 0,
                    description_timeout=wait_seconds or None,
                )
            except ScopixTimeoutError as error:
                if not isinstance(error.last_result, UploadResult):
                    raise
                result = error.last_result
            details = await client.files.get(result.image_id)
        return _uploaded(result, details)


def _resolved(path: str) -> Path:
    """The path without links and `..`, neither of which may lead out of a folder."""
    return Path(path).expanduser().resolve()


def _require_image(file: Path | bytes, filename: str) -> None:
    """Raise ToolError for all but pictures: an agent that was talked into it must not send other files."""
    try:
        if isinstance(file, bytes):
            head = file[:HEAD_BYTES]
        else:
            with file.open("rb") as stream:
                head = stream.read(HEAD_BYTES)
    except OSError as error:
        raise ToolError(f"{filename} cannot be read: {error.strerror}") from None
    kind = sniff(head, filename)
    if kind is None or kind.media_type is not MediaType.IMAGE:
        raise ToolError(f"{filename} is no JPEG, PNG, WebP or GIF")


def _uploaded(result: UploadResult, details: FileDetails) -> results.UploadedImage:
    return results.UploadedImage(
        image_id=details.id,
        description_status=_word(details.description_status),
        was_there_already=_word(result.description_status) == "skipped",
        description_error=details.description_error,
        content=results.content_of(details),
    )


def _is_inside(box: BoundingBox, region: results.Region) -> bool:
    x, y = box.x + box.width / 2, box.y + box.height / 2
    return region.x <= x <= region.x + region.width and region.y <= y <= region.y + region.height


def _word(value: Any) -> str:
    return str(getattr(value, "value", value))
