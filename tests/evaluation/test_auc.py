"""AUC: its definition by counting pairs, its symmetries, and what it says where it is undefined."""

from dataclasses import astuple
from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from tchexnet.errors import DataError
from tchexnet.evaluation.auc import AUC, auc

from .samples import by_pairs, sample

tied_scores = st.lists(st.tuples(st.sampled_from([0, 1]), st.integers(-4, 4)), min_size=2, max_size=40).filter(
    lambda rows: len({y for y, _ in rows}) == 2
)


@given(tied_scores)
def test_value_is_the_share_of_pairs_in_order(rows):
    y, scores = np.array(rows).T
    assert auc(y, scores).value == pytest.approx(by_pairs(y, scores), abs=1e-12)


@given(tied_scores)
def test_value_agrees_with_scikit_learn(rows):
    y, scores = np.array(rows).T
    assert auc(y, scores).value == pytest.approx(roc_auc_score(y, scores), abs=1e-12)


@given(tied_scores)
def test_monotone_map_changes_nothing(rows):
    y, scores = np.array(rows).T
    np.testing.assert_equal(astuple(auc(y, np.exp(scores / 3))), astuple(auc(y, scores)))


@given(tied_scores)
def test_swapped_labels_and_reversed_scores_mirror_value_and_interval(rows):
    y, scores = np.array(rows).T
    one, swapped, reversed_ = auc(y, scores), auc(1 - y, scores), auc(y, -scores)
    assert one.value + swapped.value == pytest.approx(1, abs=1e-12)
    assert one.value + reversed_.value == pytest.approx(1, abs=1e-12)
    # With one positive or one negative there is no interval, on either side.
    assert isnan(one.low) == isnan(swapped.high)
    assert isnan(one.low) or one.low + swapped.high == pytest.approx(1, abs=1e-12)


@given(tied_scores, st.randoms())
def test_row_order_changes_nothing(rows, random):
    y, scores = np.array(rows).T
    random.shuffle(rows)
    again = auc(*np.array(rows).T)
    assert again.value == pytest.approx(auc(y, scores).value, abs=1e-12)
    assert again.low == pytest.approx(auc(y, scores).low, abs=1e-12, nan_ok=True)


@given(tied_scores)
def test_interval_holds_the_value_and_stays_in_range(rows):
    found = auc(*np.array(rows).T)
    assert isnan(found.low) or 0 <= found.low <= found.value <= found.high <= 1


def test_all_ties_give_one_half_and_a_warning():
    found = auc([0, 0, 1, 1], [3, 3, 3, 3])
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)
    assert "states no doubt" in found.reason


def test_perfect_separation_warns_that_the_interval_is_empty():
    found = auc([0, 0, 1, 1], [1, 2, 3, 4])
    assert (found.value, found.low, found.high) == (1, 1, 1)
    assert "states no doubt" in found.reason


def test_plain_case_has_no_reason():
    y, scores = sample(100)
    assert auc(y, scores).reason is None


def test_wider_level_gives_a_wider_interval():
    y, scores = sample(100)
    narrow, wide = auc(y, scores, level=0.8), auc(y, scores, level=0.99)
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high


def test_float32_and_lists_give_the_same():
    y, scores = sample(100)
    rounded = scores.astype(np.float32)
    assert auc(y, rounded) == auc(y.astype(bool), rounded.tolist())


def test_unlabelled_rows_do_not_count_even_if_their_score_is_missing():
    found = auc([0, np.nan, 1, 0, 1], [0.1, np.nan, 0.9, 0.5, 0.4])
    assert (found.n, found.positives, found.value) == (4, 2, 0.75)
    assert found.prevalence == 0.5


@pytest.mark.parametrize(
    ("y", "reason", "n", "positives"),
    [
        ([0] * 412, "no positive among 412 images", 412, 0),
        ([1] * 3, "no negative among 3 images", 3, 3),
        ([0], "no positive among 1 image", 1, 0),
        ([np.nan, np.nan], "no labelled image", 0, 0),
        ([], "no labelled image", 0, 0),
    ],
)
def test_undefined_is_nan_with_a_reason(y, reason, n, positives):
    found = auc(y, np.zeros(len(y)))
    assert isnan(found.value) and isnan(found.low) and isnan(found.high)
    assert (found.reason, found.n, found.positives) == (reason, n, positives)


def test_prevalence_without_images_is_nan():
    assert isnan(AUC(np.nan, np.nan, np.nan, 0, 0).prevalence)


def test_one_positive_has_a_value_and_no_interval():
    found = auc([0, 0, 1], [1, 2, 1.5])
    assert found.value == 0.5
    assert isnan(found.low) and isnan(found.high)
    assert found.reason == "one positive alone: no DeLong interval"


@pytest.mark.parametrize(
    ("y", "scores", "message"),
    [
        ([0, 1, 1], [0.1, np.nan, np.inf], "2 of 3 scores are NaN or infinite"),
        ([0, 1, -1], [0.1, 0.2, 0.3], "1 of 3 labels are not 1, 0 or NaN, for example -1"),
        ([0, 1], [0.1, 0.2, 0.3], "2 labels and 3 scores"),
        ([[0, 1]], [[0.1, 0.2]], "one column"),
        (["yes", "no"], [0.1, 0.2], "must be numbers"),
    ],
)
def test_what_cannot_be_used_is_refused(y, scores, message):
    with pytest.raises(DataError, match=message):
        auc(y, scores)


@pytest.mark.parametrize("level", [0, 1, 95, float("nan")])
def test_level_outside_its_range_is_refused(level):
    with pytest.raises(DataError, match=r"for example 0\.95"):
        auc([0, 1], [0, 1], level=level)


@pytest.mark.slow
@settings(deadline=None)
@given(st.integers(0, 3))
def test_agrees_with_scikit_learn_on_many_images(seed):
    y, scores = sample(112_000, seed=seed, digits=3)
    assert auc(y, scores).value == pytest.approx(roc_auc_score(y, scores), abs=1e-12)
