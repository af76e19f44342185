"""What does an image cost, and how well is it read, with each reading runtime? Beside an earlier build, in turns.

    python benchmarks/reading.py FOLDER [--source CHECKOUT_OF_AN_EARLIER_BUILD] [--most 200]

Each variant is a process of its own; picture after picture goes to all of them, in an order that turns, so that what
else the machine does falls on all. Counted is the processor's time: of reading alone (detector, recogniser and what is
around them), and of the whole image (decoding, thumbnails, everything seen, the description). Where `PICTURE.txt` lies
beside a picture it is its truth: words found and wanted are compared without their case and order, all of them and
those that hold a digit. Sums over all pictures; the first picture of each process is read twice and counted once, as it
loads the detectors of things. Printed as the table of benchmarks/RESULTS.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp"})


def look_at_pictures() -> None:
    """A variant's process: a path a line in, a line of JSON out."""
    from scopix_server.categories import catalogue_with
    from scopix_server.config import Settings
    from scopix_server.perception.ocr import TextReader
    from scopix_server.wiring.analysis import analyzer_and_describer

    reading, whole = 0.0, TextReader.reading

    def measured(self: TextReader, image: Any) -> Any:
        nonlocal reading
        before = time.process_time()
        found = whole(self, image)
        reading += time.process_time() - before
        return found

    TextReader.reading = measured  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        analyzer, describer = analyzer_and_describer(settings, catalogue_with(settings.own_categories))
        for line in sys.stdin:
            reading, before = 0.0, time.process_time()
            analysis = analyzer.analyze(Path(line.strip()))
            describer.describe(analysis, "general")
            seen = analysis.perception
            spent = time.process_time() - before
            text = "\n".join(region.text for region in seen.text)
            print(json.dumps({"whole": spent, "reading": reading, "text": text, "peak": _peak()}), flush=True)


def _peak() -> float:
    """The most memory the process had, in MB."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


@dataclass
class Variant:
    """A build with a runtime, its process, and the sums of what it did."""

    name: str
    runtime: str
    source: Path
    whole: float = 0.0
    reading: float = 0.0
    peak: float = 0.0
    words: list[int] = field(default_factory=lambda: [0, 0, 0])
    digits: list[int] = field(default_factory=lambda: [0, 0, 0])

    def __post_init__(self) -> None:
        packages = [self.source / "packages" / name / "src" for name in ("scopix", "scopix-server", "scopix-models")]
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--look"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(map(str, packages)),
                "SCOPIX_OCR_RUNTIME": self.runtime,
                "OMP_NUM_THREADS": "1",
            },
        )

    def look(self, path: Path) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self.name} ended with {self.process.wait()} at {path}")
        found: dict[str, Any] = json.loads(answer)
        return found

    def count(self, found: dict[str, Any], truth: str | None) -> None:
        self.whole += found["whole"]
        self.reading += found["reading"]
        self.peak = max(self.peak, found["peak"])
        if truth is not None:
            _add(self.words, _words(found["text"]), _words(truth))
            _add(self.digits, _with_digit(found["text"]), _with_digit(truth))


def _words(text: str) -> Counter[str]:
    return Counter(text.casefold().split())


def _with_digit(text: str) -> Counter[str]:
    return Counter(word for word in text.casefold().split() if any(sign.isdigit() for sign in word))


def _add(sums: list[int], found: Counter[str], truth: Counter[str]) -> None:
    for place, number in enumerate(((found & truth).total(), found.total(), truth.total())):
        sums[place] += number


def f1(sums: list[int]) -> float:
    """2 x right / (found + wanted)."""
    right, found, wanted = sums
    return 2 * right / (found + wanted) if found + wanted else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--source", type=Path, help="checkout of an earlier build, the first row of the table")
    parser.add_argument("--runtimes", nargs="+", default=["onnxruntime", "openvino"])
    parser.add_argument("--most", type=int, default=200)
    parser.add_argument("--log", type=Path, help="file for what each variant said of each picture")
    parser.add_argument("--look", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.look:
        look_at_pictures()
        return
    if arguments.folder is None:
        parser.error("the folder of pictures is missing")
    paths = [path for path in sorted(arguments.folder.rglob("*")) if path.suffix.lower() in PICTURES][: arguments.most]
    variants = [Variant("earlier build", "auto", arguments.source)] if arguments.source else []
    variants += [Variant(name, name, ROOT) for name in arguments.runtimes]
    for variant in variants:
        variant.look(paths[0])
    for number, path in enumerate(paths):
        truth = path.with_suffix(".txt")
        for place in range(len(variants)):
            variant = variants[(place + number) % len(variants)]
            found = variant.look(path)
            variant.count(found, truth.read_text("utf-8") if truth.exists() else None)
            if arguments.log:
                with arguments.log.open("a", encoding="utf-8") as log:
                    log.write(json.dumps({"variant": variant.name, "path": str(path), **found}) + "\n")
        if number % 10 == 9:
            print(f"{number + 1} pictures", *(f"{v.name} {v.whole:.1f} s" for v in variants), file=sys.stderr)
    first = variants[0]
    print(f"{len(paths)} pictures\n")
    print("| | reading, s | ratio | whole image, s | ratio | peak, MB | words F1 | with a digit F1 |")
    print("|---|---|---|---|---|---|---|---|")
    for v in variants:
        print(
            f"| {v.name} | {v.reading:.1f} | {v.reading / first.reading:.2f} | {v.whole:.1f} | "
            f"{v.whole / first.whole:.2f} | {v.peak:.0f} | {f1(v.words):.4f} | {f1(v.digits):.4f} |"
        )
        if v.process.stdin:
            v.process.stdin.close()
        v.process.wait()


if __name__ == "__main__":
    main()
