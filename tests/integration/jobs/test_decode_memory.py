"""The worst images within the limits are decoded, and looked at, within the budget of memory.

Each is measured in a process of its own by its peak (VmHWM: what is resident, shared libraries included, so never less
than what is the process's own). `benchmarks/decode_memory.py` has more of them; its figures are in RESULTS.md.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from scopix_server.environment import worker_environment
from tests.support.images import encoded, flat_png

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")

DECODE_MB = 700
"""The budget. Measured 473 for the PNG (4,100 before), 425 for the turned one, 146 for the JPEG (1,300)."""
LOOK_MB = 1_100

MEASURE = """
import json, sys
from pathlib import Path
def peak():
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024 / 1e6
"""
DECODE = (
    MEASURE
    + """
from scopix_server.analysis.decode import decode
decoded = decode(Path(sys.argv[1]), max_pixels=200_000_000, work_pixels=50_000_000)
print(json.dumps({"peak": peak(), "size": decoded.full_size}))
"""
)
LOOK = (
    MEASURE
    + """
from scopix_server.categories import catalogue_with
from scopix_server.config import Settings
from scopix_server.jobs.heap import Heap
from scopix_server.wiring.analysis import build_in_child
heap = Heap()
settings = Settings(data_dir=Path(sys.argv[2]))
analyzer, _ = build_in_child(settings, catalogue_with(settings.own_categories))
with heap.job():
    seen = analyzer.analyze(Path(sys.argv[1])).perception
print(json.dumps({"peak": peak(), "size": [seen.width, seen.height]}))
"""
)

REST = (
    LOOK
    + """
import psutil, time
before = psutil.Process().memory_info().rss >> 20
heap._last -= 60
heap.look()
print(json.dumps({"peak": psutil.Process().memory_info().rss >> 20, "size": [before, 0]}))
"""
)


def measured(script: str, *arguments: Path) -> tuple[float, tuple[int, int]]:
    """Run `script` as a child of a worker would be run; return its peak in MB and the image's size."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=worker_environment(), check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(done.stdout.splitlines()[-1])
    return result["peak"], tuple(result["size"])


def turned(width: int, height: int, mode: str, format: str, **options: object) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(Image.new(mode, (width, height), "teal"), format, exif=exif, **options)


def test_a_png_of_199_million_pixels_with_alpha(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(flat_png(14_100, colour=6))
    peak, size = measured(DECODE, path)
    assert size == (14_100, 14_100)
    assert peak < DECODE_MB


def test_the_largest_picture_that_is_not_reduced_turned_and_with_alpha(tmp_path: Path) -> None:
    path = tmp_path / "turned.png"
    path.write_bytes(turned(8_160, 6_120, "RGBA", "PNG", compress_level=1))
    peak, size = measured(DECODE, path)
    assert size == (6_120, 8_160)
    assert peak < DECODE_MB
    peak, _ = measured(LOOK, path, tmp_path / "data")
    assert peak < LOOK_MB


def test_a_phone_s_jpeg_of_108_million_pixels(tmp_path: Path) -> None:
    """With a second picture behind it, as phones write them: it must be reduced while it is decoded all the same."""
    data = turned(12_000, 9_000, "RGB", "MPO", save_all=True, append_images=[Image.new("RGB", (640, 480))])
    path = tmp_path / "phone.jpg"
    path.write_bytes(data)
    peak, size = measured(DECODE, path)
    assert size == (9_000, 12_000)
    assert peak < DECODE_MB / 2


def test_at_rest_a_process_keeps_its_models_alone(tmp_path: Path) -> None:
    path = ROOT / "examples" / "images" / "receipt.jpg"
    rest, (before, _) = measured(REST, path, tmp_path / "data")
    assert rest < 400
    assert before - rest > 80  # the arenas of the networks that read
