"""Memory over the worst images: what one process takes to inspect, to decode and to look at each.

    .venv/bin/python benchmarks/decode_memory.py [--folder DIR] [--only WORD] [inspect|decode|look ...]

Each measurement is a process of its own, whose peaks are printed in MB: resident (VmHWM, never less than what is its
own) and, in brackets, of address space (VmPeak); for `inspect` by how much the peak grew over the process at rest, for
`look` also what is resident two seconds after. The images are made once, in DIR; that takes about two minutes.
"""

import argparse
import json
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.support.images import flat_png, png_chunk

SIDE = 14_100  # squared, 199 million pixels: just within the limit
MODES = ("inspect", "decode", "look")
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Where each pass of an interlaced PNG begins, left and top, and its steps to the right and down."""
LIMITS = (200_000_000, 50_000_000)


def png(path: Path, colour: int, bits: int, *, side: int = SIDE, extra: bytes = b"") -> None:
    """Write a PNG of one colour."""
    path.write_bytes(flat_png(side, colour=colour, bits=bits, extra=extra))


def pillow(size: tuple[int, int], mode: str, format: str, **options: object) -> Callable[[Path], None]:
    """A maker of a picture with some shapes, by Pillow."""

    def make(path: Path) -> None:
        small = Image.effect_noise((size[0] // 200, size[1] // 200), 40).convert(mode)
        turned = Image.Exif()
        turned[0x0112] = 6
        more = {"exif": turned} if options.get("turned") else {}
        kept = {name: value for name, value in options.items() if name != "turned"}
        small.resize(size, Image.Resampling.BILINEAR).save(path, format, **kept, **more)

    return make


def interlaced_png(path: Path) -> None:
    """A PNG of 104 million pixels in Adam7's seven passes, all of them 0; just within what is let in."""
    side, packer, packed = 10_200, zlib.compressobj(1), []
    for left, top, across, down in ADAM7:
        row = bytes(1 + 4 * -(-(side - left) // across))
        packed += [packer.compress(row) for _ in range(-(-(side - top) // down))]
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 1))
    data = png_chunk(b"IDAT", b"".join(packed) + packer.flush())
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + data + png_chunk(b"IEND", b""))


def page(path: Path) -> None:
    """50 million pixels of text in lines."""
    image = Image.new("RGB", (7_000, 7_100), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(70)
    for line in range(60):
        draw.text((200, 100 + 115 * line), f"Line {line}: " + "the ferry leaves at ten past nine " * 4, "black", font)
    image.save(path, compress_level=1)


def gif(path: Path) -> None:
    """43 bytes: a canvas of 28,000 x 28,000 and a frame that is cleared afterwards."""
    screen = b"GIF89a" + struct.pack("<HHBBB", 28_000, 28_000, 0x80, 0, 0) + bytes(6)
    frame = b"!\xf9\x04\x08\0\0\0\0," + struct.pack("<HHHHB", 0, 0, 28_000, 28_000, 0) + b"\x02\x02D\x01\x00;"
    path.write_bytes(screen + frame)


def texts(path: Path) -> None:
    """67 kB that unfold to 64 MiB, in a small picture."""
    packed = zlib.compress(bytes(1_000_000), 9)
    png(path, 2, 8, side=300, extra=b"".join(png_chunk(b"zTXt", b"%d\0\0" % key + packed) for key in range(67)))


IMAGES: dict[str, Callable[[Path], None]] = {
    "canvas of 784 MP.gif": gif,
    "64 MiB of text.png": texts,
    "199 MP RGBA.png": lambda path: png(path, 6, 8),
    "199 MP RGBA 16-bit.png": lambda path: png(path, 6, 16),
    "199 MP RGB.png": lambda path: png(path, 2, 8),
    "100 MP RGBA.png": lambda path: png(path, 6, 8, side=10_000),
    "199 MP grey with alpha.png": lambda path: png(path, 4, 8),
    "199 MP grey 16-bit.png": lambda path: png(path, 0, 16),
    "199 MP palette with alpha.png": lambda path: png(path, 3, 8),
    "199 MP one bit.png": lambda path: png(path, 0, 1),
    "50 MP RGBA turned.png": pillow((8_160, 6_120), "RGBA", "PNG", turned=True, compress_level=1),
    "50 MP page.png": page,
    "12 MP photo, turned.jpg": pillow((4_032, 3_024), "RGB", "JPEG", turned=True, quality=92),
    "50 MP turned.jpg": pillow((8_160, 6_120), "RGB", "JPEG", turned=True),
    "108 MP turned.jpg": pillow((12_000, 9_000), "RGB", "JPEG", turned=True),
    "199 MP CMYK.jpg": pillow((SIDE, SIDE), "CMYK", "JPEG"),
    "49 MP CMYK.jpg": pillow((7_000, 7_000), "CMYK", "JPEG", turned=True),
    "108 MP progressive.jpg": pillow((12_000, 9_000), "RGB", "JPEG", progressive=True),
    "160 MP progressive.jpg": pillow((12_650, 12_650), "RGB", "JPEG", progressive=True),
    "102 MP progressive 4:4:4.jpg": pillow((10_100, 10_100), "RGB", "JPEG", progressive=True, subsampling=0),
    "199 MP progressive 4:4:4.jpg": pillow((SIDE, SIDE), "RGB", "JPEG", progressive=True, subsampling=0),
    "104 MP interlaced RGBA.png": interlaced_png,
    "199 MP.gif": pillow((SIDE, SIDE), "P", "GIF"),
    "37 MP.webp": pillow((6_080, 6_080), "RGBA", "WEBP", method=0),
    "132 MP.webp": pillow((11_500, 11_500), "RGB", "WEBP", method=0, quality=1),
    "40 MP lossless.webp": pillow((6_300, 6_300), "RGB", "WEBP", method=0, lossless=True),
    "82 MP lossless.webp": pillow((9_070, 9_070), "RGBA", "WEBP", method=0, lossless=True),
}


def status(name: str) -> float:
    """A figure of this process from /proc, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise KeyError(name)


def measure(mode: str, path: Path) -> None:
    """Runs in the process that is measured: do it, and print the figures as JSON."""
    prepare = {"inspect": prepare_inspect, "decode": prepare_decode, "look": prepare_look}[mode]
    work = prepare()
    rest = status("VmRSS")
    outcome = "done"
    try:
        work(path)
    except Exception as error:
        outcome = str(getattr(error, "details", {}).get("issue") or f"{type(error).__name__}: {error}"[:60])
    peak, space = status("VmHWM"), status("VmPeak")
    if mode == "look":
        work(None)
        rest = status("VmRSS")
    print(json.dumps({"peak": peak, "rest": rest, "space": space, "outcome": outcome}))


def prepare_inspect() -> Callable[[Path], None]:
    """What the web process does with an upload."""
    from scopix.types.sniff import sniff
    from scopix_server.intake.decode_plan import PixelLimits
    from scopix_server.intake.inspect import ImageInspector

    def inspect(path: Path) -> None:
        with path.open("rb") as file:
            file_type = sniff(file.read(16))
            assert file_type is not None
            file.seek(0)
            inspector = ImageInspector(file_type, PixelLimits(*LIMITS))
            while piece := file.read(65536):
                inspector.feed(piece)
            inspector.finish()

    return inspect


def prepare_decode() -> Callable[[Path], None]:
    """What a child does first."""
    from scopix_server.analysis.decode import decode

    return lambda path: decode(path, max_pixels=LIMITS[0], work_pixels=LIMITS[1]) and None


def prepare_look() -> Callable[[Path], None]:
    """All that a child does, models and all, with the rules of memory that it has."""
    from scopix_server.categories import catalogue_with
    from scopix_server.config import Settings
    from scopix_server.jobs.heap import REST, Heap
    from scopix_server.wiring.analysis import build_in_child

    heap = Heap()
    settings = Settings(data_dir=Path(tempfile.gettempdir()) / "scopix-decode-memory")
    analyzer, _ = build_in_child(settings, catalogue_with(settings.own_categories))

    def look(path: Path | None) -> None:
        if path is None:
            time.sleep(REST + 0.1)
            heap.look()
        else:
            with heap.job():
                analyzer.analyze(path)

    return look


def rows(folder: Path, modes: list[str], only: str) -> Iterator[str]:
    """The table, row by row."""
    from scopix_server.environment import worker_environment

    folder.mkdir(parents=True, exist_ok=True)
    for name, make in IMAGES.items():
        if only not in name:
            continue
        path = folder / name
        if not path.exists():
            make(path)
        cells = [name, f"{path.stat().st_size / 1e3:,.0f}"]
        for mode in modes:
            command = [sys.executable, __file__, "--measure", mode, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, env=worker_environment())
            figures = json.loads(done.stdout) if done.returncode == 0 else {"outcome": f"died: {done.returncode}"}
            peak, outcome = figures.get("peak", 0), figures["outcome"]
            grown = f"+{peak - figures.get('rest', 0):,.0f}" if mode == "inspect" else f"{peak:,.0f}"
            if mode == "look":
                grown += f", {figures.get('rest', 0):,.0f} at rest"
            cells.append(f"{grown} ({figures.get('space', 0):,.0f})" + (f" {outcome}" if outcome != "done" else ""))
        yield "| " + " | ".join(cells) + " |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modes", nargs="*", choices=[*MODES, []], default=[])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "scopix-worst-images")
    parser.add_argument("--only", default="", help="images whose name holds this")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure[0], Path(arguments.measure[1]))
        return
    modes = arguments.modes or list(MODES)
    print(f"| image | kB | {' | '.join(modes)} |\n|---|---|{'---|' * len(modes)}")
    for row in rows(arguments.folder, modes, arguments.only):
        print(row, flush=True)


if __name__ == "__main__":
    main()
