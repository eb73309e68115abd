"""Records keep their columns in step."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tchexnet.datasets.records import Records
from tchexnet.errors import DataError, LabelError
from tchexnet.labels import NIH14, Vocabulary

TWO = Vocabulary("two", ("Edema", "Mass"))


def test_take_and_only_keep_all_columns_in_step(make_records: Callable[..., Records]) -> None:
    records = replace(
        make_records(["a", "b", "c"], [[1, -1], [0, 1], [-1, 0]], TWO), extra=pd.DataFrame({"age": [1.0, 2.0, 3.0]})
    )
    part = records.take(np.array([2, 0])).only("Mass")
    assert part.images == ("2.png", "0.png") and part.patients == ("c", "a") and tuple(part.labels) == ("Mass",)
    np.testing.assert_array_equal(part.y, np.array([[0], [np.nan]], np.float32))
    assert part.uncertain is not None and part.uncertain.tolist() == [[False], [True]]
    assert part.extra is not None and part.extra["age"].tolist() == [3.0, 1.0] and list(part.extra.index) == [0, 1]


def test_the_old_five_columns_are_enough() -> None:
    records = Records(Path("r"), ("i/a.png",), ("p",), NIH14, np.zeros((1, 14), np.float32))
    assert records.names == ("a.png",) and records.path(0) == Path("r/i/a.png")
    assert len(records.take(np.array([0])).only("Mass")) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"patients": ("a",)},
        {"y": np.zeros((2, 3), np.float32)},
        {"uncertain": np.zeros((2, 1), bool)},
        {"extra": pd.DataFrame({"age": [1.0]})},
    ],
)
def test_columns_of_other_lengths_are_refused(make_records: Callable[..., Records], change: dict[str, object]) -> None:
    with pytest.raises(DataError):
        replace(make_records(["a", "b"], [[1, 0], [0, 0]], TWO), **change)


def test_an_unknown_label_is_refused(make_records: Callable[..., Records]) -> None:
    with pytest.raises(LabelError, match="Did you mean 'Effusion'"):
        make_records(["a"]).only("Effusions")
