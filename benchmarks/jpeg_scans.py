"""What one scan of a progressive JPEG costs: nanoseconds of a core for each pixel, kind of scan by kind of scan.

    .venv/bin/python benchmarks/jpeg_scans.py [--side 2000] [--times 20]

Each scan of a picture is repeated so many times at its end, and the time that this adds is divided by scans and pixels.
Quality 100 at full colour resolution, so that the scans are as long as they can be.
"""

import argparse
import io
import time

import numpy as np
from PIL import Image, ImageFile

ImageFile.MAXBLOCK = 1 << 27  # the encoder's buffer must hold a scan

SCAN, TABLE, END = 0xDA, 0xC4, 0xD9


def segments(data: bytes) -> list[tuple[int, int, int]]:
    """Marker, begin and end of each segment, a scan with its entropy-coded data."""
    found, at = [], 2
    while data[at + 1] != END:
        marker, end = data[at + 1], at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == SCAN:
            while data[end] != 0xFF or data[end + 1] == 0:
                end = data.index(b"\xff", end + 1)
        found.append((marker, at, end))
        at = end
    return found


def seconds(data: bytes) -> float:
    """Of a core, to decode a JPEG."""
    begun = time.process_time()
    Image.open(io.BytesIO(data)).load()
    return time.process_time() - begun


def costs(image: Image.Image, times: int) -> list[float]:
    """Nanoseconds a pixel of each scan of the image."""
    target = io.BytesIO()
    image.save(target, "JPEG", progressive=True, quality=100, subsampling=0)
    data = target.getvalue()
    plain = min(seconds(data) for _ in range(3))
    found, each = segments(data), []
    for index, (marker, _, end) in enumerate(found):
        if marker != SCAN:
            continue
        first = index
        while found[first - 1][0] == TABLE:
            first -= 1
        more = data[found[first][1] : end] * times
        grown = seconds(data[: found[-1][2]] + more + data[found[-1][2] :]) - plain
        each.append(max(0.0, grown / times / (image.width * image.height) * 1e9))
    return each


def main() -> None:
    """Print a line for each kind of picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=2_000)
    parser.add_argument("--times", type=int, default=20)
    arguments = parser.parse_args()
    side, chance = arguments.side, np.random.default_rng(1)
    small = Image.fromarray(chance.integers(0, 256, (side // 20, side // 20, 3), dtype=np.uint8))
    images = {
        "one colour": Image.new("RGB", (side, side), "gray"),
        "soft": small.resize((side, side)),
        "random": Image.fromarray(chance.integers(0, 256, (side, side, 3), dtype=np.uint8)),
    }
    for name, image in images.items():
        each = costs(image, arguments.times)
        print(f"{name}: {min(each):.1f} to {max(each):.1f}, mean {sum(each) / len(each):.1f} ns", flush=True)


if __name__ == "__main__":
    main()
