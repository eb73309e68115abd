"""Boxes from maps, their overlaps and hits: by hand, and what must hold for any map."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tchexnet.evaluation import localization as loc

HEAT = np.zeros((10, 10), np.float32)
HEAT[2:5, 1:4] = 0.5  # above 60 of 255 only
HEAT[3, 2] = 1.0  # above both
HEAT[8, 8] = 0.3  # a second region of the lower cut
BOX = np.array([2, 2, 5, 5], float)


def test_boxes_by_hand() -> None:
    assert loc.boxes(HEAT).tolist() == [[1, 2, 4, 5], [8, 8, 9, 9], [2, 3, 3, 4]]
    assert loc.boxes(np.zeros((5, 5), np.float32)).shape == (0, 4)


def test_corners_connect() -> None:
    assert loc.boxes(np.eye(3, dtype=np.float32), (0.5,)).tolist() == [[0, 0, 3, 3]]


def test_overlaps_by_hand() -> None:
    """The first box shares 2 x 3 of its 9 pixels; together they cover 12. The third lies within."""
    drawn = loc.boxes(HEAT)
    np.testing.assert_allclose(loc.iobb(drawn, BOX), [6 / 9, 0, 1])
    np.testing.assert_allclose(loc.iou(drawn, BOX), [6 / 12, 0, 1 / 9])


def test_hits_and_false_positives_by_hand() -> None:
    found = [loc.look(HEAT, BOX), loc.look(HEAT, np.array([0, 8, 2, 10], float))]
    assert found[0].best == {"iobb": 1, "iou": 0.5} and found[1].best == {"iobb": 0, "iou": 0}
    assert loc.accuracy(found, "iou", 0.4).value == 0.5
    assert loc.accuracy(found, "iou", 0.5).value == 0, "a hit exceeds the threshold"
    assert loc.false_positives(found, "iou", 0.4) == (2 + 3) / 2
    assert [one.pointed for one in found] == [1, 0]


def test_the_pointing_game_counts_a_flat_map_as_a_miss() -> None:
    found = [loc.look(np.zeros((4, 4), np.float32), np.array([0, 0, 4, 4], float))]
    assert np.isnan(found[0].pointed) and loc.pointing_game(found).value == 0


def test_wilson_by_its_formula() -> None:
    """8 of 10, z = 1.959964: (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)."""
    z, p, n = 1.959964, 0.8, 10
    half = z * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5
    expected = [(p + z**2 / (2 * n) + sign * half) / (1 + z**2 / n) for sign in (-1, 1)]
    value, low, high, count = loc.share([True] * 8 + [False] * 2)
    assert (value, count) == (0.8, 10) and (low, high) == pytest.approx(expected, abs=1e-6)
    assert np.isnan(loc.share([]).value)


@given(arrays.arrays(np.float32, (12, 9), elements=st.floats(0, 1, width=32)), st.data())
def test_any_map(heat, data) -> None:
    left, top = data.draw(st.integers(0, 7)), data.draw(st.integers(0, 10))
    box = np.array([left, top, data.draw(st.integers(left + 1, 9)), data.draw(st.integers(top + 1, 12))], float)
    found = loc.look(heat, box)
    for measure in loc.MEASURES:
        values = found.overlaps[measure]
        assert ((values >= 0) & (values <= 1)).all()
        shares = [loc.accuracy([found], measure, overlap).value for overlap in loc.OVERLAPS]
        assert shares == sorted(shares, reverse=True)
    assert (found.overlaps["iou"] <= found.overlaps["iobb"] + 1e-12).all()
