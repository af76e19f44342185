"""What is loaded at a start is never searched for garbage; what comes later is."""

import subprocess
import sys


def test_garbage_is_searched_for_once_everything_is_loaded() -> None:
    code = "import gc; from scopix_server.quick_start import begin_loading, end_loading\n"
    code += "begin_loading(); print(gc.isenabled()); end_loading(); print(gc.isenabled(), gc.get_freeze_count() > 1000)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True"]
