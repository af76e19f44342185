"""The networks that read, as ONNX files in 32-bit floats, run by onnxruntime on one thread."""

from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime

from scopix_server.domain.rest import when_at_rest
from scopix_server.perception.reading_networks import Floats, Network
from scopix_server.perception.text_models import TextModels

__all__ = ["open_float32"]

_SMALLEST: Final = 32
"""Pixels of a side that the networks leave open: less they do not take."""
_SPECIAL: Final = 2
"""The blank and the space, which no list of symbols has."""


def open_float32(models: TextModels) -> tuple[Network, Network, list[str]]:
    """Load detector and recogniser, and its symbols: blank, those of its training, space.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: one is no ONNX model; the recogniser has no list of symbols, or one of another length.
    """
    detector_file, recogniser_file = models.files()
    detector = _session(detector_file, "detector")
    recogniser = _session(recogniser_file, "recogniser")
    return _network(detector), _network(recogniser), _symbols(recogniser, recogniser_file, models.symbols)


def _session(path: Path, role: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    # More threads than cores halve the throughput; the worker runs one process per core instead.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Without an arena each run's memory goes back to the system and comes again page by page: a fifth of the detector's
    # time, for 100 to 260 MB more, which are given back at rest.
    options.enable_cpu_mem_arena = True
    options.log_severity_level = 4  # fatal ones; errors are raised
    try:
        session = onnxruntime.InferenceSession(str(path), sess_options=options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the parser raises what it likes on a file of another kind
        raise ValueError(f"the text model {path} is not an ONNX {role}") from error
    when_at_rest(session, _empty_arena)
    return session


def _empty_arena(session: onnxruntime.InferenceSession) -> None:
    """Let a session give its arena back: it does so at the end of a run that asks for it, here of the smallest."""
    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    node = session.get_inputs()[0]
    batch, *sides = (size if isinstance(size, int) else _SMALLEST for size in node.shape)
    session.run(None, {node.name: np.zeros((min(batch, 1), *sides), np.float32)}, options)


def _network(session: onnxruntime.InferenceSession) -> Network:
    name = session.get_inputs()[0].name

    def run(values: Floats) -> Floats:
        return np.asarray(session.run(None, {name: values})[0], np.float32)

    return run


def _symbols(recogniser: onnxruntime.InferenceSession, path: Path, own: Path | None) -> list[str]:
    listed = own.read_text("utf-8") if own else recogniser.get_modelmeta().custom_metadata_map.get("character")
    if listed is None:
        raise ValueError(f"the text model {path} does not list its symbols; name a file that does")
    symbols = listed.splitlines()
    shape = recogniser.get_outputs()[0].shape
    classes = shape[-1] if shape and isinstance(shape[-1], int) else None
    if classes is not None and classes != len(symbols) + _SPECIAL:
        raise ValueError(
            f"the text model {path} tells {classes - _SPECIAL} symbols apart, and {len(symbols)} are listed"
        )
    return ["", *symbols, " "]
