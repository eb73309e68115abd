"""The paired comparison: direction, sentences, and what cannot be compared."""

from math import inf, isnan

import numpy as np
import pytest

from tchexnet.errors import DataError
from tchexnet.evaluation.auc import auc
from tchexnet.evaluation.compare import compare

from .samples import sample


def pair(n=400, gain=1.0):
    y, a = sample(n)
    return y, a, a + np.random.default_rng(1).normal(gain * y, 0.5)


def test_value_is_b_minus_a():
    y, a, b = pair()
    found = compare(y, a, b)
    assert found.value == pytest.approx(auc(y, b).value - auc(y, a).value, abs=1e-12)
    assert found.low < found.value < found.high


def test_swapping_the_models_turns_the_signs():
    y, a, b = pair()
    one, other = compare(y, a, b), compare(y, b, a)
    assert (one.value, one.low, one.high, one.z) == (-other.value, -other.high, -other.low, -other.z)
    assert one.p == other.p


def test_the_same_scores_do_not_differ():
    y, a, _ = pair()
    found = compare(y, a, 2 * a + 1)
    assert (found.value, found.low, found.high, found.z, found.p) == (0, 0, 0, 0, 1)
    assert found.reason == "both scores rank the images alike"


def test_sentence_names_the_better_model_whichever_side_it_stands_on():
    y, a, b = pair(gain=2.0)
    better = compare(y, a, b).sentence("old", "new")
    worse = compare(y, b, a).sentence("new", "old")
    assert better.startswith("new is better than old: AUC 0.9")
    assert worse.startswith("new is better than old: AUC 0.7")
    assert "95% interval [+0." in better and "p < 0.001 (DeLong)." in better


def test_sentence_finds_no_evidence_where_the_interval_includes_0():
    y, a, b = pair(n=60, gain=0.0)
    sentence = compare(y, a, b, level=0.9).sentence("old", "new")
    assert sentence.startswith("The interval of the difference includes 0, no evidence that new or old is better:")
    assert "90% interval [-" in sentence and "p = 0." in sentence


@pytest.mark.parametrize(
    ("y", "reason"),
    [([0, 0, 0], "no positive among 3 images"), ([0, 0, 1], "one positive or one negative alone: no DeLong interval")],
)
def test_sentence_says_why_nothing_can_be_compared(y, reason):
    found = compare(y, [1, 2, 3], [3, 1, 2])
    assert isnan(found.low) and isnan(found.p) and found.reason == reason
    assert found.sentence("old", "new") == f"old and new cannot be compared: {reason}."


def test_an_interval_without_width_warns():
    found = compare([0, 0, 1, 1], [3, 4, 1, 2], [1, 2, 3, 4])
    assert (found.value, found.low, found.high, found.z, found.p) == (1, 1, 1, inf, 0)
    assert "states no doubt" in found.sentence("old", "new")


def test_rows_without_a_label_are_dropped_for_both():
    y, a, b = pair(n=50)
    grown = compare(np.append(y, np.nan), np.append(a, np.nan), np.append(b, 9))
    assert grown == compare(y, a, b)


def test_a_missing_score_is_refused():
    with pytest.raises(DataError, match="1 of 2 scores"):
        compare([0, 1], [0, 1], [np.nan, 1])
