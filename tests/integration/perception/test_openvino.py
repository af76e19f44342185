"""Reading by OpenVINO, where it is installed (any processor runs it; only the speed differs)."""

import subprocess
import sys
import textwrap
from importlib.util import find_spec

import pytest

from scopix_server.perception.ocr import TextReader

pytestmark = pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is not installed")


def test_a_page_is_read_in_int8(sheet, sentences):
    page = sheet(900, 700).write_lines(60, 60, [*sentences(6, 6), "Total 1,284.50 EUR 2024-05-17"], size=24)
    reader = TextReader(runtime="openvino")
    assert reader.choice.runtime == "openvino"
    assert sorted(region.text for region in reader.read(page.pixels())) == sorted(page.lines)


NOTHING_LEAVES = textwrap.dedent(
    """
    import sys

    def refuse(event, arguments):
        if event.startswith("socket.") or event == "subprocess.Popen":
            raise RuntimeError(f"{event}: {arguments}")

    sys.addaudithook(refuse)
    import threading
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont
    from scopix_server.perception.ocr import TextReader

    page = Image.new("RGB", (500, 120), "white")
    ImageDraw.Draw(page).text((20, 30), "Nothing leaves 42", font=ImageFont.load_default(40), fill="black")
    print([region.text for region in TextReader(runtime="openvino").read(np.asarray(page))])
    print([name for name in sys.modules if name.startswith("openvino_telemetry")])
    print([thread.name for thread in threading.enumerate()])
    """
)


def test_nothing_leaves_the_machine(tmp_path):
    # The hook sees every socket that Python opens, from whatever thread; telemetry would also keep an id in HOME.
    done = subprocess.run(
        [sys.executable, "-c", NOTHING_LEAVES],
        capture_output=True,
        text=True,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["['Nothing leaves 42']", "[]", "['MainThread']"]
    assert list(tmp_path.iterdir()) == []
