"""Optimizers: AdamW or SGD, a rate of its own for each block, and a moving average of the weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from tchexnet.training.config import Config
from tchexnet.training.stages import Stage, block


def build(config: Config, stage: Stage, model: keras.Model) -> keras.optimizers.Optimizer:
    """The stage's optimizer, not yet built; its learning rate is set at every step by the trainer."""
    average: dict[str, Any] = {"use_ema": True, "ema_momentum": config.ema} if config.ema else {}
    if config.optimizer == "sgd":
        kind, own = RatedSGD, {"momentum": config.momentum, "weight_decay": config.weight_decay or None}
    else:
        kind, own = RatedAdamW, {"weight_decay": config.weight_decay}
    optimizer = kind(**own, **average)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    optimizer.slow(factors(model, stage.rates))
    return optimizer


def factors(model: keras.Model, rates: Mapping[str, float]) -> list[tuple[keras.Variable, float]]:
    """Each variable whose learning rate is multiplied, and by what."""
    return [
        (weight, rates[block(layer.name)])
        for layer in model.layers
        for weight in layer.trainable_weights
        if rates.get(block(layer.name), 1.0) != 1.0
    ]


@contextmanager
def averaged(optimizer: keras.optimizers.Optimizer) -> Iterator[None]:
    """Within, the variables hold their moving averages, if the optimizer keeps any."""
    pairs = (
        list(zip(optimizer._trainable_variables, optimizer._model_variables_moving_average, strict=True))
        if optimizer.use_ema and int(optimizer.iterations)
        else []
    )
    before = [np.array(variable) for variable, _ in pairs]
    for variable, average in pairs:
        variable.assign(average)
    try:
        yield
    finally:
        for (variable, _), value in zip(pairs, before, strict=True):
            variable.assign(value)


class _Rates:
    """Mixed into a Keras optimizer: multiplies the rate of some variables, for the step and for the decay alike."""

    def slow(self, variables: list[tuple[keras.Variable, float]]) -> None:
        """Say whose rate is multiplied by what."""
        self._factors = {self._var_key(variable): factor for variable, factor in variables}  # type: ignore[attr-defined]

    def _factor(self, variable: Any) -> float:
        return self._factors.get(self._var_key(variable), 1.0)  # type: ignore[attr-defined]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        factor = self._factor(variable)
        rate = learning_rate if factor == 1.0 else learning_rate * factor
        super().update_step(gradient, variable, rate)  # type: ignore[misc]

    def _apply_weight_decay(self, variables: list[Any]) -> None:
        if self.weight_decay is None:  # type: ignore[has-type]
            return
        whole = self.weight_decay  # type: ignore[has-type]
        for factor in sorted({self._factor(variable) for variable in variables}):
            # Keras multiplies decay and rate, so a slower rate is a smaller decay; read once, when a step is traced.
            self.weight_decay = whole * factor
            group = [variable for variable in variables if self._factor(variable) == factor]
            super()._apply_weight_decay(group)  # type: ignore[misc]
        self.weight_decay = whole


class RatedAdamW(_Rates, keras.optimizers.AdamW):
    """AdamW with a rate for each block."""


class RatedSGD(_Rates, keras.optimizers.SGD):
    """SGD with a rate for each block."""
