#!/usr/bin/env bash
# An onnxruntime session keeps the memory of its largest input for good; a tiny run with one option gives it back.
#
# onnxruntime 1.32.0, onnx 1.23.2, numpy 2.4.6, Linux x86-64.
#
# With its arena, which is on by default, a session grows with the largest picture that it has seen. Small pictures
# afterwards, and `malloc_trim`, change nothing: the arena's blocks are in use as far as the system knows. The option
# `memory.enable_memory_arena_shrinkage` belongs to a run, not to the session, and acts at that run's end. So a service
# that is idle can send the smallest input its network takes, with that option, and is as small as before.
#
# Output seen:
#   after a picture of 2048 pixels: more than 100 MB above the start
#   after ten pictures of 32 pixels and malloc_trim: more than 100 MB above the start
#   after one of 32 pixels that asks for shrinkage: less than 50 MB above the start
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6 2>/dev/null
"$folder/venv/bin/python" - <<'PYTHON' | tee "$folder/output"
import ctypes

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

FLOAT = TensorProto.FLOAT
rng = np.random.default_rng(1)
weights = [
    helper.make_tensor(f"w{n}", FLOAT, (16, channels, 3, 3), rng.normal(size=16 * channels * 9).astype(np.float32))
    for n, channels in enumerate((3, 16))
]
nodes = [
    helper.make_node("Conv", ["x", "w0"], ["a"], pads=[1, 1, 1, 1]),
    helper.make_node("Conv", ["a", "w1"], ["b"], pads=[1, 1, 1, 1]),
    helper.make_node("GlobalAveragePool", ["b"], ["y"]),
]
given = helper.make_tensor_value_info("x", FLOAT, (1, 3, "height", "width"))
made = helper.make_tensor_value_info("y", FLOAT, (1, 16, 1, 1))
model = helper.make_model(helper.make_graph(nodes, "g", [given], [made], weights), ir_version=9,
                          opset_imports=[helper.make_opsetid("", 17)])
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def run(side, options=None):
    session.run(None, {"x": np.zeros((1, 3, side, side), np.float32)}, options)


def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def tell(when):
    above = resident() - start
    told = "more than 100" if above > 100 else "less than 50" if above < 50 else round(above)
    print(f"{when}: {told} MB above the start")


run(32)
start = resident()
run(2048)
tell("after a picture of 2048 pixels")
for _ in range(10):
    run(32)
ctypes.CDLL(None).malloc_trim(0)
tell("after ten pictures of 32 pixels and malloc_trim")
options = onnxruntime.RunOptions()
options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
run(32, options)
tell("after one of 32 pixels that asks for shrinkage")
PYTHON
diff "$folder/output" - <<'EXPECTED'
after a picture of 2048 pixels: more than 100 MB above the start
after ten pictures of 32 pixels and malloc_trim: more than 100 MB above the start
after one of 32 pixels that asks for shrinkage: less than 50 MB above the start
EXPECTED
