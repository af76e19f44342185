"""The int8 networks of scopix-models, run by OpenVINO on one thread."""

import importlib
import sys
import threading
from pathlib import Path
from typing import Any, Final

import numpy as np

from scopix_models import model_path
from scopix_server.perception.reading_networks import Floats, Network

__all__ = ["load_openvino", "open_int8"]

_TELEMETRY: Final = "openvino_telemetry"
_DETECTOR: Final = "text_detector_int8.xml"
_RECOGNISER: Final = "text_recogniser_int8.xml"
_SYMBOLS: Final = "text_symbols.txt"
_SETTINGS: Final = {
    # One image a process, one thread an image: more halve the throughput.
    "INFERENCE_NUM_THREADS": 1,
    "NUM_STREAMS": 1,
    "PERFORMANCE_HINT": "LATENCY",
    "INFERENCE_PRECISION_HINT": "f32",  # of what is not int8
    "ENABLE_CPU_PINNING": False,  # processes side by side would be bound to the same core
}


def load_openvino() -> Any:
    """Import OpenVINO without its telemetry, and return the module.

    Beside OpenVINO comes `openvino_telemetry`, which can send events to an analytics service. While OpenVINO is
    imported it seems to be missing; then OpenVINO takes its own stand-in, which does nothing.
    """
    if "openvino" not in sys.modules:
        sys.modules[_TELEMETRY] = None  # type: ignore[assignment]  # an import of it fails (Python's import system)
        try:
            importlib.import_module("openvino")
        finally:
            del sys.modules[_TELEMETRY]
    return sys.modules["openvino"]


def open_int8() -> tuple[Network, Network, list[str]]:
    """Load detector and recogniser, and its symbols: blank, those of its training, space.

    Raises:
        scopix_models.DamagedModel: a file is not there.
    """
    core = load_openvino().Core()
    symbols = model_path(_SYMBOLS).read_text("utf-8").split("\n")
    return _network(core, model_path(_DETECTOR)), _network(core, model_path(_RECOGNISER)), ["", *symbols, " "]


def _network(core: Any, path: Path) -> Network:
    compiled = core.compile_model(str(path), "CPU", _SETTINGS)
    # A request is one thread's: its buffers hold the input and the output.
    requests = threading.local()

    def run(values: Floats) -> Floats:
        if not hasattr(requests, "own"):
            requests.own = compiled.create_infer_request()
        found = requests.own.infer([np.ascontiguousarray(values)], share_inputs=True)
        return np.array(found[0], np.float32)  # a copy: the request's next run overwrites its own

    return run
