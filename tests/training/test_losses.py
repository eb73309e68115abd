"""The masked loss, by hand."""

import numpy as np
import pytest
from keras import ops

from tchexnet.datasets.policies import multiclass_scores
from tchexnet.training import losses, network
from tchexnet.training.losses import masked_bce

from .plans import one_stage


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


def test_balance_weighs_the_rarer_class_more() -> None:
    y = np.float32([[1, 1], [0, 1], [0, np.nan], [0, 1]])
    negative, positive = losses.balance(y)
    np.testing.assert_allclose(positive, [4 / 2, 1])  # 1 of 4; a label without negatives keeps 1
    np.testing.assert_allclose(negative, [4 / 6, 1])
    np.testing.assert_allclose(3 * negative[0], 1 * positive[0])


def test_the_weighted_loss_by_hand() -> None:
    loss = losses.weighted(np.float32([0.5]), np.float32([3.0]), smoothing=0.2)
    found = float(loss(ops.array(np.float32([[1], [0], [np.nan]])), ops.array(np.float32([[0.8], [0.3], [0.9]]))))
    one = -(3 * 0.9 * np.log(0.8) + 0.5 * 0.1 * np.log(0.2))
    zero = -(3 * 0.1 * np.log(0.3) + 0.5 * 0.9 * np.log(0.7))
    assert found == pytest.approx((one + zero) / 2, rel=1e-5)


def test_weights_of_one_are_the_plain_loss() -> None:
    y, scores = np.float32([[1, 0], [np.nan, 1]]), np.float32([[0.8, 0.1], [0.3, 0.6]])
    ones = np.ones(2, np.float32)
    assert float(losses.weighted(ones, ones)(ops.array(y), ops.array(scores))) == pytest.approx(
        float(masked_bce(ops.array(y), ops.array(scores))), rel=1e-6
    )
    assert losses.masked_bce_value(y, scores) == pytest.approx(float(masked_bce(ops.array(y), ops.array(scores))))


def test_three_classes_by_hand() -> None:
    y = np.float32([[1, 0, 2, np.nan, 0.25]])
    p = np.float32([0.2, 0.5, 0.3])
    found = float(losses.three_way(ops.array(y), ops.array(np.tile(p, (1, 5, 1)))))
    by_hand = [-np.log(0.5), -np.log(0.2), -np.log(0.3), -(0.75 * np.log(0.2) + 0.25 * np.log(0.5))]
    assert found == pytest.approx(np.mean(by_hand), rel=1e-5)


@pytest.mark.usefixtures("small_network")
@pytest.mark.parametrize("architecture", ["chexnet", "tchexnet"])
def test_a_three_way_head_folds_into_a_sigmoid(architecture: str) -> None:
    plan = one_stage({}, head="three-way", architecture=architecture)
    model = network.build(plan, 32)
    batch = np.random.default_rng(0).normal(size=(3, 32, 32, 3)).astype(np.float32)
    classes = np.asarray(model.predict_on_batch(batch))
    assert classes.shape == (3, 2, 3)
    np.testing.assert_allclose(
        network.published(model, plan).predict_on_batch(batch), multiclass_scores(classes), atol=1e-6
    )
