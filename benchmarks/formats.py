"""Takes each picture of downloaded collections in as the server would, and counts what becomes of it.

    python benchmarks/formats.py FOLDER [FOLDER ...] [--rows rows.jsonl]

The folders are clones of public collections, which the reader downloads and which never enter this repository: the test
images of Pillow, sharp, libvips, libjpeg-turbo, libavif, libheif and Exiv2, PngSuite, exif-samples. Each file is looked
at in a process of its own. Those that are not decoded although Pillow alone shows them are listed by name.
"""

import argparse
import contextlib
import json
import os
import resource
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from scopix.types.sniff import ENOUGH_BYTES, IMAGE_EXTENSIONS, sniff
from scopix.types.vocabulary import MediaType
from scopix_server.analysis.decode import decode
from scopix_server.domain.errors import DomainError
from scopix_server.intake.decode_plan import PixelLimits
from scopix_server.intake.inspect import ImageInspector

LIMITS = PixelLimits(200_000_000, 50_000_000)


@contextlib.contextmanager
def lent(path: Path) -> Iterator[Path]:
    """A file as a store lends it."""
    yield path


def at_the_door(path: Path) -> tuple[str, str]:
    """What the web process finds: the content type, and "taken" or why not."""
    data = path.read_bytes()
    file_type = sniff(data[:ENOUGH_BYTES], path.name)
    if file_type is None or file_type.media_type is not MediaType.IMAGE:
        return "no image", "unsupported"
    inspector = ImageInspector(file_type, LIMITS)
    try:
        for start in range(0, len(data), 65_536):
            inspector.feed(data[start : start + 65_536])
        inspector.finish(lent(path), path.name)
    except DomainError as error:
        return inspector.file_type.content_type, str(error.details.get("issue", error.code))
    return inspector.file_type.content_type, "taken"


def in_the_child(path: Path) -> tuple[str, list[int]]:
    """What a child makes of it, and the mean colour of what it shows."""
    try:
        found = decode(path, max_pixels=LIMITS.max_pixels, work_pixels=LIMITS.work_pixels)
    except DomainError as error:
        return f"not decoded: {error.details.get('issue', error.code)}", []
    mean = np.asarray(found.image.resize((32, 32))).reshape(-1, 3).mean(0)
    return ("in part" if found.damage else "whole"), [round(value) for value in mean]


def shown_by_pillow(path: Path) -> bool:
    """Whether Pillow alone, as it comes, shows it."""
    try:
        with Image.open(path) as image:
            image.load()
    except Exception:  # whatever it is, it is not shown
        return False
    return True


def look_at(path: Path) -> dict[str, Any]:
    """Look at one file in a process of its own."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        os.close(reading)
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))  # Pillow alone would try what we refuse
        started = time.process_time()
        content_type, door = at_the_door(path)
        outcome, mean = in_the_child(path) if door != "unsupported" else ("", [])
        row = {"path": str(path), "type": content_type, "door": door, "outcome": outcome, "mean": mean}
        row["seconds"] = round(time.process_time() - started, 2)
        row["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        row["pillow"] = (door == "taken" and outcome == "whole") or shown_by_pillow(path)
        os.write(writing, json.dumps(row).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)
    died = {"path": str(path), "type": "?", "door": "?", "outcome": f"died: {status}", "pillow": False}
    return json.loads(text) if text else died


def main() -> None:
    """Count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--rows", type=Path, help="where to write a JSON object a line for each file")
    arguments = parser.parse_args()
    files = [path for folder in arguments.folders for path in sorted(folder.rglob("*")) if path.is_file()]
    rows = [look_at(path) for path in files if path.suffix.lower() in IMAGE_EXTENSIONS]
    if arguments.rows:
        arguments.rows.write_text("".join(json.dumps(row) + "\n" for row in rows))
    counts = Counter((row["type"], row["door"], row["outcome"]) for row in rows)
    print("| type | at the door | in the child | files |\n|---|---|---|---|")
    for (content_type, door, outcome), count in sorted(counts.items()):
        print(f"| {content_type} | {door} | {outcome} | {count} |")
    print(f"\n{len(rows)} files; {sum(row['outcome'].startswith('died') for row in rows)} processes died")
    peak, slowest = (max(rows, key=lambda row, name=name: row.get(name, 0)) for name in ("megabytes", "seconds"))
    print(f"most memory: {peak['megabytes']} MB, {peak['path']}; most CPU: {slowest['seconds']} s, {slowest['path']}")
    print("\nshown by Pillow, and not taken or not decoded here:")
    for row in rows:
        if row["pillow"] and (row["door"] != "taken" or row["outcome"] not in {"whole", "in part"}):
            print(f"- {row['path']}: {row['door']}, {row['outcome']}")


if __name__ == "__main__":
    main()
