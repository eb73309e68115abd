"""What an uncertain label (CheXpert's -1) and a blank one mean in training, label by label.

| policy | an uncertain label becomes | source |
|---|---|---|
| ignore | NaN: the loss leaves it out, the image stays | U-Ignore, Irvin 2019 |
| zeros, ones | 0, 1 | U-Zeros, U-Ones, Irvin 2019 |
| zeros-lsr, ones-lsr | a draw from [0, 0.3], [0.55, 0.85] | U-Zeros+LSR, U-Ones+LSR, Pham 2019 |
| multiclass | class 2 beside 0 and 1, for a three-way output | U-MultiClass, Irvin 2019 |
| self-trained | a teacher's score | U-SelfTrained, Irvin 2019 |

`ignore` is the default for every label, Pneumothorax among them: it claims nothing that no report said, and the paper
that compared the policies left pneumothorax out. A blank is a finding that the report does not mention. CheXpert's
paper counts every label as positive, negative or uncertain, so there a blank is negative; in a table of one's own it
more often means that nobody looked. So `blank` is an argument: by default `zero` for CheXpert and `nan` elsewhere.
"""

from __future__ import annotations

import difflib
import zlib
from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tchexnet.datasets.records import Records
from tchexnet.errors import DataError
from tchexnet.labels import Vocabulary

POLICIES = ("ignore", "zeros", "ones", "zeros-lsr", "ones-lsr", "multiclass", "self-trained")
SMOOTHED = {"zeros-lsr": (0.0, 0.3), "ones-lsr": (0.55, 0.85)}
"""The ranges that smoothed labels are drawn from. Source: Pham 2019."""

AT_TRAINING = ("multiclass", "self-trained")
"""Policies that need a three-way output or a teacher: known when training starts, not when data are prepared."""

UNCERTAIN_CLASS = 2
Blank = Literal["zero", "nan"]
Policies = str | Mapping[str, str]


def apply(
    records: Records,
    policies: Policies = "ignore",
    *,
    blank: Blank = "nan",
    seed: int = 0,
    teacher: ArrayLike | None = None,
) -> NDArray[np.float32]:
    """(n, L) float32 targets: in [0, 1], NaN where the loss is to be masked; `multiclass` columns hold 0, 1 or 2.

    `records.uncertain` decides, whatever `records.y` holds there, so a policy may be applied again over another one.

    Args:
        policies: one policy for all labels, or a mapping from label to policy; see `by_label`.
        blank: whether a NaN that is not uncertain becomes 0 or stays NaN.
        seed: for the smoothed labels; each label has its own stream, so policies of other labels change nothing.
        teacher: (n, L) scores in [0, 1], for `self-trained`.

    Raises:
        LabelError: a label is not among the records'.
        DataError: a policy does not exist, or the teacher is missing or does not fit.
    """
    chosen = by_label(policies, records.labels)
    if blank not in ("zero", "nan"):
        raise DataError(f"A blank label can become 'zero' or 'nan', not {blank!r}.")
    y = np.array(records.y, np.float32)
    unsure = np.zeros(y.shape, bool) if records.uncertain is None else records.uncertain
    if blank == "zero":
        y[np.isnan(y) & ~unsure] = 0
    for column, (label, policy) in enumerate(chosen.items()):
        rows = unsure[:, column]
        y[rows, column] = _replacement(policy, label, column, y.shape, seed, teacher)[rows]
    return y


def by_label(policies: Policies, labels: Vocabulary) -> dict[str, str]:
    """The policy of every label, in the vocabulary's order.

    Args:
        policies: a mapping, or words such as `zeros` (all labels) or `zeros,Edema=ones` (one of them otherwise).

    Raises:
        LabelError, DataError: a label or a policy does not exist.
    """
    chosen = dict.fromkeys(labels, "ignore")
    for label, policy in _pairs(policies):
        if policy not in POLICIES:
            near = difflib.get_close_matches(policy, POLICIES, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(POLICIES)}."
            raise DataError(f"{policy!r} is no label policy. {hint}")
        chosen.update({labels[labels.index(label)]: policy} if label else dict.fromkeys(labels, policy))
    return chosen


def _pairs(policies: Policies) -> list[tuple[str, str]]:
    if not isinstance(policies, str):
        return list(policies.items())
    words = (word.strip().rpartition("=") for word in policies.split(","))
    return [(label, policy) for label, _, policy in words]


def multiclass_scores(classes: ArrayLike) -> NDArray[np.floating]:
    """p1 / (p0 + p1): the score of a three-way output, the uncertain class left out.

    Args:
        classes: (..., 3) probabilities of absent, present and uncertain.

    Returns:
        (...), in [0, 1]; 0.5 where absent and present both have probability 0.
    """
    p = np.asarray(classes)
    if p.ndim == 0 or p.shape[-1] != 3:
        raise DataError(f"A multiclass output has three probabilities a label; the shape {p.shape} was given.")
    known = p[..., 0] + p[..., 1]
    return np.where(known > 0, p[..., 1] / np.where(known > 0, known, 1), 0.5)


def _replacement(
    policy: str, label: str, column: int, shape: tuple[int, ...], seed: int, teacher: ArrayLike | None
) -> NDArray[np.float32]:
    n = shape[0]
    if policy in SMOOTHED:
        low, high = SMOOTHED[policy]
        stream = np.random.default_rng((seed, zlib.crc32(label.encode())))
        return stream.uniform(low, high, n).astype(np.float32)
    if policy == "self-trained":
        return _taught(teacher, shape)[:, column]
    constant = {"ignore": np.nan, "zeros": 0, "ones": 1, "multiclass": UNCERTAIN_CLASS}[policy]
    return np.full(n, constant, np.float32)


def _taught(teacher: ArrayLike | None, shape: tuple[int, ...]) -> NDArray[np.float32]:
    if teacher is None:
        raise DataError("The policy 'self-trained' needs a teacher: its scores (n, labels) for the same records.")
    scores = np.asarray(teacher, np.float32)
    if scores.shape != shape:
        raise DataError(f"The teacher's scores must have the shape of the labels, {shape}; they have {scores.shape}.")
    if not ((scores >= 0) & (scores <= 1)).all():
        raise DataError("The teacher's scores must lie in [0, 1], without NaN; give sigmoid outputs.")
    return scores
