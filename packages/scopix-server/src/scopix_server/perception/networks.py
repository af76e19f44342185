"""Opening the networks of the package scopix-models: one thread each, no arena, whose memory would never come back."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnxruntime

from scopix_models import model_path

__all__ = ["Network"]


class Network:
    """One network. Threads may share it. Raises `scopix_models.DamagedModel` when its file is not there."""

    def __init__(self, name: str) -> None:
        options = onnxruntime.SessionOptions()
        # More threads than cores halve the throughput; the worker runs one process per core instead.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3  # errors; warnings tell of initialisers only
        self._session = onnxruntime.InferenceSession(
            str(model_path(name)), sess_options=options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name

    def run(
        self, values: npt.NDArray[np.float32], outputs: Sequence[str] | None = None
    ) -> list[npt.NDArray[np.float32]]:
        """Return the outputs named, or all, for the network's only input."""
        found = self._session.run(outputs, {self._input: np.ascontiguousarray(values)})
        return [np.asarray(value, np.float32) for value in found]
