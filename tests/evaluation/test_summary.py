"""The card's table: rows, the mean and what it leaves out, and the difference of two means."""

from dataclasses import asdict
from math import isnan

import numpy as np
import pandas as pd
import pytest

from tchexnet.errors import DataError
from tchexnet.evaluation.auc import auc
from tchexnet.evaluation.bootstrap import cluster_bootstrap, cluster_bootstrap_difference
from tchexnet.evaluation.macro import macro, macro_difference
from tchexnet.evaluation.precision import average_precision
from tchexnet.evaluation.summary import per_label, summarise

from .samples import sample

LABELS = ("Edema", "Mass", "Hernia")
PATIENTS = np.arange(400) // 3


@pytest.fixture
def data():
    columns = [sample(400, seed=k, prevalence=share) for k, share in enumerate((0.3, 0.2, 0.01))]
    return np.stack([y for y, _ in columns], axis=1), np.stack([scores for _, scores in columns], axis=1)


def test_rows_carry_delong_without_patients(data):
    y, scores = data
    row = per_label(y, scores, LABELS)[1]
    expected = auc(y[:, 1], scores[:, 1])
    assert (row.label, row.method, row.reason) == ("Mass", "DeLong", None)
    assert (row.auc, row.low, row.high) == (expected.value, expected.low, expected.high)
    assert (row.n, row.positives, row.prevalence) == (400, expected.positives, expected.prevalence)
    assert row.average_precision == average_precision(y[:, 1], scores[:, 1]).value


def test_rows_carry_the_bootstrap_with_patients(data):
    row = per_label(*data, LABELS, PATIENTS, rounds=50)[0]
    expected = cluster_bootstrap(*data, PATIENTS, rounds=50).labels[0]
    assert (row.low, row.high, row.method) == (expected.low, expected.high, "patient bootstrap")


@pytest.mark.parametrize("patients", [None, PATIENTS])
def test_a_finding_without_positives_is_nan_with_its_reason(data, patients):
    y, scores = data
    y[:, 2] = 0
    row = summarise(y, scores, LABELS, patients, rounds=10).rows[2]
    assert all(isnan(number) for number in (row.auc, row.low, row.high, row.average_precision))
    assert row.reason == "no positive among 400 images"


def test_rows_make_a_table(data):
    frame = pd.DataFrame([asdict(row) for row in per_label(*data, LABELS)])
    assert list(frame.columns[:4]) == ["label", "n", "positives", "prevalence"]
    assert len(frame) == 3


def test_macro_names_what_it_counts_and_what_it_leaves_out(data):
    found = macro(*data, LABELS, PATIENTS, rounds=50)
    kept = cluster_bootstrap(data[0][:, :2], data[1][:, :2], PATIENTS, rounds=50)
    assert (found.labels, found.left_out) == (("Edema", "Mass"), ("Hernia",))
    assert found.value == pytest.approx(np.mean([auc(data[0][:, k], data[1][:, k]).value for k in range(2)]))
    assert (found.low, found.high, found.rounds_used) == (kept.macro.low, kept.macro.high, 50)


def test_macro_counts_a_finding_with_exactly_enough_positives(data):
    y, scores = data
    y[:, 2] = np.arange(400) < 20
    assert "Hernia" in macro(y, scores, LABELS).labels
    assert "Hernia" not in macro(y, scores, LABELS, min_positives=21).labels
    assert "Hernia" not in macro(1 - y, scores, LABELS, min_positives=21).labels


def test_macro_without_patients_has_a_value_and_says_why_no_interval(data):
    found = macro(*data, LABELS)
    assert found.value > 0.5 and isnan(found.low)
    assert found.reason == "no interval without patients to draw"


def test_macro_of_nothing_is_nan_with_a_reason(data):
    found = macro(*data, LABELS, PATIENTS, min_positives=1000, rounds=5)
    assert isnan(found.value) and found.labels == () and found.left_out == LABELS
    assert found.reason == "no finding has enough positives and negatives to count"


def test_zero_min_positives_still_leaves_out_what_is_undefined(data):
    y, scores = data
    y[:, 2] = 0
    assert macro(y, scores, LABELS, min_positives=0).left_out == ("Hernia",)


def test_summary_holds_the_same_rows_and_macro(data):
    whole = summarise(*data, LABELS, PATIENTS, rounds=50)
    assert whole.rows == per_label(*data, LABELS, PATIENTS, rounds=50)
    assert whole.macro == macro(*data, LABELS, PATIENTS, rounds=50)


def test_macro_difference_is_paired_and_speaks(data):
    y, a = data
    b = a + 0.8 * y
    found = macro_difference(y, a, b, LABELS, PATIENTS, rounds=50)
    kept = cluster_bootstrap_difference(y[:, :2], a[:, :2], b[:, :2], PATIENTS, rounds=50).macro
    assert found.value == pytest.approx(macro(y, b, LABELS).value - macro(y, a, LABELS).value)
    assert (found.low, found.high, found.p, found.method) == (kept.low, kept.high, None, "patient bootstrap")
    assert found.sentence("old", "new").startswith("new is better than old: AUC 0.")


def test_macro_difference_of_nothing_says_why(data):
    y, a = data
    found = macro_difference(y, a, a, LABELS, PATIENTS, min_positives=1000)
    assert found.sentence("old", "new").endswith("no finding has enough positives and negatives to count.")


@pytest.mark.parametrize("labels", [("Edema", "Mass"), ("Edema", "Mass", "Mass")])
def test_names_must_fit_the_columns(data, labels):
    with pytest.raises(DataError, match="3 columns need as many different names"):
        summarise(*data, labels)


def test_average_precision_by_hand():
    found = average_precision([1, 0, 1, 0, np.nan], [0.9, 0.8, 0.7, 0.1, 0.0])
    assert found.value == pytest.approx((1 + 2 / 3) / 2)
    assert (found.n, found.positives, found.prevalence) == (4, 2, 0.5)


def test_average_precision_of_equal_scores_is_the_prevalence():
    assert average_precision([1, 0, 0, 0], [1, 1, 1, 1]).value == 0.25


@pytest.mark.parametrize(("y", "reason"), [([0, 0], "no positive among 2 images"), ([], "no labelled image")])
def test_average_precision_without_positives_is_nan(y, reason):
    found = average_precision(y, np.zeros(len(y)))
    assert isnan(found.value) and found.reason == reason
