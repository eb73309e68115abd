"""Subgroups and the clustered variance under them."""

from math import isnan

import numpy as np
import pandas as pd
import pytest

from tchexnet.errors import DataError
from tchexnet.evaluation.auc import auc
from tchexnet.evaluation.bootstrap import cluster_bootstrap
from tchexnet.evaluation.clustered import clustered
from tchexnet.evaluation.delong import placements, variance
from tchexnet.evaluation.subgroups import UNKNOWN, age_bands, bands, subgroups

from .samples import sample


def test_without_clusters_it_is_delongs_variance():
    y, scores = sample(200, digits=1)
    found = clustered(y == 1, scores, np.arange(200), 200)
    assert found.value == pytest.approx(auc(y, scores).value)
    assert found.variance == pytest.approx(variance(placements(y == 1, scores)), rel=1e-9)


def test_with_clusters_it_agrees_with_the_patient_bootstrap():
    """Each patient's images share half of their noise: DeLong's interval is too narrow, this one is not."""
    rng = np.random.default_rng(0)
    patients = np.arange(2000) // 8
    y = (rng.random(250) < 0.3)[patients].astype(float)
    scores = y + rng.normal(size=250)[patients] + 0.3 * rng.normal(size=2000)
    spread = clustered(y == 1, scores, patients, 250).variance
    drawn = cluster_bootstrap(y[:, None], scores[:, None], patients).labels[0]
    width = 2 * 1.96 * np.sqrt(spread)
    assert width == pytest.approx(drawn.high - drawn.low, rel=0.1)
    naive = auc(y, scores)
    assert width > 2 * (naive.high - naive.low)


def test_groups_by_hand():
    y, scores = sample(300, seed=1)
    groups = np.array(["M", "F", "F"] * 100)
    men, women = sorted(subgroups(y, scores, "Edema", groups, "sex", range(300)), key=lambda one: one.n)
    expected = auc(y[groups == "M"], scores[groups == "M"])
    assert (men.column, men.group, men.label, men.n) == ("sex", "M", "Edema", 100)
    assert (men.auc, men.low, men.high) == pytest.approx((expected.value, expected.low, expected.high))
    assert men.rest == pytest.approx(women.auc) and men.gap == pytest.approx(-women.gap)
    assert men.gap_low < men.gap < men.gap_high and men.reason is None


def test_the_gap_knows_patients_that_stand_in_both_groups():
    rng = np.random.default_rng(1)
    patients = np.repeat(np.arange(200), 2)
    view = np.array(["AP", "PA"] * 200)
    y = np.repeat(rng.random(200) < 0.4, 2).astype(float)
    scores = y + np.repeat(rng.normal(size=200), 2) + 0.2 * rng.normal(size=400)
    together = subgroups(y, scores, "Mass", view, "view", patients)[0]
    apart = subgroups(y, scores, "Mass", view, "view", range(400))[0]
    assert together.gap == apart.gap
    assert together.gap_high - together.gap_low < 0.6 * (apart.gap_high - apart.gap_low)


def test_a_group_without_positives_is_shown_with_its_reason():
    y, scores = np.array([0, 0, 1, 0, 1, 0.0]), np.arange(6.0)
    first, rest = subgroups(y, scores, "Mass", ["a", "a", "b", "b", "b", "b"], "ward", range(6))
    assert (first.group, first.n, first.positives) == ("a", 2, 0) and isnan(first.auc)
    assert first.reason == "no positive among 2 images"
    assert rest.auc > 0 and isnan(rest.gap) and rest.reason == "the rest: no positive among 2 images"


def test_one_patient_with_all_positives_has_no_interval():
    found = subgroups([1, 1, 0, 0], [0.3, 0.1, 0.2, 0.0], "Mass", ["a"] * 4, "ward", ["x", "x", "y", "z"])[0]
    assert isnan(found.low) and found.reason.startswith("one patient alone")


def test_bands():
    assert age_bands([0, 17.9, 18, 79, 80, 101, np.nan]) == ["0-17", "0-17", "18-39", "60-79", "80+", "80+", UNKNOWN]
    assert bands(pd.Series(["PA", " AP", "", None]), "view") == ["PA", "AP", UNKNOWN, UNKNOWN]
    quarters = bands(pd.Series(np.arange(100)), "dose")
    assert len(set(quarters)) == 4 and quarters.count(quarters[0]) == 25
    with pytest.raises(DataError, match="'who' holds 30 different values"):
        bands(pd.Series([f"x{k}" for k in range(30)]), "who")


def test_groups_stand_in_the_order_of_their_numbers():
    y, scores = sample(60)
    names = ["80+", "0-17", "18-39", UNKNOWN] * 15
    found = [one.group for one in subgroups(y, scores, "Mass", names, "age", range(60))]
    assert found == ["0-17", "18-39", "80+", UNKNOWN]
