"""Heat and overlay: where they lie on the radiograph, what is drawn, and what a flat map looks like."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tchexnet.explain import Explanation, overlay
from tchexnet.explain.explanation import ODDS, _limits
from tchexnet.images.frame import Frame
from tchexnet.images.radiograph import Radiograph


def made(grid, shape=(8, 8), frame=None, low=0.0, high=1.0) -> Explanation:
    radiograph = Radiograph(np.full(shape, 0.5, np.float32), 8, "a.png", "PNG")
    return Explanation(
        "Mass", "CAM", np.array(grid, np.float32), 0.5, radiograph, frame or Frame(0, 0, *shape), low, high
    )


def test_heat_by_hand() -> None:
    """Two cells over four pixels: centres at 0.5, 1.5, 2.5, 3.5 pixels; cells at 1 and 3."""
    heat = made([[0, 1], [0, 1]], (4, 4)).heat()
    np.testing.assert_allclose(heat, [[0, 0.25, 0.75, 1]] * 4)


def test_nothing_outside_a_crop_and_all_of_a_pad() -> None:
    crop = made([[1, 1], [1, 1]], (4, 8), Frame(0, 2, 4, 4)).heat()
    np.testing.assert_array_equal(crop, [[0, 0, 1, 1, 1, 1, 0, 0]] * 4)
    pad = made([[1, 1], [0, 0]], (4, 8), Frame(-2, 0, 8, 8)).heat()
    np.testing.assert_allclose(pad[:, 0], [0.875, 0.625, 0.375, 0.125])


@given(arrays.arrays(np.float32, (4, 4), elements=st.floats(-9, 9, width=32)), st.integers(1, 70), st.integers(1, 70))
def test_heat_stays_in_range(grid, height, width) -> None:
    heat = made(grid, (height, width), low=float(grid.min()), high=float(grid.max())).heat()
    assert heat.shape == (height, width) and heat.dtype == np.float32
    assert heat.min() >= 0 and heat.max() <= 1


def test_a_flat_map_has_no_heat_and_leaves_the_radiograph() -> None:
    flat = made([[3, 3], [3, 3]], low=3, high=3)
    assert not flat.heat().any()
    assert np.unique(np.asarray(flat.image())).tolist() == [128]
    assert "no colour" in " ".join(overlay._words(flat, "chexnet"))


def test_where_heat_begins() -> None:
    """Maps of the logit run over their own range; log-odds start at 0, the prevalence, and are blank below it."""
    assert _limits("CAM", np.array([[-3, -1]], np.float32)) == (-3, -1)
    assert _limits("Grad-CAM", np.array([[-3, 2]], np.float32)) == (-3, 2)
    assert _limits(ODDS, np.array([[-3, 2]], np.float32)) == (0, 2)
    assert _limits(ODDS, np.array([[-3, -1]], np.float32)) == (0, 0)


def test_the_figure_is_larger_and_keeps_the_overlay_at_full_resolution() -> None:
    found = made([[0, 1], [0, 1]], (600, 700))
    page = overlay.figure(found, source="chexnet")
    plain = np.asarray(found.image())
    unit = 600 // 40
    np.testing.assert_array_equal(np.asarray(page)[2 * unit : 2 * unit + 600, :700], plain)
    assert page.width > 700 and page.height > 600


def test_a_small_radiograph_is_enlarged_in_the_figure_only() -> None:
    found = made([[0, 1], [0, 1]], (64, 64))
    assert overlay.figure(found).width > 512 and found.image().size == (64, 64)
