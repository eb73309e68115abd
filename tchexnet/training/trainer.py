"""The training loop: stages, epochs, steps; a log, checkpoints, and the best weights by validation AUC."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from tchexnet.datasets.records import Records
from tchexnet.errors import TrainingError
from tchexnet.training import backend, losses, network, optimizers, resume, schedules, sitting, sources
from tchexnet.training.config import Config
from tchexnet.training.hooks import Hooks
from tchexnet.training.journal import Journal
from tchexnet.training.measure import macro_auc
from tchexnet.training.resume import Progress
from tchexnet.training.sitting import Sitting
from tchexnet.training.stages import Stage

CHECKPOINT_SECONDS = 300.0
BEST = "best.weights.h5"
CHECKPOINT = "checkpoint.npz"
CACHE = "cache"


class Trainer:
    """One run in one folder.

    Args:
        config: what to compute.
        train, valid: records with the configuration's labels; no patient in both.
        out: the run folder: `journal`'s files, `checkpoint.npz`, `best.weights.h5`, and `cache/`.
        initial: weights to start from, as `network.build(...).get_weights()` lists them; None starts from random ones.
        devices: see `backend.Devices`.
        checkpoint_seconds: how often to save within an epoch; None means `CHECKPOINT_SECONDS`.
    """

    def __init__(
        self,
        config: Config,
        train: Records,
        valid: Records,
        out: Path,
        initial: list[NDArray[np.float32]] | None = None,
        hooks: Hooks | None = None,
        devices: Sequence[str] | None = None,
        checkpoint_seconds: float | None = None,
    ) -> None:
        self.config, self.train, self.valid, self.out = config, train, valid, Path(out)
        self.hooks = hooks or Hooks()
        self.initial = initial
        self.progress = Progress()
        self._every = CHECKPOINT_SECONDS if checkpoint_seconds is None else checkpoint_seconds
        self._names = devices
        self._journal = Journal(self.out)
        self._saved = time.monotonic()

    def run(self, go_on: bool = False) -> keras.Model:
        """Train every stage that is not finished; return the model with the best weights.

        A stage starts from the best weights of the one before, and the best over all stages of the final size is kept.

        Args:
            go_on: continue from the checkpoint in `out`, if there is one.

        Raises:
            TrainingError: the loss is not finite, a file cannot be written, or the checkpoint does not fit.
            DataError: the disk has no room for what is to be kept on it.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        if len(self.train) < self.config.batch_size:
            raise TrainingError(
                f"{len(self.train)} training images make no batch of {self.config.batch_size}; lower batch_size."
            )
        backend.prepare(self.config.seed, self.config.precision)
        self.devices = backend.Devices(self._names)
        self.devices.fits(self.config.batch_size)
        resumes = go_on and self._checkpoint.exists()
        if resumes:
            self._look_back()
        with resume.writing(self.out):
            self._journal.begin(self.config, self.train, self.valid)
        for stage in self.config.stages[self.progress.stage :]:
            self._run_stage(stage, resumes)
            self.progress.stage, resumes = self.progress.stage + 1, False
        return self.best()

    def best(self) -> keras.Model:
        """The network at the recipe's size with the best weights so far, in float32, as a preset holds it."""
        keras.config.set_dtype_policy("float32")
        model = network.build(self.config, self.config.recipe.size)
        model.load_weights(self.out / BEST)
        return network.published(model, self.config)

    @property
    def _checkpoint(self) -> Path:
        return self.out / CHECKPOINT

    def _look_back(self) -> None:
        self.progress, machine = resume.peek(self._checkpoint, self.config)
        for sentence in resume.differences(machine, backend.fingerprint(self.devices)):
            self.hooks.on_note(sentence)

    def _run_stage(self, stage: Stage, resumes: bool) -> None:
        seated = self._sit_down(stage, resumes)
        while not schedules.ends(self.progress, stage):
            self._epoch(seated)
            self._validate(seated)
            self._save(seated)
        with resume.writing(self.out):
            self._journal.curves(self.progress.rows)

    def _sit_down(self, stage: Stage, resumes: bool) -> Sitting:
        size = stage.size or self.config.recipe.size
        with self.devices.scope():
            model, learner = sitting.networks(self.config, stage, self.train.y, self.devices)
            if resumes:
                resume.restore(self._checkpoint, model, learner.optimizer)
            else:
                self._start(model, size)
        parts = (self.train, self.valid)
        source = sitting.source(self.config, self.progress.stage, model, parts, self.out / CACHE, self.hooks)
        seated = Sitting(stage, model, learner, source)
        if not resumes:
            self._save(seated)
        return seated

    def _start(self, model: keras.Model, size: int) -> None:
        position = self.progress.stage
        schedules.reset(self.progress)
        if position > 0:
            with warnings.catch_warnings():  # the file also holds the optimizer of the stage before: not wanted here
                warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")
                model.load_weights(self.out / BEST)
            before = self.config.stages[position - 1].size or self.config.recipe.size
            if before != size:
                self.progress.best = float("-inf")
        elif self.initial is not None:
            model.set_weights(self.initial)

    def _epoch(self, seated: Sitting) -> None:
        progress, stage, source = self.progress, seated.stage, seated.source
        for inputs, labels in source.batches(progress.epoch, progress.step):
            done = progress.epoch * source.steps + progress.step
            rate = schedules.learning_rate(stage, done, source.steps * stage.epochs, progress.drops)
            seated.learner.optimizer.learning_rate.assign(rate)
            loss = self.devices.step(seated.learner, inputs, labels)
            if not np.isfinite(loss):
                raise TrainingError(self._not_finite(loss, stage))
            progress.step, progress.loss_sum = progress.step + 1, progress.loss_sum + loss
            self.hooks.on_step(stage, progress.epoch, progress.step, source.steps, progress.loss_sum / progress.step)
            if time.monotonic() - self._saved > self._every:
                self._save(seated)

    def _not_finite(self, loss: float, stage: Stage) -> str:
        best = self.out / BEST
        kept = f"The best weights so far are in {best}." if best.exists() else "No epoch was finished before."
        return (
            f"The loss became {loss} in stage {stage.name!r}, epoch {self.progress.epoch + 1}, step "
            f"{self.progress.step + 1}; lower learning_rate. {kept}"
        )

    def _validate(self, seated: Sitting) -> None:
        progress = self.progress
        with optimizers.averaged(seated.learner.optimizer):
            scores = sources.scores(seated.learner, seated.source.valid())
            macro = macro_auc(self.valid.y, scores)
            better = not macro <= progress.best  # NaN, where nothing can be compared: the last epoch is kept
            if better:
                self._keep(seated.model)
        valid_loss = losses.masked_bce_value(self.valid.y, scores)
        progress.epoch += 1
        row = {
            "stage": seated.stage.name,
            "epoch": progress.epoch,
            "loss": progress.loss_sum / max(1, progress.step),
            "valid_auc": macro,
            "seconds": round(progress.seconds + time.monotonic() - self._saved, 1),
            "valid_loss": valid_loss,
            "learning_rate": float(np.asarray(seated.learner.optimizer.learning_rate)),
        }
        progress.rows.append(row)
        progress.step, progress.loss_sum = 0, 0.0
        progress.best = macro if macro > progress.best else progress.best
        schedules.count(progress, seated.stage, valid_loss, better)
        with resume.writing(self.out):
            self._journal.epoch(progress.rows)
        self.hooks.on_epoch(row)

    def _keep(self, model: keras.Model) -> None:
        partial = self.out / f"partial.{BEST}"
        with resume.writing(self.out):
            model.save_weights(partial)
            partial.replace(self.out / BEST)

    def _save(self, seated: Sitting) -> None:
        now = time.monotonic()
        self.progress.seconds, self._saved = self.progress.seconds + now - self._saved, now
        machine = backend.fingerprint(self.devices)
        with resume.writing(self.out):
            resume.save(self._checkpoint, self.config, self.progress, seated.model, seated.learner.optimizer, machine)
