"""Random DenseNet-121 weights with lively statistics, under anybody's names, without any framework."""

from functools import cache

import numpy as np

from tchexnet.presets.importers.network import variables


def weights(channels: int = 3, hidden: tuple[int, ...] = (), outputs: int = 14, seed: int = 0) -> dict[str, np.ndarray]:
    """Our names to arrays; kernels keep activations in range, statistics differ from 0 and 1."""
    return dict(_made(channels, hidden, outputs, seed))


@cache
def _made(channels: int, hidden: tuple[int, ...], outputs: int, seed: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {v.keras: _values(v.keras, v.shape, random) for v in variables(channels, hidden, outputs)}


def _values(name: str, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    kind = name.split("/")[1]
    if kind == "kernel":
        return (random.standard_normal(shape) * np.sqrt(2 / np.prod(shape[:-1]))).astype("f4")
    if kind in ("gamma", "moving_variance"):
        return random.uniform(0.5, 1.5, shape).astype("f4")
    return random.normal(0, 0.2, shape).astype("f4")


def torch_state(ours: dict[str, np.ndarray], hidden: tuple[int, ...] = (), prefix: str = "", old: bool = False) -> dict:
    """torchvision's names and axes."""
    names = {v.keras: v.torch for v in variables(3, hidden, 0)}
    state = {}
    for name, values in ours.items():
        theirs = names[name]
        if old:
            for part in ("norm1", "norm2", "conv1", "conv2"):
                theirs = theirs.replace(f".{part}.", f".{part[:-1]}.{part[-1]}.")
            theirs = theirs.replace("classifier.", "classifier.0.")
        axes = {4: (3, 2, 0, 1), 2: (1, 0)}.get(values.ndim)
        state[prefix + theirs] = np.ascontiguousarray(values.transpose(axes)) if axes else values
    return state


def same(found: dict, expected: dict) -> None:
    """The two hold the same names and the same numbers."""
    assert set(found) == set(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)
