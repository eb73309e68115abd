"""A network that computes its first convolution on one channel, where three hold one grey image normalised three ways.

A recipe gives channel c the values (grey - mean[c]) / std[c], so that each channel is the first one scaled and shifted:
x[c] = scale[c] * x[0] + shift[c]. A convolution is linear: that of x is that of x[0] with kernels summed over the
channels, and that of the shifts, which does not depend on the image. Only at the border is the latter not flat, since
padding is zero in every channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tchexnet.runtime.quiet import openvino, opset15


def read_one_channel(model: openvino.Model, mean: Sequence[float], std: Sequence[float]) -> bool:
    """Let the first convolution read the first channel alone, in place; the network still takes all of them.

    Args:
        model: takes (n, height, width, channels) float32 of a fixed height and width.
        mean, std: of the recipe, one number a channel.

    Returns:
        Whether it was done: the network begins with a convolution of that many channels, more than one.
    """
    convolution = _first(model)
    if convolution is None or len(mean) < 2:
        return False
    kernels, image = convolution.input_value(1), convolution.input_value(0)
    _, channels, height, width = (side.get_max_length() for side in image.get_partial_shape())
    if channels != len(mean):
        return False
    means, stds = (np.asarray(values, np.float32).reshape(1, -1, 1, 1) for values in (mean, std))
    scale, shift = stds[:, :1] / stds, (means[:, :1] - means) / stds
    how = convolution.get_attributes()
    options = (how["strides"], how["pads_begin"], how["pads_end"], how["dilations"], how["auto_pad"])
    summed = opset15.reduce_sum(opset15.multiply(kernels, scale), np.array([1]), keep_dims=True)
    first = opset15.gather(image, np.array([0]), np.array(1))
    constant = np.ascontiguousarray(np.broadcast_to(shift, (1, channels, height, width)))
    parts = [opset15.convolution(*each, *options) for each in ((first, summed), (constant, kernels))]
    convolution.output(0).replace(opset15.add(*parts).output(0))
    return True


def _first(model: openvino.Model) -> Any:
    """The convolution that reads the network's only input, channels moved to the front, or None."""
    node = model.inputs[0].get_node()
    for kind in ("Transpose", "Convolution"):
        readers = [one.get_node() for one in node.output(0).get_target_inputs()]
        if len(readers) != 1 or readers[0].get_type_name() != kind:
            return None
        node = readers[0]
    return node
