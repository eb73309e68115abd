"""The patient bootstrap against the slow definition: write every drawn image out and measure."""

from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from tchexnet.errors import DataError
from tchexnet.evaluation.auc import auc
from tchexnet.evaluation.bootstrap import cluster_bootstrap, cluster_bootstrap_difference, draw, intervals
from tchexnet.evaluation.rounds import Ranking, patient_counts

from .samples import by_pairs, sample


def table(n=300, labels=3, digits=1, seed=0):
    columns = [sample(n, seed=seed + k, digits=digits) for k in range(labels)]
    return np.stack([y for y, _ in columns], axis=1), np.stack([scores for _, scores in columns], axis=1)


def names(n, patients, seed=9):
    """n patient names, patients of them different."""
    codes = np.random.default_rng(seed).permutation(np.arange(n) % patients)
    return [f"p{code:05d}" for code in codes]


def slowly(y, scores, patients, times):
    """AUC after writing each image out as often as its patient was drawn."""
    everyone = sorted(set(patients))
    rows = [i for i, name in enumerate(patients) for _ in range(times[everyone.index(name)])]
    y, scores = y[rows], scores[rows]
    known = ~np.isnan(y)
    return by_pairs(y[known], scores[known]) if {0, 1} <= set(y[known]) else np.nan


def test_draws_equal_the_slow_definition():
    y, scores = table()
    y[::7, 1] = np.nan
    patients = names(300, 80)
    draws = draw(y, scores, patients, rounds=20, seed=3).aucs
    for number in range(20):
        times = patient_counts(80, 3, number)
        expected = [slowly(y[:, k], scores[:, k], patients, times) for k in range(3)]
        assert draws[number] == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.tuples(st.sampled_from([0, 1]), st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=25))
def test_weighted_auc_equals_the_slow_definition(rows):
    y, scores, weights = (np.array(column) for column in zip(*rows, strict=True))
    each = np.arange(len(y))
    expected = slowly(y, scores, each.tolist(), weights)
    ranking = Ranking.of(y.astype(float), scores.astype(float), each)
    assert ranking.auc(weights) == pytest.approx(expected, abs=1e-12, nan_ok=True)


@given(st.lists(st.tuples(st.sampled_from([0, 1]), st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=25))
def test_weighted_average_precision_is_that_of_scikit_learn(rows):
    y, scores, weights = (np.array(column) for column in zip(*rows, strict=True))
    _, found = Ranking.of(y.astype(float), scores.astype(float), np.arange(len(y))).measures(weights)
    if {0, 1} <= set(y[weights > 0]):
        assert found == pytest.approx(average_precision_score(y, scores, sample_weight=weights), abs=1e-12)
    else:
        assert isnan(found)


def test_every_patient_once_gives_the_plain_auc():
    y, scores = sample(200, digits=1)
    ranking = Ranking.of(y, scores, np.arange(200))
    assert ranking.auc(np.ones(200, dtype=np.int64)) == pytest.approx(auc(y, scores).value, abs=1e-12)


def test_a_round_draws_as_many_patients_as_there_are():
    times = patient_counts(50, seed=1, number=2)
    assert times.sum() == 50 and times.min() == 0
    assert (patient_counts(50, 1, 2) == times).all()
    assert (patient_counts(50, 1, 3) != times).any()


def test_threads_and_row_order_change_nothing():
    y, scores = table()
    patients = np.array(names(300, 80))
    order = np.random.default_rng(5).permutation(300)
    once = draw(y, scores, patients, rounds=40, threads=1).aucs
    assert (once == draw(y, scores, patients, rounds=40, threads=4).aucs).all()
    assert (once == draw(y[order], scores[order], patients[order], rounds=40).aucs).all()
    assert (once != draw(y, scores, patients, rounds=40, seed=1).aucs).any()


def test_macro_is_the_mean_over_labels_within_each_round():
    y, scores = table()
    patients = names(300, 80)
    draws = draw(y, scores, patients, rounds=200).aucs
    found = cluster_bootstrap(y, scores, patients, rounds=200, level=0.9)
    assert (found.macro.low, found.macro.high) == tuple(np.quantile(draws.mean(axis=1), [0.05, 0.95]))
    assert found == intervals(draws, 0.9)
    assert [one.rounds_used for one in (*found.labels, found.macro)] == [200] * 4
    assert found.macro.reason is None


def test_one_image_a_patient_comes_near_delong():
    y, scores = sample(600)
    found = cluster_bootstrap(y[:, None], scores[:, None], range(600), rounds=1000).labels[0]
    expected = auc(y, scores)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.01)


