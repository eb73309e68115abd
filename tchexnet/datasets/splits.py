"""Splits by patient: no patient stands on both sides."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from tchexnet.datasets.records import Records
from tchexnet.errors import DataError


def split_by_patient(records: Records, fraction: float = 0.1, seed: int = 0) -> tuple[Records, Records]:
    """(the rest, a share of the patients). Every image of a patient goes to one side.

    Args:
        fraction: share of the patients, not of the images, in (0, 1).
        seed: the same seed, records and fraction give the same split.

    Raises:
        DataError: the share lies outside (0, 1), the seed is negative, or there are too few patients to leave one on
            either side.
    """
    if not 0 < fraction < 1:
        raise DataError(f"The share of patients to split off must lie between 0 and 1, not {fraction}.")
    if seed < 0:
        raise DataError(f"A seed must be 0 or more, not {seed}.")
    patients = np.array(sorted(set(records.patients)))
    shuffled = np.random.default_rng(seed).permutation(patients)
    count = max(1, round(fraction * len(patients)))
    if count >= len(patients):
        raise DataError(
            f"{len(patients)} patients cannot be split so that {fraction:g} of them stand apart and one is left; "
            "give more patients, or a smaller share."
        )
    chosen = set(shuffled[:count].tolist())
    inside = np.array([patient in chosen for patient in records.patients])
    rest, part = records.take(np.flatnonzero(~inside)), records.take(np.flatnonzero(inside))
    check_disjoint(rest, part)
    return rest, part


def check_disjoint(one: Records, other: Records) -> None:
    """Raise DataError if a patient or an image stands in both."""
    check_parts({"one part": one, "the other": other})


def check_parts(parts: Mapping[str, Records]) -> None:
    """Raise DataError, naming the first, if a patient or an image stands in two of the parts."""
    for (first, one), (second, other) in combinations(parts.items(), 2):
        for what, shared in (("patients", shared_patients(one, other)), ("images", shared_images(one, other))):
            if shared:
                raise DataError(
                    f"{len(shared)} {what} stand in both {first} and {second}, for example {min(shared)}; "
                    "split by patient, so that no score is measured on a patient who was trained on."
                )


def shared_patients(one: Records, other: Records) -> set[str]:
    """The patients of both."""
    return set(one.patients) & set(other.patients)


def shared_images(one: Records, other: Records) -> set[str]:
    """The image files of both."""
    return {str(one.root / image) for image in one.images} & {str(other.root / image) for image in other.images}
