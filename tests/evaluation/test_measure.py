"""One evaluation: each number against the function that it comes from, and metrics as plain data."""

import json
from math import isnan, nan

import numpy as np
import pytest

from tchexnet.evaluation import metrics
from tchexnet.evaluation.auc import auc
from tchexnet.evaluation.bootstrap import cluster_bootstrap, cluster_bootstrap_difference
from tchexnet.evaluation.compare import compare
from tchexnet.evaluation.macro import macro, macro_difference
from tchexnet.evaluation.measure import Settings, measure
from tchexnet.evaluation.paired import paired
from tchexnet.evaluation.references import REFERENCES, references
from tchexnet.labels import CHEXPERT14, NIH14

from .samples import sample

LABELS = ("Edema", "Mass", "Hernia")
PATIENTS = np.arange(400) // 3
QUICK = Settings(rounds=60)


@pytest.fixture
def data():
    columns = [sample(400, seed=k, prevalence=share) for k, share in enumerate((0.3, 0.2, 0.0))]
    return np.stack([y for y, _ in columns], axis=1), np.stack([scores for _, scores in columns], axis=1)


def test_each_number_is_that_of_its_own_function(data):
    y, scores = data
    found = measure(y, scores, LABELS, PATIENTS, settings=QUICK)
    one, drawn = found.findings[0], cluster_bootstrap(y, scores, PATIENTS, rounds=60).labels[0]
    expected = auc(y[:, 0], scores[:, 0])
    assert (one.auc, one.auc_low, one.auc_high) == (expected.value, expected.low, expected.high)
    assert (one.bootstrap_low, one.bootstrap_high) == (drawn.low, drawn.high)
    assert found.macro == macro(y, scores, LABELS, PATIENTS, rounds=60)
    hernia = found.findings[2]
    assert isnan(hernia.auc) and hernia.reason == "no positive among 400 images"


def test_micro_pools_all_pairs_and_draws_patients(data):
    y, scores = data
    y[::5, 1] = np.nan
    found = measure(y, scores, LABELS, PATIENTS, settings=QUICK).micro
    pooled = auc(y.ravel(), scores.ravel())
    assert (found.value, found.n, found.positives) == (pooled.value, pooled.n, pooled.positives)
    assert found.n == 400 * 3 - 80 and found.low < found.value < found.high


def test_micro_of_one_label_is_that_label(data):
    y, scores = data
    found = measure(y[:, :1], scores[:, :1], LABELS[:1], PATIENTS, settings=QUICK)
    assert (found.micro.value, found.micro.low) == (found.findings[0].auc, found.findings[0].bootstrap_low)


def test_a_comparison_is_delongs_test_and_a_paired_bootstrap(data):
    y, a = data
    b = a + 0.8 * y
    found = paired(y, a, b, LABELS, PATIENTS, ("old", "new"), QUICK)
    drawn = cluster_bootstrap_difference(y, a, b, PATIENTS, rounds=60).labels[0]
    assert found.labels[0].delong == compare(y[:, 0], a[:, 0], b[:, 0])
    assert (found.labels[0].bootstrap_low, found.labels[0].bootstrap_high) == (drawn.low, drawn.high)
    assert found.labels[0].sentence.startswith("new is better than old: AUC")
    assert found.labels[2].sentence.endswith("no positive among 400 images.")
    assert found.macro == macro_difference(y, a, b, LABELS, PATIENTS, rounds=60)
    given = paired(y, a, b, LABELS, PATIENTS, ("old", "new"), QUICK, measure(y, a, LABELS, PATIENTS, None, QUICK).draws)
    assert given.macro == found.macro


def test_a_verdict_needs_both_intervals(data):
    """Where patients have many alike images DeLong is sure too early; the sentence follows the patients."""
    rng = np.random.default_rng(8)
    patients = np.arange(900) // 30
    y = (np.arange(30) % 2)[patients][:, None].astype(float)
    a = rng.normal(size=30)[patients][:, None] + y
    b = rng.normal(size=30)[patients][:, None] + 1.2 * y
    (found,) = paired(y, a, b, ("Mass",), patients, ("a", "b"), QUICK).labels
    assert not found.delong.low <= 0 <= found.delong.high
    assert "includes 0, no evidence that b or a is better" in found.sentence and "patient bootstrap" in found.sentence


def test_metrics_have_the_stated_shape_and_are_strict_json(data):
    y, a = data
    measured = measure(y, a, LABELS, PATIENTS, settings=QUICK)
    found = metrics.metrics(measured, paired(y, a, a + 0.1 * y, LABELS, PATIENTS, ("a", "b"), QUICK))
    text = json.dumps(metrics.jsonable(found), allow_nan=False)
    again = json.loads(text)
    assert list(again) == ["labels", "macro", "micro", "compare", "compare_macro"]
    assert {"n", "positives", "auc", "auc_low", "auc_high"} <= set(again["labels"]["Edema"])
    assert again["labels"]["Hernia"]["auc"] is None and again["labels"]["Hernia"]["reason"]
    assert {"difference", "low", "high", "p", "sentence"} <= set(again["compare"]["Edema"])
    assert metrics.jsonable({"a": (nan, 1.0)}) == {"a": [None, 1.0]}


def test_references_are_told_apart_by_data_set_and_name_their_images():
    assert all(one.split and one.source for one in REFERENCES)
    assert [len(one.aucs) for one in references("nih", NIH14)] == [14] * 4
    chexnet = references("nih", ["Hernia"])[0]
    assert (chexnet.name, chexnet.aucs["Hernia"]) == ("CheXNet", 0.9164)
    assert np.mean(list(chexnet.aucs.values())) == pytest.approx(0.841, abs=5e-4)
    assert {one.name for one in references("chexpert", ["Pneumothorax"])} == {
        "CheXNet by tCheXNet's authors",
        "tCheXNet",
    }
    assert [one.dataset for one in references("chexpert", CHEXPERT14)] == ["chexpert"] * 7
    assert references("", NIH14) == ()
