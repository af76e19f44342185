"""`scopix review`: the files that wait to be looked at by a person."""

from typing import Annotated, Any

import typer

from scopix import Scopix
from scopix.cli.running import run
from scopix.cli.terminal import errors_shown, one_line, say

__all__ = ["review"]

review = typer.Typer(
    help="List the files that wait to be looked at, and decide them.",
    invoke_without_command=True,
    rich_markup_mode=None,
    add_completion=False,
)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line on standard output.")]
ReviewId = Annotated[str, typer.Argument(metavar="ID", help="The review's whole id (scopix review --json).")]
Note = Annotated[str | None, typer.Option(help="A note to what was decided.")]


@review.callback()
def list_reviews(
    context: typer.Context,
    status: Annotated[str, typer.Option(help="open, accepted, corrected or rejected.")] = "open",
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the files that wait to be looked at, and decide them."""
    if context.invoked_subcommand is not None:
        return

    async def fetch(client: Scopix) -> Any:
        return await client.reviews.list(status=status, limit=limit)

    with errors_shown():
        found = run(context, fetch)
    for one in found.items:
        line = f"{one.id}  {one.image_id[:8]}  {one.title or one.filename}: {one.reason}"
        typer.echo(one.model_dump_json(ensure_ascii=True) if as_json else one_line(line))
    if not as_json and found.total_count > len(found.items):
        say().print(f"{found.total_count - len(found.items):,} more wait")


@review.command()
def accept(context: typer.Context, review_id: ReviewId, note: Note = None) -> None:
    """Note that what was said of the file holds."""
    with errors_shown():
        done = run(context, lambda client: client.reviews.accept(review_id, note=note))
    say().print(one_line(f"{done.image_id[:8]} is {done.status}"))


@review.command()
def correct(
    context: typer.Context,
    review_id: ReviewId,
    title: Annotated[str | None, typer.Option(help="A better title.")] = None,
    description: Annotated[str | None, typer.Option(metavar="TEXT", help="A better description.")] = None,
    ai_tags: Annotated[
        str | None, typer.Option("--ai-tags", help="Better tags of the description, separated by commas.")
    ] = None,
    note: Note = None,
) -> None:
    """Correct what was said of the file; no engine replaces a correction."""
    tags = None if ai_tags is None else [one.strip() for one in ai_tags.split(",") if one.strip()]
    with errors_shown():
        done = run(
            context,
            lambda client: client.reviews.correct(
                review_id, title=title, description=description, ai_tags=tags, note=note
            ),
        )
    say().print(one_line(f"{done.image_id[:8]} is {done.status}"))


@review.command()
def reject(context: typer.Context, review_id: ReviewId, note: Note = None) -> None:
    """Take back what was said of the file; an empty description takes its place."""
    with errors_shown():
        done = run(context, lambda client: client.reviews.reject(review_id, note=note))
    say().print(one_line(f"{done.image_id[:8]} is {done.status}"))
