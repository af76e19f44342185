"""Which files `scopix upload` takes from the paths it was given, and what it says of those that it leaves out."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scopix import UploadError, scan_directory
from scopix.cli.outcome import Outcome, State
from scopix.cli.terminal import one_line

__all__ = ["JOURNAL", "WATCH_JOURNAL", "Rules", "Selection", "select", "skipped_lines"]

JOURNAL = ".scopix-upload.jsonl"
WATCH_JOURNAL = ".scopix-watch.jsonl"
# Folders that storage devices and desktops fill beside people's pictures: thumbnails, and what was thrown away.
FOREIGN_FOLDERS = ("@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information")


@dataclass(frozen=True)
class Rules:
    """What is taken from a directory. Files that are named are always taken."""

    recursive: bool = True
    include_hidden: bool = False
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()


@dataclass
class Selection:
    """The files to upload, in the order of the paths, and an outcome for everything else that was found."""

    files: list[str] = field(default_factory=list)
    left_out: list[Outcome] = field(default_factory=list)


def select(paths: Sequence[str], rules: Rules) -> Selection:
    """Search the directories among the paths. A directory that cannot be read stops nothing; it has failed."""
    selection = Selection()
    for path in paths:
        if not Path(path).is_dir():
            selection.files.append(path)
            continue
        scan = scan_directory(
            path,
            recursive=rules.recursive,
            include_hidden=rules.include_hidden,
            formats="all",
            include=rules.include,
            exclude=(*FOREIGN_FOLDERS, *rules.exclude),
        )
        selection.files += map(str, scan.images)
        for one in scan.skipped:
            if one.path.name not in (JOURNAL, WATCH_JOURNAL):
                selection.left_out.append(Outcome(str(one.path), State.SKIPPED, why_skipped=one.reason))
        for one in scan.unreadable:
            selection.left_out.append(Outcome(str(one.path), State.FAILED, error=UploadError(one.reason)))
    return selection


def skipped_lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield a line for each reason, such as "skipped 12: .heic is not taken from directories (a.heic, b.heic, ...)"."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.why_skipped is not None:
            by_reason[outcome.why_skipped].append(outcome.path)
    for reason, paths in sorted(by_reason.items(), key=lambda item: -len(item[1])):
        names = ", ".join(Path(path).name for path in paths[:3])
        more = ", ..." if len(paths) > 3 else ""
        yield one_line(f"skipped {len(paths):,}: {reason} ({names}{more})")
