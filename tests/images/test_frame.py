"""The way back from the network's square to the radiograph: each fit, against what the recipe itself cuts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tchexnet.images.frame import Frame, frame
from tchexnet.images.radiograph import Radiograph
from tchexnet.images.recipe import Recipe


def test_by_hand() -> None:
    assert frame(Recipe(size=64), 100, 300) == Frame(0, 0, 100, 300)
    assert frame(Recipe(size=64, fit="pad"), 100, 300) == Frame(-100, 0, 300, 300)
    assert frame(Recipe(size=64, fit="crop"), 128, 256) == Frame(0, 64, 128, 128)
    assert frame(Recipe(size=64, fit="crop", resize_to=128), 128, 256) == Frame(32, 96, 64, 64)


@given(
    st.sampled_from([Recipe(size=64), Recipe(size=64, fit="pad"), Recipe(size=64, fit="crop", resize_to=80)]),
    st.integers(40, 200),
    st.integers(40, 200),
    st.sampled_from([0, 1]),
)
def test_a_ramp_is_seen_where_the_frame_says(recipe, height, width, axis) -> None:
    """The grey of a ramp tells the place: the middle of the canvas must be the grey at the frame's middle."""
    length = (height, width)[axis]
    ramp = (np.arange(length, dtype=np.float32) + 0.5) / length
    pixels = np.broadcast_to(ramp[:, None] if axis == 0 else ramp, (height, width))
    canvas = recipe.canvas(Radiograph(np.ascontiguousarray(pixels), 8, "ramp", "array"))
    found = frame(recipe, height, width)
    start, span = ((found.top, found.height), (found.left, found.width))[axis]
    middle = canvas[31:33, 31:33].mean()
    assert middle * length == pytest.approx(start + span / 2, abs=max(1.0, length / 64))
