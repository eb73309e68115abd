"""What every reader hands to the mapping: named tensors in Keras's order of axes, read on demand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tchexnet.errors import PresetError
from tchexnet.presets.importers import network
from tchexnet.presets.importers.network import Variable, hidden_name

KERAS_EPSILON = 1.001e-5
TORCH_EPSILON = 1e-5


@dataclass(frozen=True)
class Lazy:
    """A tensor of a file: its name there, its shape in Keras's order of axes, and how to read it."""

    origin: str
    shape: tuple[int, ...]
    read: Callable[[], NDArray[Any]]


@dataclass(frozen=True)
class Checkpoint:
    """A file, understood but not yet checked against the network.

    Args:
        layout: what kind of file it is, in words.
        tensors: `layer/variable` of our network to the file's tensor.
        ignored: names in the file that are no weights, and why that is known.
        epsilon: what the source adds to variances in batch normalisation.
        thresholds: torchxrayvision's operating point of each output, or nothing.
        labels: the outputs' names as the file has them, or nothing; '' is an output that was never trained.
        size: pixels a side of the input, where the file says it.
        family: whose recipe and labels belong to it, one of `layouts.FAMILIES`.
    """

    layout: str
    tensors: dict[str, Lazy]
    ignored: tuple[str, ...] = ()
    epsilon: float = KERAS_EPSILON
    thresholds: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    size: int | None = None
    family: str = "keras"

    @property
    def channels(self) -> int:
        """How many channels the first convolution takes."""
        shape = self._shape("conv1_conv/kernel")
        return shape[2] if len(shape) == 4 else 0

    @property
    def outputs(self) -> int:
        """How many scores the last layer gives."""
        return self._shape("predictions/kernel")[-1]

    @property
    def hidden(self) -> tuple[int, ...]:
        """Units of each hidden layer between the features and the scores."""
        names = (f"{hidden_name(place)}/kernel" for place in range(len(self.tensors)))
        units = []
        for name in names:
            if name not in self.tensors:
                break
            units.append(self.tensors[name].shape[-1])
        return tuple(units)

    def _shape(self, name: str) -> tuple[int, ...]:
        if name not in self.tensors or not self.tensors[name].shape:
            raise PresetError(f"Layer {name.split('/')[0]!r} is missing from the checkpoint ({self.layout}).")
        return self.tensors[name].shape

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Every variable of the network as float32: each assigned exactly once, and none of the file's left over.

        Raises:
            PresetError: a tensor is missing, left over, misshaped, or holds something that is no number.
        """
        return self._assigned(self.tensors, network.variables(self.channels, self.hidden, self.outputs))

    def backbone(self) -> dict[str, NDArray[np.float32]]:
        """The same for the network without its head: dense layers above the pooled features are left aside."""
        below = {name: tensor for name, tensor in self.tensors.items() if not network.in_head(name)}
        return self._assigned(below, list(network.backbone(self.channels)))

    def _assigned(self, tensors: dict[str, Lazy], variables: list[Variable]) -> dict[str, NDArray[np.float32]]:
        if self.channels not in (1, 3):
            raise PresetError(f"Layer 'conv1_conv' takes {self.channels} channels in the checkpoint; 1 or 3 are known.")
        expected = {variable.keras: variable.shape for variable in variables}
        extra = [tensor.origin for name, tensor in tensors.items() if name not in expected]
        for name, shape in expected.items():
            layer, kind = name.split("/")
            if name not in tensors:
                raise PresetError(f"Layer {layer!r} expects a {kind} of shape {shape}; the checkpoint holds none.")
            if (found := tensors[name]).shape != shape:
                raise PresetError(
                    f"Layer {layer!r} expects a {kind} of shape {shape}; the checkpoint holds {found.shape} "
                    f"({found.origin!r})."
                )
        if extra:
            raise PresetError(
                f"The checkpoint holds {len(extra)} tensors that the network has no place for: {', '.join(extra[:3])}."
            )
        return {name: _numbers(tensors[name]) for name in expected}


def _numbers(tensor: Lazy) -> NDArray[np.float32]:
    values = tensor.read()
    if values.dtype.kind != "f" or not np.isfinite(values).all():
        raise PresetError(f"{tensor.origin!r} does not hold finite floating-point numbers; the checkpoint is damaged.")
    if tensor.origin.endswith(("running_var", "moving_variance")) and (values < 0).any():
        raise PresetError(f"{tensor.origin!r} holds a variance below 0; the checkpoint is damaged.")
    return np.ascontiguousarray(values, np.float32)
