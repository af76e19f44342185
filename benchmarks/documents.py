"""What do documents cost, text and scans? Pages a second of the processor's time, and the memory of the process.

    python benchmarks/documents.py [--text 500] [--scan 500]

Makes a PDF of so many pages of text and one of so many scanned pages (the same text, drawn at 150 dpi in grey), and
reads each in a process of its own, in portions as a worker does, with the built-in reader. Read words are compared with
the drawn ones, without their order.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scopix_server.documents.opening import document_opener  # noqa: E402
from tests.support.pdf import Page, make_pdf, prose  # noqa: E402

_DIFFERENT = 10  # scanned pages that differ; more would only take longer to draw
_LINES = 40


def make_text(pages: int) -> bytes:
    """A PDF of pages of 40 lines, no two of them alike."""
    return make_pdf([Page(prose(_LINES + number % 3, words=9 + number % 4)) for number in range(pages)])


def make_scan(pages: int, folder: Path) -> bytes:
    """The same pages as pictures."""
    source = folder / "source.pdf"
    source.write_bytes(make_text(_DIFFERENT))
    from scopix_server.documents.pdf import draw_page, open_pdf, opened_page

    pictures = []
    with open_pdf(source) as document:
        for index in range(_DIFFERENT):
            with opened_page(document, index) as page:
                grey = draw_page(page, dpi=150)[:, :, 0]
                pictures.append((grey.shape[1], grey.shape[0], grey.tobytes()))
    return make_pdf([Page(picture=pictures[number % _DIFFERENT]) for number in range(pages)])


def read(path: Path) -> None:
    """A process that reads a document as a worker's child does, and prints what it took."""
    from scopix_server.categories import catalogue_with
    from scopix_server.config import Settings
    from scopix_server.wiring.analysis import analyzer_and_describer

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        analyzer, _ = analyzer_and_describer(settings, catalogue_with(settings.own_categories))
        began, cpu = time.monotonic(), time.process_time()
        analyzer.open_document(path, "pdf")
        opened = time.process_time() - cpu
        pages = []
        with document_opener(5_000)(path, "pdf") as document:
            number = document.facts.to_read
        while len(pages) < number:
            pages += analyzer.read_pages(path, "pdf", len(pages) + 1, 25, number)
        words = Counter(word for page in pages for word in page.text.split())
        figures = {
            "pages": len(pages),
            "first": opened,
            "cpu": time.process_time() - cpu,
            "wall": time.monotonic() - began,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "sources": Counter(page.source.value for page in pages),
            "words": words,
        }
    print(json.dumps(figures))


def report(name: str, path: Path, pages: int, lines_of: list[int]) -> None:
    """Read a document in a process of its own and print a row of the table."""
    done = subprocess.run(
        [sys.executable, __file__, "--read", str(path)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    figures = json.loads(done.stdout.splitlines()[-1])
    drawn = Counter(
        word
        for number in lines_of
        for line in prose(_LINES + number % 3, words=9 + number % 4)
        for word in line.text.split()
    )
    found = Counter(figures["words"])
    right = (found & drawn).total()
    size = path.stat().st_size / 1e6
    print(
        f"| {name}, {pages} pages, {size:.1f} MB | {figures['first']:.2f} | {figures['cpu']:.1f} "
        f"| {1000 * figures['cpu'] / pages:.0f} | {figures['wall']:.0f} | {figures['peak_mb']:.0f} "
        f"| {right / max(1, drawn.total()):.4f} / {right / max(1, found.total()):.4f} | {dict(figures['sources'])} |",
        flush=True,
    )


def main() -> None:
    """Print the table of benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", type=int, default=500)
    parser.add_argument("--scan", type=int, default=500)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        read(arguments.read)
        return
    print(
        "| document | first page, CPU s | all, CPU s | CPU ms a page | wall s | peak MB | words found / right | from |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.pdf"
        if arguments.text:
            path.write_bytes(make_text(arguments.text))
            report("text", path, arguments.text, list(range(arguments.text)))
        if arguments.scan:
            path.write_bytes(make_scan(arguments.scan, Path(folder)))
            report("scan", path, arguments.scan, [number % _DIFFERENT for number in range(arguments.scan)])


if __name__ == "__main__":
    main()
