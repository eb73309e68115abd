"""Networks that are rewritten to compute less still compute the same."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tchexnet.images.read import read
from tchexnet.images.recipe import ARNOWENG, IMAGENET, TORCHXRAYVISION, Recipe
from tchexnet.runtime.pooling import pool_first
from tchexnet.runtime.quiet import openvino, opset15
from tchexnet.runtime.stem import read_one_channel

WEIGHTS = Path(__file__).parents[2] / "weights"
DICE = np.random.default_rng(0)


def computed(model: openvino.Model, batch: np.ndarray) -> list[np.ndarray]:
    compiled = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return [np.array(values) for values in compiled(batch).values()]


def shipped(name: str) -> openvino.Model:
    return openvino.Core().read_model(WEIGHTS / name / "network.xml")


def transition(kernel: int = 1, stride: int = 1, pad: int = 0, read_twice: bool = False, bias: bool = False):
    """(n, 6, 9, 9) convolved to 4 channels, then 2 x 2 averages of what is there."""
    image = opset15.parameter([-1, 6, 9, 9], np.float32)
    kernels = DICE.standard_normal((4, 6, kernel, kernel)).astype(np.float32)
    convolved = opset15.convolution(image, kernels, [stride] * 2, [pad] * 2, [pad] * 2, [1, 1])
    seen = opset15.add(convolved, DICE.standard_normal((1, 4, 1, 1)).astype(np.float32)) if bias else convolved
    pooled = opset15.avg_pool(seen, [2, 2], [1, 1], [0, 0], [2, 2], True)
    return openvino.Model([pooled, convolved] if read_twice else [pooled], [image])


def test_an_average_is_taken_before_a_pointwise_convolution() -> None:
    model, batch = transition(), DICE.standard_normal((2, 6, 9, 9)).astype(np.float32)
    before = computed(model, batch)
    assert pool_first(model) == 1
    assert [node.get_type_name() for node in model.get_ordered_ops()][-2:] == ["Convolution", "Result"]
    np.testing.assert_allclose(computed(model, batch), before, atol=1e-5)
    assert pool_first(model) == 0


@pytest.mark.parametrize(
    "changed", [{"kernel": 3}, {"stride": 2}, {"pad": 1}, {"read_twice": True}, {"bias": True}], ids=str
)
def test_what_is_not_free_to_move_stays(changed: dict) -> None:
    assert pool_first(transition(**changed)) == 0


def multiplications(model: openvino.Model) -> int:
    """In all convolutions, for one image."""
    convolutions = [node for node in model.get_ops() if node.get_type_name() == "Convolution"]
    pixels = [np.prod(node.get_output_partial_shape(0).get_max_shape()[2:]) for node in convolutions]
    kernels = [np.prod(node.input_value(1).get_shape()) for node in convolutions]
    return int(np.dot(pixels, kernels))


@pytest.mark.parametrize("name", ["chexnet", "tchexnet"])
def test_the_shipped_networks_move_their_three_transitions(name: str) -> None:
    model = shipped(name)
    batch = DICE.standard_normal((2, *list(model.input(0).partial_shape.get_max_shape())[1:])).astype(np.float32)
    before, work = computed(model, batch), multiplications(model)
    assert pool_first(model) == 3
    model.validate_nodes_and_infer_types()
    assert multiplications(model) / work == pytest.approx(0.92, abs=0.005)
    for after, known in zip(computed(model, batch), before, strict=True):
        np.testing.assert_allclose(after, known, rtol=1e-4, atol=1e-5)


def stem(channels: int = 3, pad: int = 3, side: int = 32) -> openvino.Model:
    """(n, 32, 32, channels) to the first convolution of a network."""
    image = opset15.parameter([-1, side, side, channels], np.float32)
    kernels = DICE.standard_normal((8, channels, 7, 7)).astype(np.float32)
    front = opset15.transpose(image, np.array([0, 3, 1, 2]))
    return openvino.Model([opset15.convolution(front, kernels, [2, 2], [pad] * 2, [pad] * 2, [1, 1])], [image])


def spread(mean: tuple[float, ...], std: tuple[float, ...]) -> np.ndarray:
    """Two grey images as a recipe normalises them."""
    return Recipe(size=32, mean=mean, std=std).normalise(DICE.random((2, 32, 32), np.float32))


values = st.tuples(*[st.floats(0.05, 1.0)] * 3)


@settings(deadline=None, max_examples=30)
@given(mean=values, std=values, pad=st.sampled_from([0, 3]))
def test_one_channel_stands_for_three_up_to_the_border(mean, std, pad) -> None:
    model, batch = stem(pad=pad), spread(mean, std)
    (before,) = computed(model, batch)
    assert read_one_channel(model, mean, std)
    (after,) = computed(model, batch)
    np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-4 * abs(before).max())


def test_the_other_channels_are_left_alone() -> None:
    model, batch = stem(), spread(IMAGENET.mean, IMAGENET.std)
    assert read_one_channel(model, IMAGENET.mean, IMAGENET.std)
    (before,) = computed(model, batch)
    batch[..., 1:] = DICE.standard_normal(batch[..., 1:].shape)
    assert np.array_equal(computed(model, batch)[0], before)


def quantised_input() -> openvino.Model:
    image = opset15.parameter([-1, 32, 32, 3], np.float32)
    levels = [np.float32(edge) for edge in (-3, 3, -3, 3)]
    front = opset15.transpose(opset15.fake_quantize(image, *levels, 256), np.array([0, 3, 1, 2]))
    kernels = DICE.standard_normal((8, 3, 7, 7)).astype(np.float32)
    return openvino.Model([opset15.convolution(front, kernels, [2, 2], [3, 3], [3, 3], [1, 1])], [image])


@pytest.mark.parametrize(
    ("network", "recipe"),
    [(quantised_input, IMAGENET), (lambda: stem(channels=1), TORCHXRAYVISION), (lambda: stem(channels=1), IMAGENET)],
    ids=["an int8 network", "one channel", "another recipe's network"],
)
def test_other_beginnings_are_left_as_they_are(network: Callable[[], openvino.Model], recipe: Recipe) -> None:
    assert not read_one_channel(network(), recipe.mean, recipe.std)


@pytest.mark.parametrize("recipe", [IMAGENET, ARNOWENG], ids=["one view", "ten crops"])
def test_a_shipped_network_says_the_same_of_one_channel(recipe: Recipe) -> None:
    radiograph = read(WEIGHTS.parent / "hello_world_images" / "mean_chest.png")
    batch, model = recipe.apply(radiograph), shipped("chexnet")
    model.reshape([-1, *recipe.input_shape])
    before = computed(model, batch)
    assert read_one_channel(model, recipe.mean, recipe.std)
    for after, known in zip(computed(model, batch), before, strict=True):
        np.testing.assert_allclose(after, known, rtol=1e-4, atol=1e-5)
