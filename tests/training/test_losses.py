"""The masked loss, by hand."""

import numpy as np
import pytest
from keras import ops

from tchexnet.training.losses import masked_bce


def test_unknown_labels_neither_count_nor_carry_a_gradient() -> None:
    y = np.float32([[1, np.nan], [0, 1]])
    scores = np.float32([[0.8, 0.1], [0.3, 0.6]])
    by_hand = -(np.log(0.8) + np.log(0.7) + np.log(0.6)) / 3
    assert float(masked_bce(ops.array(y), ops.array(scores))) == pytest.approx(by_hand, rel=1e-5)
    scores[0, 1] = 0.9
    assert float(masked_bce(ops.array(y), ops.array(scores))) == pytest.approx(by_hand, rel=1e-5)


def test_nothing_known_is_no_loss() -> None:
    assert float(masked_bce(ops.array(np.full((2, 2), np.nan, np.float32)), ops.ones((2, 2)) / 2)) == 0


def test_soft_targets_count_as_they_are() -> None:
    loss = float(masked_bce(ops.array(np.float32([[0.7]])), ops.array(np.float32([[0.7]]))))
    assert loss == pytest.approx(-(0.7 * np.log(0.7) + 0.3 * np.log(0.3)), rel=1e-5)
