"""How long does an evaluation take on a data set of NIH's size? Every number of metrics.json, with its intervals.

python benchmarks/bootstrap.py [images] [labels] [rounds]
"""

import os
import platform
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from tchexnet.datasets.records import Records
from tchexnet.datasets.scored import Scored
from tchexnet.evaluation.bootstrap import draw
from tchexnet.evaluation.measure import Settings
from tchexnet.labels import Vocabulary
from tchexnet.report.evaluation import evaluate


def made(images: int, labels: int) -> Scored:
    """Random records: NIH's images a patient, prevalences from 0.2% to 18%, scores that know a little."""
    rng = np.random.default_rng(0)
    y = (rng.random((images, labels)) < np.geomspace(0.002, 0.18, labels)).astype(np.float32)
    scores = 1 / (1 + np.exp(3 - y - rng.normal(size=y.shape)))
    patients = rng.integers(0, max(2, int(images * 0.275)), images)
    extra = pd.DataFrame(
        {
            "sex": rng.choice(["M", "F"], images),
            "age": rng.integers(1, 95, images),
            "view": rng.choice(["AP", "PA"], images),
        }
    )
    names = tuple(f"{k}.png" for k in range(images))
    vocabulary = Vocabulary("made", tuple(f"L{k}" for k in range(labels)))
    records = Records(Path(), names, tuple(map(str, patients)), vocabulary, y, extra=extra)
    return Scored(records, scores, {}, "made", "", (), ())


def main(images: int = 112_000, labels: int = 14, rounds: int = 2000) -> None:
    """Time the bootstrap of the labels alone, then the whole evaluation, and print both."""
    scored = made(images, labels)
    start = time.perf_counter()
    draw(scored.records.y, scored.scores, scored.records.patients, rounds=rounds)
    alone = time.perf_counter() - start
    start, used = time.perf_counter(), time.process_time()
    found = evaluate(scored, settings=Settings(rounds=rounds))
    whole, processor = time.perf_counter() - start, time.process_time() - used
    print(f"{images} images x {labels} labels x {rounds} rounds, {os.cpu_count()} cores, {platform.platform()}")
    print(
        f"bootstrap of the labels {alone:.1f} s; whole evaluation with micro, calibration and subgroups {whole:.1f} s"
    )
    print(f"of which processor time of all threads {processor:.1f} s")
    macro = found.measured.macro
    print(f"macro {macro.value:.4f} [{macro.low:.4f}, {macro.high:.4f}], {len(found.groups)} subgroups")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