def test_repeated_images_widen_the_interval():
    y, scores = sample(100)
    many, repeated = np.tile(y, 9)[:, None], np.tile(scores, 9)[:, None]
    alone = cluster_bootstrap(many, repeated, range(900), rounds=300).labels[0]
    together = cluster_bootstrap(many, repeated, np.tile(np.arange(100), 9), rounds=300).labels[0]
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_difference_is_paired():
    y, a = table()
    b = a + np.random.default_rng(8).normal(0, 0.1, a.shape)
    patients = names(300, 80)
    found = cluster_bootstrap_difference(y, a, b, patients, rounds=200)
    gaps = draw(y, b, patients, rounds=200).aucs - draw(y, a, patients, rounds=200).aucs
    assert found == intervals(gaps)
    alone = cluster_bootstrap(y, a, patients, rounds=200).macro
    assert found.macro.high - found.macro.low < (alone.high - alone.low) / 3


def test_rounds_without_a_positive_are_dropped_and_counted():
    y, scores = table(n=60)
    y[:, 0] = 0
    y[0, 0] = 1
    found = cluster_bootstrap(y, scores, range(60), rounds=400)
    rare, common = found.labels[0], found.labels[1]
    # A patient stays out of a round with chance (59/60)^60 = 0.365.
    assert 100 < rare.rounds_dropped < 190 and rare.rounds_used + rare.rounds_dropped == 400
    assert rare.reason == f"{rare.rounds_dropped} of 400 rounds had no positive or no negative and were dropped"
    assert common.rounds_dropped == 0
    assert found.macro.rounds_dropped == rare.rounds_dropped


@pytest.mark.parametrize("change", ["no positive", "one patient", "no label"])
def test_undefined_is_nan_with_a_reason(change):
    y, scores = table(n=40, labels=1)
    patients = ["only"] * 40 if change == "one patient" else range(40)
    y = {"no positive": np.zeros_like(y), "one patient": y, "no label": np.full_like(y, np.nan)}[change]
    found = cluster_bootstrap(y, scores, patients, rounds=10).labels[0]
    assert isnan(found.low) and isnan(found.high)
    assert (found.rounds_used, found.rounds_dropped) == (0, 10)
    assert found.reason == "no round had two patients, a positive and a negative"


def test_perfect_separation_warns_that_the_interval_is_empty():
    y = np.array([[0], [0], [0], [1], [1], [1]])
    found = cluster_bootstrap(y, y, range(6), rounds=50).labels[0]
    assert (found.low, found.high) == (1, 1) and "states no doubt" in found.reason


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"patients": range(9)}, "10 images and 9 patients"),
        ({"patients": [None, *"abcdefghi"]}, "1 of 10 images name no patient"),
        ({"scores": np.zeros((10, 3))}, r"not \(10, 2\) and \(10, 3\)"),
        ({"y": np.zeros(10), "scores": np.zeros(10)}, r"not \(10,\)"),
        ({"y": np.zeros((10, 0)), "scores": np.zeros((10, 0))}, "one finding at least"),
        ({"scores": np.full((10, 2), np.nan)}, "10 of 10 scores"),
        ({"y": np.full((10, 2), -1)}, "apply a label policy"),
        ({"rounds": 0}, "at least 1 round"),
        ({"threads": 0}, "at least 1 round and 1 thread"),
        ({"level": 95}, "between 0 and 1"),
    ],
)
def test_what_cannot_be_used_is_refused(change, message):
    plain = {"y": np.zeros((10, 2)), "scores": np.zeros((10, 2)), "patients": range(10), "rounds": 2}
    with pytest.raises(DataError, match=message):
        cluster_bootstrap(**{**plain, **change})


@pytest.mark.slow
def test_a_round_on_many_images_equals_scikit_learn_with_weights():
    from sklearn.metrics import roc_auc_score

    y, scores = table(n=112_000, labels=2, digits=3)
    codes = np.random.default_rng(2).integers(0, 30_000, 112_000)
    present = np.unique(codes, return_inverse=True)[1]
    draws = draw(y, scores, codes, rounds=3, seed=4).aucs
    for number in range(3):
        weights = patient_counts(present.max() + 1, 4, number)[present]
        expected = [roc_auc_score(y[:, k], scores[:, k], sample_weight=weights) for k in range(2)]
        assert draws[number] == pytest.approx(expected, abs=1e-12)
