"""A data set small enough to train on in a test: bright blobs are Mass, dark ones are not."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tchexnet.datasets.records import Records
from tchexnet.labels import Vocabulary
from tchexnet.training import config as configs
from tchexnet.training.config import Config

SIDE = 48


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory) -> Records:
    """48 images of 24 patients, 2 labels, one of them unknown in places."""
    root = tmp_path_factory.mktemp("blobs")
    random = np.random.default_rng(0)
    y = random.integers(0, 2, (48, 2)).astype(np.float32)
    for i in range(48):
        pixels = random.normal(90, 25, (SIDE, SIDE))
        pixels[12:36, 12:36] += 80 * y[i, 0]
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(root / f"{i:02}.png")
    y[::5, 1] = np.nan
    names = tuple(f"{i:02}.png" for i in range(48))
    return Records(Path(root), names, tuple(str(i // 2) for i in range(48)), Vocabulary("two", ("Mass", "Edema")), y)


@pytest.fixture
def plan() -> Config:
    return configs.from_dict(
        {
            "name": "tiny",
            "architecture": "chexnet",
            "labels": ["Mass", "Edema"],
            "batch_size": 8,
            "recipe": {"size": 32},
            "stages": [{"name": "all", "first": "all", "epochs": 2, "learning_rate": 1e-3, "batch_norm": "train"}],
        }
    )
