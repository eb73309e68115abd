"""A process of its own, to be killed or to have two devices: python -m tests.training.child MODE IN.json OUT"""

import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from tchexnet.datasets.records import Records
from tchexnet.labels import Vocabulary
from tchexnet.training import backend
from tchexnet.training import config as configs
from tchexnet.training.hooks import Hooks
from tchexnet.training.trainer import Trainer

from . import small


def describe(records: Records) -> dict:
    """Records as plain data."""
    return {
        "root": str(records.root),
        "images": records.images,
        "patients": records.patients,
        "labels": list(records.labels),
        "y": records.y.tolist(),
    }


def records_of(fields: dict) -> Records:
    labels = Vocabulary("two", tuple(fields["labels"]))
    y = np.array(fields["y"], np.float32)
    return Records(Path(fields["root"]), tuple(fields["images"]), tuple(fields["patients"]), labels, y)


def hang(stage, epoch: int, step: int, *_: object) -> None:
    """In the second epoch, say so and wait for the axe."""
    if (epoch, step) == (1, 3):
        print("now", flush=True)
        time.sleep(600)


def main(mode: str, given: str, out: str) -> None:
    fields = json.loads(Path(given).read_text())
    small.install()
    plan, train, valid = configs.from_dict(fields["plan"]), *map(records_of, fields["parts"])
    if mode == "hang":
        Trainer(plan, train, valid, Path(out), hooks=Hooks(on_step=hang), checkpoint_seconds=0).run()
        return
    backend.split_processor(2)
    for name, devices in (("one", ["CPU:0"]), ("two", ["CPU:0", "CPU:1"])):
        trainer = Trainer(plan, train, valid, Path(out) / name, devices=devices)
        trainer.run()
        print(json.dumps(trainer.progress.rows), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
