"""Calibration, reliability, average precision and operating points against scikit-learn's own functions.

tests/golden/make_sklearn.py made the values.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from tchexnet.errors import DataError
from tchexnet.evaluation.calibration import fit
from tchexnet.evaluation.operating_points import Goal, choose
from tchexnet.evaluation.precision import average_precision
from tchexnet.evaluation.reliability import reliability

FOLDER = Path(__file__).parents[1] / "golden"
DOCUMENT = json.loads((FOLDER / "measures_sklearn.json").read_text())
CASES = DOCUMENT["cases"]
ROWS = pd.read_csv(FOLDER / "auc_cases.csv")
FITTED = [name for name in CASES if "sigmoid" in CASES[name]]


def case(name):
    rows = ROWS[ROWS.case == name]
    return rows.y.to_numpy(), expit(rows.a.to_numpy()), CASES[name]


def near(values):
    return pytest.approx(np.array(values), abs=1e-6)


def test_input_is_the_one_that_scikit_learn_read():
    digest = hashlib.sha256((FOLDER / "auc_cases.csv").read_bytes()).hexdigest()
    assert digest == DOCUMENT["birth_certificate"]["input_sha256"]


@pytest.mark.parametrize("name", CASES)
def test_average_precision_brier_and_curve(name):
    y, values, golden = case(name)
    found = reliability(y, values)
    assert average_precision(y, values).value == near(golden["average_precision"])
    assert found.brier == near(golden["brier"])
    assert np.array([one.share for one in found.bins]) == near(golden["share"])
    assert np.array([one.mean for one in found.bins]) == near(golden["mean"])
    counts = np.array([one.n for one in found.bins])
    assert found.ece == near((counts * np.abs(np.array(golden["share"]) - golden["mean"])).sum() / len(y))


@pytest.mark.parametrize("name", CASES)
def test_youden_and_f1(name):
    y, values, golden = case(name)
    youden, f1 = choose(y, values, Goal("youden")), choose(y, values, Goal("f1"))
    assert youden.sensitivity[0] + youden.specificity[0] - 1 == near(golden["youden"])
    assert 2 * f1.tp / (2 * f1.tp + f1.fp + f1.fn) == near(golden["f1"])


@pytest.mark.parametrize("name", FITTED)
@pytest.mark.parametrize(("ours", "theirs"), [("platt", "sigmoid"), ("temperature", "temperature"), ("isotonic",) * 2])
def test_calibrated_probabilities(name, ours, theirs):
    y, values, golden = case(name)
    if name == "reversed" and ours != "isotonic":
        with pytest.raises(DataError, match="do not rise with the finding"):
            fit(y, values, ours)
    else:
        assert fit(y, values, ours).probabilities(values) == near(golden[theirs])


def test_the_cases_try_the_calibrations():
    assert {"many", "ties", "reversed"} <= set(FITTED)
