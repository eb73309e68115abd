"""The truth table of label policies."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tchexnet.datasets import policies
from tchexnet.datasets.records import Records
from tchexnet.errors import DataError, LabelError
from tchexnet.labels import Vocabulary

TWO = Vocabulary("two", ("Edema", "Mass"))
NAN = float("nan")
CELLS = [[1], [0], [-1], [NAN]]

TABLE = [
    # policy, what 1, 0 and -1 become, lowest and highest
    ("ignore", 1, 0, (NAN, NAN)),
    ("zeros", 1, 0, (0, 0)),
    ("ones", 1, 0, (1, 1)),
    ("zeros-lsr", 1, 0, (0, 0.3)),
    ("ones-lsr", 1, 0, (0.55, 0.85)),
    ("multiclass", 1, 0, (2, 2)),
    ("self-trained", 1, 0, (0.7, 0.7)),
]


@pytest.mark.parametrize(("blank", "becomes"), [("nan", NAN), ("zero", 0)])
@pytest.mark.parametrize(("policy", "present", "absent", "uncertain"), TABLE)
def test_truth_table(
    make_records: Callable[..., Records],
    policy: str,
    present: float,
    absent: float,
    uncertain: tuple[float, float],
    blank: policies.Blank,
    becomes: float,
) -> None:
    records = make_records("abcd", CELLS, Vocabulary("one", ("Edema",)))
    y = policies.apply(records, policy, blank=blank, teacher=np.full((4, 1), 0.7))[:, 0]
    np.testing.assert_array_equal(y[[0, 1, 3]], np.array([present, absent, becomes], np.float32))
    low, high = np.float32(uncertain)
    assert np.isnan(y[2]) if np.isnan(low) else low <= y[2] <= high
    assert y.dtype == np.float32


def test_the_table_is_of_all_policies() -> None:
    assert tuple(row[0] for row in TABLE) == policies.POLICIES


def test_the_records_are_left_alone(make_records: Callable[..., Records]) -> None:
    records = make_records("abcd", CELLS, Vocabulary("one", ("Edema",)))
    before = records.y.copy()
    policies.apply(records, "ones", blank="zero")
    np.testing.assert_array_equal(records.y, before)


def test_each_label_has_its_own_policy_and_the_rest_is_ignored(make_records: Callable[..., Records]) -> None:
    records = make_records("ab", [[-1, -1], [0, 1]], TWO)
    np.testing.assert_array_equal(policies.apply(records, {"Mass": "ones"})[0], np.array([np.nan, 1], np.float32))
    np.testing.assert_array_equal(policies.apply(records, "zeros,Mass=ones")[0], np.array([0, 1], np.float32))


def test_smoothing_fills_its_range_by_seed_and_label_alone(make_records: Callable[..., Records]) -> None:
    records = make_records(["a"] * 500, [[-1, -1]] * 500, TWO)
    y = policies.apply(records, "ones-lsr", seed=3)
    assert y.min() < 0.56 and y.max() > 0.84 and abs(y.mean() - 0.7) < 0.02
    np.testing.assert_array_equal(y, policies.apply(records, "ones-lsr", seed=3))
    np.testing.assert_array_equal(y[:, 1], policies.apply(records, "zeros,Mass=ones-lsr", seed=3)[:, 1])
    assert not np.array_equal(y[:, 0], y[:, 1])
    assert not np.array_equal(y, policies.apply(records, "ones-lsr", seed=4))


def test_a_policy_may_be_applied_over_another(make_records: Callable[..., Records]) -> None:
    records = make_records("abcd", CELLS, Vocabulary("one", ("Edema",)))
    zeroed = replace(records, y=policies.apply(records, "zeros"))
    np.testing.assert_array_equal(policies.apply(zeroed, "ones"), policies.apply(records, "ones"))


def test_multiclass_scores_leave_the_uncertain_class_out() -> None:
    scores = policies.multiclass_scores([[0.2, 0.6, 0.2], [0.0, 0.0, 1.0]])
    np.testing.assert_allclose(scores, [0.75, 0.5])
    with pytest.raises(DataError, match=r"the shape \(2,\) was given"):
        policies.multiclass_scores([0.1, 0.9])


@pytest.mark.parametrize(
    ("teacher", "says"),
    [(None, "needs a teacher"), (np.zeros((1, 2)), r"they have \(1, 2\)"), (np.full((1, 1), 1.2), r"in \[0, 1\]")],
)
def test_a_teacher_must_fit(make_records: Callable[..., Records], teacher: np.ndarray | None, says: str) -> None:
    records = make_records("a", [[-1]], Vocabulary("one", ("Edema",)))
    with pytest.raises(DataError, match=says):
        policies.apply(records, "self-trained", teacher=teacher)


def test_unknown_words_are_refused(make_records: Callable[..., Records]) -> None:
    records = make_records("a", [[-1, 0]], TWO)
    with pytest.raises(DataError, match="Did you mean 'zeros'"):
        policies.apply(records, "zeroes")
    with pytest.raises(LabelError, match="Did you mean 'Edema'"):
        policies.apply(records, {"Edemas": "ones"})
    with pytest.raises(DataError, match="'zero' or 'nan'"):
        policies.apply(records, blank="one")  # type: ignore[arg-type]
