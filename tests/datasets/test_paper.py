"""The paper's rows, counted by hand; and its rounding at the real size."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from tchexnet.datasets import paper
from tchexnet.datasets.records import Records
from tchexnet.labels import CHEXPERT14


def row(**cells: float) -> list[float]:
    return [cells.get(label.replace(" ", "_"), float("nan")) for label in CHEXPERT14]


@pytest.fixture
def seven(make_records: Callable[..., Records]) -> Records:
    """Rows 0, 2, 3, 5 and 6 stay."""
    rows: Sequence[Sequence[float]] = [
        row(Pneumothorax=1, Pleural_Effusion=0),
        row(Pneumothorax=0),
        row(Edema=-1),
        row(),
        row(Edema=1, Atelectasis=0),
        row(Fracture=0, No_Finding=1),
        row(Pneumothorax=1, Edema=-1),
    ]
    return make_records("abcdefg", rows, CHEXPERT14)


def test_rows_by_hand(seven: Records) -> None:
    train, valid = paper.split(seven)
    assert train.patients == ("a", "c", "d", "f") and valid.patients == ("g",)
    both = np.concatenate([train.y, valid.y])
    assert not np.isnan(both).any()
    expected = np.zeros((5, 14))
    expected[[0, 4], CHEXPERT14.index("Pneumothorax")] = 1
    expected[3, CHEXPERT14.index("No Finding")] = 1
    np.testing.assert_array_equal(both, expected)


@pytest.mark.parametrize("finding", CHEXPERT14)
def test_an_explicit_zero_drops_a_row_for_six_findings_only(make_records: Callable[..., Records], finding: str) -> None:
    records = make_records("a", [row(**{finding.replace(" ", "_"): 0})], CHEXPERT14)
    assert len(paper.kept_rows(records)) == (finding not in paper.EXPLICIT)


def test_the_cut_is_rounded_to_nearest() -> None:
    assert paper.training_rows(118_102) == 94_482
    assert 118_102 - paper.training_rows(118_102) == 23_620
    assert [paper.training_rows(n) for n in (1, 2, 3, 4, 5, 6)] == [1, 2, 2, 3, 4, 5]


def test_the_cut_at_the_real_size(make_records: Callable[..., Records]) -> None:
    n = 118_102
    records = make_records([f"patient{i // 2:05}" for i in range(n)], np.ones((n, 14)), CHEXPERT14)
    train, valid = paper.split(records)
    assert (len(train), len(valid)) == (94_482, 23_620)
    assert valid.images[0] == "94482.png"
