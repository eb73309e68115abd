"""The object a user holds: an engine with its recipe, labels and card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from tchexnet.errors import EngineError
from tchexnet.explain.explanation import Explanation, explanation
from tchexnet.images.radiograph import Radiograph
from tchexnet.images.read import read
from tchexnet.images.recipe import Recipe
from tchexnet.presets import calibrated, explaining, guard, store
from tchexnet.presets import preset as presets
from tchexnet.presets.preset import Preset
from tchexnet.runtime.engine import Engine, Outputs, Precision
from tchexnet.scores import Scores

BATCH = 16
EngineName = Literal["auto", "openvino", "keras"]


class Classifier:
    """A preset at work.

    Args:
        preset: what to run.
        engine: `openvino`, `keras`, or `auto`: OpenVINO.
        precision: `fp32`; `bf16` where the engine and the processor have it; `int8` where the preset has a quantised
            network.
        streams: how many batches OpenVINO computes at once, each on one thread; None: one, on all cores.
        batch: how many inputs every call of `infer` brings, which OpenVINO computes a little faster than any number;
            None: any number.

    Raises:
        PresetError: a file of the preset is missing or damaged.
        EngineError: the engine cannot run here, or not in this precision.
    """

    def __init__(
        self,
        preset: Preset,
        engine: EngineName = "auto",
        precision: Precision = "fp32",
        streams: int | None = None,
        batch: int | None = None,
    ) -> None:
        self.preset = preset
        self.labels = preset.vocabulary
        self.calibrated = calibrated.read(preset)
        self.engine: Engine = _engine(preset, engine, precision, streams, batch)

    @property
    def name(self) -> str:
        return self.preset.name

    @property
    def recipe(self) -> Recipe:
        return self.preset.recipe

    @property
    def card(self) -> str:
        """The model card, in Markdown."""
        return self.preset.card

    @overload
    def predict(self, source: list[Any] | tuple[Any, ...]) -> list[Scores]: ...
    @overload
    def predict(self, source: Any) -> Scores: ...
    def predict(self, source: Any) -> Scores | list[Scores]:
        """Scores of one radiograph, or of a list of them.

        Args:
            source: whatever `tchexnet.images.read` takes (a path, bytes, an array of grey values, a Radiograph), or a
                list or tuple of such.

        Raises:
            ImageError: a source is no radiograph that can be read.
        """
        if not isinstance(source, list | tuple):
            return self.predict([source])[0]
        radiographs = [read(one) for one in source]
        found = self.forward(radiographs)
        rows = zip(found.scores, radiographs, found.features, strict=True)
        return [self.scores(*row) for row in rows]

    def scores(self, values: NDArray[np.float32], radiograph: Radiograph, features: NDArray[np.float32]) -> Scores:
        """A row of `Outputs.scores` with what is known about its radiograph, its features and its labels."""
        return Scores(
            self.labels, values, radiograph.origin, self.warnings(radiograph.warnings, features), self.calibrated
        )

    def features(self, source: Any) -> NDArray[np.float32]:
        """(n, 1024) float32: the pooled activations under the head, for one source (n = 1) or a list of them.

        Raises:
            ImageError: a source is no radiograph that can be read.
        """
        sources = source if isinstance(source, list | tuple) else [source]
        return self.forward([read(one) for one in sources]).features

    def explain(self, source: Any, label: str, view: str = "cam") -> Explanation:
        """Where on one radiograph the score of `label` comes from.

        Args:
            source: as for `predict`, but one.
            label: one of the preset's.
            view: `cam`, what each cell of the feature map adds to the logit; `odds`, the log-odds of each cell over
                the finding's prevalence in training.

        Raises:
            ImageError: the source is no radiograph that can be read.
            LabelError: the preset has no such label.
            ExplainError: there is no such view.
            PresetError: the preset does not know the prevalence, for `odds`.
        """
        return self.explain_each(source, [label], view)[0]

    def explain_each(self, source: Any, labels: Sequence[str], view: str = "cam") -> list[Explanation]:
        """`explain` for several labels of one radiograph, in one forward pass."""
        positions = [(self.labels.index(label), label) for label in labels]
        radiograph, recipe = read(source), replace(self.recipe, views="one")
        outputs = self.engine.run(recipe.apply(radiograph))
        if self.recipe.view_count == 1:  # the guard knows the mean over all views
            radiograph = replace(radiograph, warnings=self.warnings(radiograph.warnings, outputs.features[0]))
        known = partial(explaining.prevalence, self.preset)
        return [explanation(radiograph, recipe, outputs, self._head, each, view, known) for each in positions]

    def warnings(self, own: tuple[str, ...], features: NDArray[np.float32]) -> tuple[str, ...]:
        """What a reader of the scores should know: the radiograph's own warnings, and the guard's.

        Args:
            own: `Radiograph.warnings`.
            features: (1024,) of this radiograph, from the same forward pass as its scores.
        """
        return own + (self._guard.sentences(features) if self._guard else ())

    @cached_property
    def _guard(self) -> guard.Guard | None:
        return guard.read(self.preset)

    @cached_property
    def _head(self) -> tuple[explaining.Layer, ...]:
        return explaining.head(self.preset)

    def forward(self, radiographs: Sequence[Radiograph]) -> Outputs:
        """Scores, features and feature maps of radiographs, in batches.

        Scores and features are means over the recipe's views; the feature map is the first view's.
        """
        if not radiographs:
            side = self.recipe.size // 32
            return Outputs(
                *(np.empty(shape, np.float32) for shape in ((0, len(self.labels)), (0, 1024), (0, side, side, 1024)))
            )
        parts = [self._batch(radiographs[i : i + BATCH]) for i in range(0, len(radiographs), BATCH)]
        return Outputs(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))

    def _batch(self, radiographs: Sequence[Radiograph]) -> Outputs:
        return self.infer(np.concatenate([self.recipe.apply(radiograph) for radiograph in radiographs]))

    def infer(self, views: NDArray[np.float32]) -> Outputs:
        """What the network says of n radiographs: (n x views, size, size, channels) inputs that the recipe made."""
        raw = self.engine.run(views)
        count = self.recipe.view_count

        def mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
            return values.reshape(len(views) // count, count, -1).mean(axis=1)

        return Outputs(mean(raw.scores), mean(raw.features), raw.feature_map[::count])


def load(name: str | Path, engine: EngineName = "auto", precision: Precision = "fp32") -> Classifier:
    """A classifier by the preset's name, or by the path of its folder.

    Example:
        >>> import tchexnet
        >>> chexnet = tchexnet.load("chexnet")
        >>> scores = chexnet.predict("hello_world_images/mean_chest.png")
        >>> len(scores.top(3))
        3

    Raises:
        PresetError: there is no such preset, or it is damaged.
        EngineError: the engine cannot run here, or not in this precision.
    """
    return Classifier(presets.read(store.find(name)), engine, precision)


def _engine(preset: Preset, engine: EngineName, precision: Precision, streams: int | None, batch: int | None) -> Engine:
    if engine in ("auto", "openvino"):
        from tchexnet.runtime.openvino_engine import OpenVINOEngine

        recipe = preset.recipe
        grey = (recipe.mean, recipe.std)
        return OpenVINOEngine(preset.network(precision), precision, streams, recipe.size, batch, grey)
    if engine == "keras":
        from tchexnet.models import densenet
        from tchexnet.presets import keras_weights
        from tchexnet.runtime.keras_engine import KerasEngine

        return KerasEngine(densenet.tapped(keras_weights.build(preset)), precision)
    raise EngineError(f"{engine!r} is no engine; use auto, openvino or keras.")
