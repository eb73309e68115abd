"""What a preset knows that its maps need: the weights of its head, and how common its findings were in training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from tchexnet.errors import PresetError
from tchexnet.presets import preset as presets
from tchexnet.presets.preset import Preset

Layer = tuple[NDArray[np.float32], NDArray[np.float32]]


def head(preset: Preset) -> tuple[Layer, ...]:
    """The dense layers above the pooled features, lowest first: kernel (inputs, units) and bias (units,), float32.

    Raises:
        PresetError: the weights are missing or damaged, or have no such layers.
    """
    places = range(1, len(preset.units) + 1)
    names = [*("hidden" if place == 1 else f"hidden_{place}" for place in places), "predictions"]
    with safe_open(preset.path(presets.WEIGHTS), "numpy") as file:
        held = set(file.keys())
        missing = [name for name in names if not {f"{name}/kernel", f"{name}/bias"} <= held]
        if missing:
            raise PresetError(
                f"The preset {preset.name!r} has no dense layer {missing[0]!r}, so no map can be made; maps need a "
                "head of dense layers on the mean of the feature map."
            )
        return tuple(
            (
                file.get_tensor(f"{name}/kernel").astype(np.float32),
                file.get_tensor(f"{name}/bias").astype(np.float32),
            )
            for name in names
        )


def prevalence(preset: Preset, label: str) -> float:
    """The share of training images with the finding, in (0, 1).

    Raises:
        PresetError: the preset does not say, or says 0 or 1.
    """
    known = preset.training.get("train", {}).get("prevalence", {}).get(label)
    if known is None or not 0 < known < 1:
        raise PresetError(
            f"The preset {preset.name!r} does not say how common {label} was in training, so there are no log-odds "
            "over it; use the view cam, or record it with: tchexnet presets guard."
        )
    return float(known)
