"""The training loop: stages, epochs, steps; a log, checkpoints, and the best weights by validation AUC."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tchexnet.datasets import pipeline
from tchexnet.datasets.canvases import canvases
from tchexnet.datasets.records import Records
from tchexnet.errors import TrainingError
from tchexnet.evaluation.auc import auc
from tchexnet.images.recipe import Recipe
from tchexnet.models import chexnet, tchexnet
from tchexnet.training import backend, resume
from tchexnet.training.config import Config
from tchexnet.training.losses import masked_bce
from tchexnet.training.resume import Progress
from tchexnet.training.stages import Stage, learning_rate, open_layers

CHECKPOINT_SECONDS = 300
MIN_POSITIVES = 10
BEST = "best.weights.h5"


@dataclass(frozen=True)
class Hooks:
    """What the edge wants to hear; the loop itself prints nothing.

    Args:
        on_step: (stage, epoch, step, steps, mean loss so far).
        on_epoch: the new row of the log.
        on_read: (images read, images in all).
    """

    on_step: Callable[[Stage, int, int, int, float], None] = lambda *_: None
    on_epoch: Callable[[dict[str, object]], None] = lambda row: None
    on_read: Callable[[int, int], None] = lambda done, total: None


class Trainer:
    """One run in one folder.

    Args:
        config: what to compute.
        train, valid: records with the configuration's labels; no patient in both.
        out: the run folder: `log.csv`, `checkpoint.npz`, `best.weights.h5`.
        initial: weights to start from, as `model.get_weights()` lists them; None starts from random ones.
    """

    def __init__(
        self,
        config: Config,
        train: Records,
        valid: Records,
        out: Path,
        initial: list[NDArray[np.float32]] | None = None,
        hooks: Hooks | None = None,
    ) -> None:
        self.config, self.train, self.valid, self.out = config, train, valid, Path(out)
        self.hooks = hooks or Hooks()
        self.initial = initial
        self.progress = Progress()
        self._saved = time.monotonic()

    def run(self, go_on: bool = False) -> keras.Model:
        """Train every stage that is not finished; return the model with the best weights.

        A stage starts from the best weights of the one before, and the best over all stages of the final size is kept.

        Args:
            go_on: continue from the checkpoint in `out`, if there is one.

        Raises:
            TrainingError: the loss is not finite, or the checkpoint does not fit.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        backend.prepare(self.config.seed, self.config.precision)
        resumes = go_on and self._checkpoint.exists()
        if resumes:
            self.progress = resume.peek(self._checkpoint, self.config.to_dict())
        for stage in self.config.stages[self.progress.stage :]:
            self._stage(stage, resumes)
            self.progress.stage, self.progress.epoch, resumes = self.progress.stage + 1, 0, False
        return self.best()

    def best(self) -> keras.Model:
        """The network at the recipe's size with the best weights so far, in float32."""
        keras.config.set_dtype_policy("float32")
        model = build(self.config, self.config.recipe.size)
        model.load_weights(self.out / BEST)
        return model

    @property
    def _checkpoint(self) -> Path:
        return self.out / "checkpoint.npz"

    def _stage(self, stage: Stage, resumes: bool) -> None:
        size = stage.size or self.config.recipe.size
        model = self._compiled(stage, size)
        if resumes:
            resume.restore(self._checkpoint, model)
        else:
            self._start(model, size)
        recipe = replace(self.config.recipe, size=size, views="one")
        pixels = [canvases(part, recipe, self.out / "cache", self.hooks.on_read) for part in (self.train, self.valid)]
        while self.progress.epoch < stage.epochs:
            self._epoch(model, stage, recipe, pixels[0])
            self._validate(model, stage, recipe, pixels[1])
            self._save(model)

    def _compiled(self, stage: Stage, size: int) -> keras.Model:
        model = build(self.config, size)
        backend.fuse_batch_norm(model)
        open_layers(model, stage.first, stage.batch_norm)
        optimizer = keras.optimizers.AdamW(weight_decay=self.config.weight_decay)
        optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
        model.compile(optimizer, loss=masked_bce, jit_compile=False)
        return model

    def _start(self, model: keras.Model, size: int) -> None:
        stage = self.progress.stage
        if stage > 0:
            model.load_weights(self.out / BEST)
            before = self.config.stages[stage - 1].size or self.config.recipe.size
            if before != size:
                self.progress.best = float("-inf")
        elif self.initial is not None:
            model.set_weights(self.initial)
        model.optimizer.build(model.trainable_variables)
        self._save(model)

    def _epoch(self, model: keras.Model, stage: Stage, recipe: Recipe, pixels: NDArray[np.float16]) -> None:
        progress, size = self.progress, self.config.batch_size
        steps = len(pixels) // size
        seed = self.config.seed + 1000 * progress.stage
        data = pipeline.batches(
            pixels,
            self.train.y,
            recipe,
            stage.augmentation,
            batch_size=size,
            seed=seed,
            epoch=progress.epoch,
            first_step=progress.step,
        )
        for inputs, labels in data:
            done = progress.epoch * steps + progress.step
            model.optimizer.learning_rate.assign(learning_rate(stage, done, steps * stage.epochs))
            loss = float(model.train_on_batch(inputs, labels))
            if not np.isfinite(loss):
                raise TrainingError(
                    f"The loss became {loss} in stage {stage.name!r}, epoch {progress.epoch + 1}, step "
                    f"{progress.step + 1}; lower learning_rate. The best weights so far are in {self.out / BEST}."
                )
            progress.step, progress.loss_sum = progress.step + 1, progress.loss_sum + loss
            self.hooks.on_step(stage, progress.epoch, progress.step, steps, progress.loss_sum / progress.step)
            if time.monotonic() - self._saved > CHECKPOINT_SECONDS:
                self._save(model)

    def _validate(self, model: keras.Model, stage: Stage, recipe: Recipe, pixels: NDArray[np.float16]) -> None:
        progress = self.progress
        scores = predict(model, recipe, pixels)
        macro = macro_auc(self.valid.y, scores)
        progress.epoch += 1
        row = {
            "stage": stage.name,
            "epoch": progress.epoch,
            "loss": progress.loss_sum / max(1, progress.step),
            "valid_auc": macro,
            "seconds": round(progress.seconds + time.monotonic() - self._saved, 1),
        }
        progress.rows.append(row)
        progress.step, progress.loss_sum = 0, 0.0
        pd.DataFrame(progress.rows).to_csv(self.out / "log.csv", index=False)
        if macro > progress.best:
            progress.best = macro
            model.save_weights(self.out / BEST)
        self.hooks.on_epoch(row)

    def _save(self, model: keras.Model) -> None:
        now = time.monotonic()
        self.progress.seconds, self._saved = self.progress.seconds + now - self._saved, now
        resume.save(self._checkpoint, self.config.to_dict(), self.progress, model)


def build(config: Config, size: int) -> keras.Model:
    """The configuration's network with random weights, for inputs of (size, size, channels)."""
    shape, outputs = (size, size, config.recipe.channels), len(config.labels)
    if config.architecture == "chexnet":
        return chexnet.build(shape, outputs, name=config.name)
    return tchexnet.build(shape, outputs, name=config.name)


def predict(
    model: keras.Model, recipe: Recipe, pixels: NDArray[np.float16], batch_size: int = 64
) -> NDArray[np.float32]:
    """Scores for canvases (n, h, w): (n, labels) float32."""
    parts = []
    for start in range(0, len(pixels), batch_size):
        grey = pixels[start : start + batch_size].astype(np.float32)
        parts.append(np.asarray(model.predict_on_batch(recipe.normalise(grey)), np.float32))
    return np.concatenate(parts)


def macro_auc(y: NDArray[np.float32], scores: NDArray[np.float32]) -> float:
    """Mean AUC over the labels with at least `MIN_POSITIVES` positives, or over all that are defined if none has."""
    common = [i for i in range(y.shape[1]) if np.nansum(y[:, i]) >= MIN_POSITIVES]
    return float(np.nanmean([auc(y[:, i], scores[:, i]).value for i in common or range(y.shape[1])]))
