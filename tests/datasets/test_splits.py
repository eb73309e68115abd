"""No patient stands on both sides, whatever the records."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tchexnet.datasets.records import Records
from tchexnet.datasets.splits import check_disjoint, check_parts, split_by_patient
from tchexnet.errors import DataError
from tchexnet.labels import Vocabulary

PATIENTS = st.lists(st.text("abcdef", min_size=1, max_size=2), min_size=2, max_size=40)


def records_of(patients: list[str]) -> Records:
    y = np.zeros((len(patients), 1), np.float32)
    images = tuple(f"{row}.png" for row in range(len(patients)))
    return Records(Path("nowhere"), images, tuple(patients), Vocabulary("one", ("Mass",)), y)


@given(PATIENTS, st.floats(0.01, 0.99), st.integers(0, 2**32))
def test_a_split_covers_all_shares_nobody_and_repeats(patients: list[str], fraction: float, seed: int) -> None:
    records = records_of(patients)
    try:
        rest, part = split_by_patient(records, fraction, seed)
    except DataError:
        assert max(1, round(fraction * len(set(patients)))) == len(set(patients))
        return
    assert not set(rest.patients) & set(part.patients)
    assert Counter(rest.images) + Counter(part.images) == Counter(records.images)
    again = split_by_patient(records, fraction, seed)
    assert [half.images for half in again] == [rest.images, part.images]


@given(st.sets(st.text("abcdef", min_size=1, max_size=2), min_size=3), st.integers(0, 1000), st.randoms())
def test_the_order_of_the_rows_does_not_move_a_patient(names: set[str], seed: int, random: Random) -> None:
    patients = [*names, *names]
    shuffled = random.sample(patients, len(patients))
    one, other = (split_by_patient(records_of(p), 0.3, seed)[1] for p in (patients, shuffled))
    assert set(one.patients) == set(other.patients)


def test_a_seed_keeps_its_split(make_records: Callable[..., Records]) -> None:
    """Computed with NumPy 2's PCG64 when the first weights were trained; another result would mix their patients."""
    records = make_records([str(row // 2) for row in range(40)])
    assert set(split_by_patient(records, 0.2, seed=0)[1].patients) == {"9", "10", "12", "14"}


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan")])
def test_a_share_outside_0_and_1_is_refused(make_records: Callable[..., Records], fraction: float) -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        split_by_patient(make_records(["a", "b"]), fraction)


def test_a_negative_seed_is_refused(make_records: Callable[..., Records]) -> None:
    with pytest.raises(DataError, match="0 or more, not -1"):
        split_by_patient(make_records(["a", "b"]), 0.5, seed=-1)


def test_one_patient_cannot_be_split(make_records: Callable[..., Records]) -> None:
    with pytest.raises(DataError, match="1 patients cannot be split"):
        split_by_patient(make_records(["a", "a"]))


def test_a_leak_names_the_patient_or_the_image(make_records: Callable[..., Records]) -> None:
    one = make_records(["a", "b"])
    with pytest.raises(DataError, match="1 patients stand in both one part and the other, for example b"):
        check_disjoint(one, replace(make_records(["b"]), images=("new.png",)))
    with pytest.raises(DataError, match=r"1 images stand in both train and test, for example nowhere/0\.png"):
        check_parts(
            {"train": one, "valid": replace(make_records(["c"]), images=("n.png",)), "test": make_records(["z"])}
        )
