"""What people write: a model, its files in a `PyDataset`, and `fit`; timed by training.py."""

from __future__ import annotations

import time
from collections.abc import Sequence

import keras
import numpy as np

from tchexnet.datasets.records import Records
from tchexnet.images.read import read
from tchexnet.training import backend, network
from tchexnet.training.config import Config
from tchexnet.training.stages import open_layers

EPOCHS = 10


def naive(
    config: Config, initial: list[np.ndarray], parts: tuple[Records, Records], images: int
) -> tuple[float, dict[str, float]]:
    """(seconds of ten epochs, images a second by part): `fit` over files, decoded anew in every epoch."""
    backend.prepare(0)
    model = network.build(config, 224)
    model.set_weights(initial)
    open_layers(model, config.stages[0].first)
    model.compile(keras.optimizers.Adam(1e-3), loss="binary_crossentropy", jit_compile=False)
    train, valid = (Files(part.take(np.arange(min(images, len(part)))), config) for part in parts)
    model.fit(Files(parts[0].take(np.arange(16)), config), verbose=0)
    model.evaluate(Files(parts[1].take(np.arange(16)), config), verbose=0)
    rates = {}
    for name, data, run in (("train", train, model.fit), ("valid", valid, model.evaluate)):
        start = time.perf_counter()
        run(data, verbose=0)
        rates[name] = round(len(data) * 16 / (time.perf_counter() - start), 2)
    return naive_seconds(rates, [len(part) for part in parts]), rates


def naive_seconds(rates: dict[str, float], counts: Sequence[int]) -> float:
    """All epochs at the rates measured."""
    return EPOCHS * sum(count / rate for count, rate in zip(counts, rates.values(), strict=True))


class Files(keras.utils.PyDataset):
    """What people write: a batch is read from its files whenever it is asked for."""

    def __init__(self, records: Records, config: Config) -> None:
        super().__init__(workers=2)
        self.records, self.recipe = records, config.recipe

    def __len__(self) -> int:
        return len(self.records) // 16

    def __getitem__(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        rows = range(step * 16, step * 16 + 16)
        images = np.concatenate([self.recipe.apply(read(self.records.path(row))) for row in rows])
        return images, self.records.y[list(rows)]
