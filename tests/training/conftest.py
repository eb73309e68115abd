"""A data set small enough to train on in a test: bright blobs are Mass, dark ones are not."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tchexnet.datasets.records import Records
from tchexnet.datasets.splits import split_by_patient
from tchexnet.labels import Vocabulary
from tchexnet.models import densenet
from tchexnet.training import config as configs
from tchexnet.training.config import Config

from .plans import PLAN
from .small import backbone

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


@pytest.fixture(scope="session")
def parts(records: Records) -> tuple[Records, Records]:
    """36 images to learn from and 12 to choose by."""
    return split_by_patient(records, 0.25, seed=1)


@pytest.fixture
def plan() -> Config:
    return configs.from_dict(PLAN)


@pytest.fixture(scope="module")
def small_network() -> Iterator[None]:
    """The module's networks have four layers instead of DenseNet-121's hundred and twenty."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(densenet, "backbone", backbone)
        yield
