"""How long the first minute is: hello_CheXNet.py against the obvious Keras script, in turn, in one run.

    python benchmarks/cold_start.py --rounds 5

Both read the same image with the same weights, each as a fresh process; the figures are medians. The Keras script
builds DenseNet-121, loads the weights and calls `predict`, as the tutorials do.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
IMAGE = "hello_world_images/mean_chest.png"
KERAS_SCRIPT = """
import sys
import keras, numpy as np
from PIL import Image
from safetensors.numpy import load_file
size = 128
trunk = keras.applications.DenseNet121(include_top=False, weights=None, input_shape=(size, size, 3), pooling="avg")
model = keras.Model(trunk.input, keras.layers.Dense(14, activation="sigmoid", name="predictions")(trunk.output))
tensors = load_file("weights/chexnet/weights.safetensors")
for layer in model.layers:
    if layer.weights:
        layer.set_weights([tensors[f"{layer.name}/{weight.name}"].astype("float32") for weight in layer.weights])
grey = np.asarray(Image.open(sys.argv[1]).convert("L").resize((size, size), Image.BILINEAR), "float32") / 255
batch = (np.stack([grey] * 3, -1)[None] - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
print(model.predict(batch, verbose=0))
"""


def measure(command: list[str]) -> tuple[float, float]:
    """(wall seconds, peak resident MiB) of one process."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"{' '.join(command[:2])} failed with status {status}.")
    return seconds, _mebibytes(usage)


def _mebibytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (2**20 if platform.system() == "Darwin" else 2**10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    commands = {
        "hello_CheXNet.py": [sys.executable, "hello_CheXNet.py", IMAGE],
        "obvious Keras script": [sys.executable, "-c", KERAS_SCRIPT, IMAGE],
    }
    for command in commands.values():
        measure(command)
    runs = [{name: measure(command) for name, command in commands.items()} for _ in range(rounds)]
    result = {
        name: {
            "seconds": round(statistics.median(run[name][0] for run in runs), 2),
            "peak_MiB": round(statistics.median(run[name][1] for run in runs)),
        }
        for name in commands
    }
    ours, keras = commands
    shares = [run[ours][0] / run[keras][0] for run in runs]
    print(json.dumps({**result, "share_of_time": round(statistics.median(shares), 3), "rounds": rounds}, indent=2))


if __name__ == "__main__":
    main()
