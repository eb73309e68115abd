"""Thresholds: what they reach, what they cannot, and their confusion tables."""

from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tchexnet.errors import DataError
from tchexnet.evaluation.operating_points import Goal, at, choose

from .samples import sample

Y = np.array([0, 0, 1, 0, 1, 1])
VALUES = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])


@pytest.mark.parametrize(
    ("goal", "threshold", "table"),
    [
        ("sensitivity=0.6", 0.45, (2, 0, 1, 3)),
        ("sensitivity=1", 0.25, (3, 1, 0, 2)),
        ("specificity=1", 0.45, (2, 0, 1, 3)),
        ("specificity=0.6", 0.25, (3, 1, 0, 2)),
        ("ppv=1", 0.45, (2, 0, 1, 3)),
        ("ppv=0.7", 0.25, (3, 1, 0, 2)),
        ("youden", 0.45, (2, 0, 1, 3)),
        ("f1", 0.25, (3, 1, 0, 2)),
    ],
)
def test_by_hand(goal, threshold, table):
    found = choose(Y, VALUES, Goal.parse(goal))
    assert found.point == goal and found.threshold == pytest.approx(threshold)
    assert (found.tp, found.fp, found.fn, found.tn) == table


def test_shares_and_wilson_intervals():
    found = at(Y, VALUES, 0.25)
    assert found.sensitivity[0] == 1 and found.specificity[0] == pytest.approx(2 / 3)
    assert found.ppv[0] == pytest.approx(3 / 4) and found.npv[0] == 1
    # Wilson's interval of 3 of 3: 3 / (3 + 1.96^2) to 1.
    assert found.sensitivity[1:] == pytest.approx((3 / (3 + 1.959964**2), 1), abs=1e-6)


def test_a_goal_out_of_reach_is_nan_and_says_what_can_be_reached():
    found = choose([0, 1, 0], [0.9, 0.5, 0.1], Goal.parse("ppv=0.8"))
    assert isnan(found.threshold) and found.reason == "no threshold reaches it; the largest ppv is 0.500"
    assert choose([0, 0], [0.1, 0.2], Goal("youden")).reason == "no positive among 2 images"


def test_a_threshold_where_nothing_is_called_positive_has_no_ppv():
    found = at(Y, VALUES, 0.9)
    assert isnan(found.ppv[0]) and found.tp == 0 and found.npv[0] == 0.5


@given(st.integers(0, 50), st.sampled_from(["sensitivity", "specificity"]), st.floats(0.05, 1.0))
def test_a_stated_share_is_reached_and_no_better_threshold_exists(seed, kind, value):
    y, scores = sample(60, seed=seed, digits=1)
    if 0 < y.sum() < 60:
        found = choose(y, scores, Goal(kind, value))
        other = "specificity" if kind == "sensitivity" else "sensitivity"
        assert getattr(found, kind)[0] >= value - 1e-9
        for threshold in np.unique(scores):
            one = at(y, scores, threshold)
            if getattr(one, kind)[0] >= value:
                assert getattr(one, other)[0] <= getattr(found, other)[0]


@pytest.mark.parametrize("text", ["", "best", "youden=0.5", "sensitivity", "ppv=2", "ppv=0", "ppv=high", "f1=nan"])
def test_what_is_no_goal_is_refused(text):
    with pytest.raises(DataError, match="is no operating point; use youden"):
        Goal.parse(text)


def test_predictive_values_at_another_prevalence_are_bayes(recwarn):
    y, scores = sample(2000, seed=5, digits=3)
    found = at(y, scores, 0.8, prevalence=0.02)
    sensitivity, specificity = found.sensitivity[0], found.specificity[0]
    expected = sensitivity * 0.02 / (sensitivity * 0.02 + (1 - specificity) * 0.98)
    assert found.ppv[0] == pytest.approx(expected) and found.ppv[1] < expected < found.ppv[2]
    negative = specificity * 0.98 / (specificity * 0.98 + (1 - sensitivity) * 0.02)
    assert found.npv[0] == pytest.approx(negative) and found.npv[1] < negative < found.npv[2]
    # At the images' own prevalence both ways agree, and nearly so do their intervals.
    here, plain = at(y, scores, 0.8, prevalence=float(y.mean())), at(y, scores, 0.8)
    assert here.ppv[0] == pytest.approx(plain.ppv[0]) and here.ppv == pytest.approx(plain.ppv, abs=0.02)


def test_a_stated_ppv_is_that_of_the_place_of_use():
    y, scores = sample(2000, seed=5, digits=3)
    here, there = choose(y, scores, Goal("ppv", 0.5)), choose(y, scores, Goal("ppv", 0.5), prevalence=0.05)
    assert there.threshold > here.threshold and there.ppv[0] >= 0.5
    assert choose(y, scores, Goal("youden"), prevalence=0.05).threshold == choose(y, scores, Goal("youden")).threshold
