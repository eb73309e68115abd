"""How long does the patient bootstrap take on a data set of NIH's size?

python benchmarks/bootstrap.py [images] [labels] [rounds]
"""

import platform
import sys
import time

import numpy as np

from tchexnet.evaluation.bootstrap import cluster_bootstrap


def main(images: int = 112_000, labels: int = 14, rounds: int = 2000) -> None:
    """Time one run and print it."""
    rng = np.random.default_rng(0)
    prevalence = np.geomspace(0.002, 0.18, labels)
    y = (rng.random((images, labels)) < prevalence).astype(float)
    scores = rng.normal(y, 1.0)
    patients = rng.integers(0, max(2, int(images * 0.275)), images)
    start = time.perf_counter()
    result = cluster_bootstrap(y, scores, patients, rounds=rounds)
    seconds = time.perf_counter() - start
    print(f"{images} images x {labels} labels x {rounds} rounds: {seconds:.1f} s, 2 threads, {platform.platform()}")
    print(f"macro interval [{result.macro.low:.4f}, {result.macro.high:.4f}], {result.macro.rounds_used} rounds used")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
