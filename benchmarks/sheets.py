"""Very large pictures: seconds and peak memory of looking, of reading at full size, and of tiles; and what was read.

    python benchmarks/sheets.py [FILE] [--megapixels 2000] [--format jpg]

Draws a sheet of numbered lines at known places, saves it, and does to it what the worker does, each step in a process
of its own. Formats: jpg, png, tif. Of a file that is given the time and the memory are told alone.
"""

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

BLOCK = (5000, 4000)
LINES = 6  # to a block, some of them across its lower border
STEPS = ("look", "read", "tiles")


def draw(folder: Path, megapixels: int, suffix: str) -> tuple[Path, set[str]]:
    """Draw a sheet, of blocks that are joined row by row; return it and the words on it."""
    import pyvips

    chance, words = random.Random(5), set[str]()
    across = max(1, round((megapixels * 1e6 * 1.25 / (BLOCK[0] * BLOCK[1])) ** 0.5))
    down = max(1, round(megapixels * 1e6 / (BLOCK[0] * BLOCK[1]) / across))
    font = ImageFont.load_default(48)
    blocks = []
    for number in range(across * down):
        image = Image.new("RGB", BLOCK, (250, 250, 246))
        pen = ImageDraw.Draw(image)
        for line in range(LINES):
            word = f"PUMP {number:03d}{line} VALVE {chance.randrange(1000, 9999)}"
            words.add(word)
            pen.text((chance.randrange(100, 3800), 300 + line * 600 + chance.randrange(300)), word, (20, 20, 30), font)
        pen.rectangle((50, 50, BLOCK[0] - 50, BLOCK[1] - 50), outline=(60, 60, 60), width=3)
        path = folder / f"{number}.png"
        image.save(path, compress_level=1)
        blocks.append(pyvips.Image.new_from_file(str(path), access="sequential"))
    sheet = pyvips.Image.arrayjoin(blocks, across=across)
    target = folder / f"sheet.{suffix}"
    options = {"jpg": {"Q": 85}, "png": {"compression": 6}, "tif": {"compression": "lzw"}}[suffix]
    sheet.write_to_file(str(target), **options)
    return target, words


def step(name: str, path: Path) -> None:
    """One step in this process; prints seconds, peak, and what came of it."""
    from scopix_server.categories import catalogue_with
    from scopix_server.config import Settings
    from scopix_server.wiring.analysis import analyzer_and_describer

    analyzer, _ = analyzer_and_describer(Settings(max_image_pixels=2_000_000_000), catalogue_with(None))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    began, cpu = time.monotonic(), time.process_time()
    if name == "look":
        seen = analyzer.analyze(path)
        found = [region.text for region in seen.perception.text]
    elif name == "read":
        lines, following = [], 0
        while following is not None:
            portion = analyzer.read_bands(path, following)
            lines, following = [*lines, *portion.lines], portion.following
        found = [region.text for region in analyzer.join_lines(lines, analyzer_free_perception())]
    else:
        target = path.with_suffix(".pack")
        grid = analyzer.tile(path, target)
        found = [f"{grid.count} tiles, {target.stat().st_size / 1e6:.0f} MB" if grid else "no tiles"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    spent = f"{time.process_time() - cpu:.1f} s of the processor, {time.monotonic() - began:.1f} s"
    print(f"{name}: {spent}; peak {peak:.0f} MB, {before:.0f} before", flush=True)
    print("\n".join(found))


def analyzer_free_perception():
    """A perception without text: what was read in bands stands alone."""
    from scopix_server.domain.description import Perception

    return Perception(1000, 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", nargs="?", type=Path)
    parser.add_argument("--megapixels", type=int, default=2000)
    parser.add_argument("--format", choices=["jpg", "png", "tif"], default="jpg")
    parser.add_argument("--step", choices=STEPS)
    given = parser.parse_args()
    if given.step:
        step(given.step, given.path)
        return
    with tempfile.TemporaryDirectory(prefix="sheets-") as place:
        path, words = (given.path, set()) if given.path else draw(Path(place), given.megapixels, given.format)
        print(f"{path.name}: {path.stat().st_size / 1e6:.0f} MB")
        for name in STEPS:
            done = subprocess.run([sys.executable, __file__, str(path), "--step", name], capture_output=True, text=True)
            first, *found = done.stdout.splitlines() or [done.stderr[-500:]]
            read = {"".join(line.split()) for line in found}
            whole = sum("".join(word.split()) in read for word in words)
            told = f"; {whole} of {len(words)} lines read to the letter" if words and name != "tiles" else ""
            print(first + told + (f"; {found[0]}" if name == "tiles" and found else ""), flush=True)


if __name__ == "__main__":
    main()
