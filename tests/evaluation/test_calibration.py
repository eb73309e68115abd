"""From score to probability: what each curve keeps, what it refuses, and the shift to another prevalence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from tchexnet.errors import DataError
from tchexnet.evaluation.calibration import crossed, fit
from tchexnet.evaluation.curve import METHODS, log_odds, shifted
from tchexnet.evaluation.decisions import Calibrated
from tchexnet.evaluation.reliability import reliability

from .samples import sample


@pytest.fixture(scope="module")
def data():
    y, scores = sample(4000, seed=3, digits=6, prevalence=0.2)
    return y, expit(2 * scores - 4)


@pytest.mark.parametrize("method", METHODS)
def test_probabilities_are_nearer_to_shares_than_scores_and_keep_their_order(data, method):
    y, scores = data
    curve = fit(y[::2], scores[::2], method)
    found = curve.probabilities(scores[1::2])
    assert reliability(y[1::2], found).ece < 0.6 * reliability(y[1::2], scores[1::2]).ece
    order = np.argsort(scores[1::2])
    assert (np.diff(found[order]) >= 0).all() and found.min() >= 0 and found.max() <= 1
    assert (curve.n, curve.positives, curve.prevalence) == (2000, y[::2].sum(), y[::2].mean())


def test_unlabelled_rows_do_not_count(data):
    y, scores = data
    blank = np.where(np.arange(len(y)) % 2 == 0, y, np.nan)
    assert fit(blank, scores) == fit(y[::2], scores[::2])


@pytest.mark.parametrize("method", METHODS)
def test_plain_data_bring_the_same_probabilities_back(data, method):
    known = Calibrated(fit(*data, method).at(0.05), 0.1, "youden")
    again = Calibrated.from_dict(known.to_dict())
    assert again == known
    assert np.array_equal(again.curve.probabilities(data[1]), known.curve.probabilities(data[1]))
    assert again.decision(1.0).positive and not again.decision(0.0).positive
    assert Calibrated(known.curve).decision(1.0) is None


def test_too_few_and_upside_down_and_outside_are_refused(data):
    y, scores = data
    with pytest.raises(DataError, match="3 positives and 997 negatives are too few"):
        fit(np.arange(1000) < 3, scores[:1000])
    for method in ("platt", "temperature"):
        with pytest.raises(DataError, match="do not rise with the finding"):
            fit(1 - y, 1 - expit(-log_odds(scores)), method)
    with pytest.raises(DataError, match="lie in"):
        fit(y, scores + 1)
    with pytest.raises(DataError, match="no method of calibration"):
        fit(y, scores, "plat")
    with pytest.raises(DataError, match="No temperature fits"):
        fit(y, np.where(y == 1, 0.9, 0.2), "temperature")


def test_crossed_probabilities_never_saw_their_patient(data):
    y, scores = data
    patients = np.arange(len(y)) // 4
    found = crossed(y, scores, patients)
    # Turning one patient's labels over changes every probability but that patient's own fold's.
    turned = np.where(patients == 7, 1 - y, y)
    other = crossed(turned, scores, patients)
    assert np.isfinite(found).all() and found[patients == 7] == pytest.approx(other[patients == 7], abs=0.02)
    with pytest.raises(DataError, match="3 patients cannot be dealt into 5 folds"):
        crossed(y, scores, np.arange(len(y)) % 3)


@given(st.floats(0.001, 0.999), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_a_shift_and_its_inverse_cancel(probability, old, new):
    there = shifted(probability, old, new)
    assert shifted(there, new, old) == pytest.approx(probability, abs=1e-9)
    assert (there > probability) == (new > old) or abs(there - probability) < 1e-9


def test_a_shift_by_hand_and_on_resampled_images(data):
    assert shifted(0.5, 0.5, 0.1) == pytest.approx(0.1)
    y, scores = data
    curve = fit(y, scores)
    rarer = (y == 0) | (np.arange(len(y)) % 5 == 0)
    moved = curve.at(float(y[rarer].mean())).probabilities(scores[rarer])
    assert moved.mean() == pytest.approx(y[rarer].mean(), abs=0.01)
    assert curve.probabilities(scores[rarer]).mean() > 2 * y[rarer].mean()
    with pytest.raises(DataError, match="between 0 and 1"):
        curve.at(1.0)


def test_reliability_of_nothing_and_of_values_outside_has_its_reason():
    assert reliability([np.nan], [0.5]).reason == "no labelled image"
    assert "outside [0, 1]" in reliability([0, 1], [0.5, 1.5]).reason


def test_reference_is_the_brier_score_of_the_prevalence():
    y = np.arange(100) < 20
    assert reliability(y, np.full(100, 0.2)).brier == pytest.approx(reliability(y, np.full(100, 0.2)).reference)
