"""DeLong's intervals and paired test against pROC; tests/golden/make_auc_proc.R made the values."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tchexnet.evaluation.auc import auc
from tchexnet.evaluation.compare import compare

FOLDER = Path(__file__).parents[1] / "golden"
DOCUMENT = json.loads((FOLDER / "auc_proc.json").read_text())
CASES = DOCUMENT["cases"]
ROWS = pd.read_csv(FOLDER / "auc_cases.csv")


def numbers(values):
    return pytest.approx(np.array(values, dtype=float), abs=1e-6, nan_ok=True)


def test_input_is_the_one_that_proc_read():
    digest = hashlib.sha256((FOLDER / "auc_cases.csv").read_bytes()).hexdigest()
    assert digest == DOCUMENT["birth_certificate"]["input_sha256"]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(("model", "key", "level"), [("a", "a_95", 0.95), ("a", "a_80", 0.8), ("b", "b_95", 0.95)])
def test_auc_and_interval(name, model, key, level):
    rows, golden = ROWS[ROWS.case == name], CASES[name]
    found = auc(rows.y, rows[model], level=level)
    assert np.array([found.value, found.low, found.high]) == numbers([golden[model], *golden[key]])


@pytest.mark.parametrize("name", CASES)
def test_paired_comparison(name):
    rows, golden = ROWS[ROWS.case == name], CASES[name]
    found = compare(rows.y, rows.a, rows.b)
    assert np.array([found.a, found.b, found.z, found.p]) == numbers([golden[key] for key in ("a", "b", "z", "p")])
    # pROC lets the interval of a difference leave [-1, 1]; tchexnet does not.
    low, high = (np.nan if end is None else np.clip(end, -1, 1) for end in golden["difference_95"])
    assert np.array([found.low, found.high]) == numbers([low, high])
