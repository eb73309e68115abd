"""Published AUCs, each with the images it was measured on. They stand beside measured numbers, never among them.

No two of these sets of images are the same, and none of them is the user's: a difference between a published number and
a measured one is a difference of images too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tchexnet.labels import NIH14


@dataclass(frozen=True)
class Reference:
    """One publication's AUCs.

    Args:
        name: how the column is headed.
        dataset: `nih` or `chexpert`.
        split: the images that it was measured on.
        source: where the numbers are printed.
        aucs: label to AUC.
    """

    name: str
    dataset: str
    split: str
    source: str
    aucs: dict[str, float]


def _nih(name: str, split: str, source: str, numbers: str) -> Reference:
    values = (float(number) for number in numbers.split())
    return Reference(name, "nih", split, source, dict(zip(NIH14, values, strict=True)))


_SHARED = "the 22,433-image test list that arnoweng and reproduce-chexnet share; not NIH's official one"
_FIVE = ("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion")


def _chexpert(policy: str, numbers: str) -> Reference:
    values = (float(number) for number in numbers.split())
    return Reference(
        f"CheXpert {policy}",
        "chexpert",
        "CheXpert's validation part; ensembles of 30 checkpoints",
        "Irvin et al. 2019",
        dict(zip(_FIVE, values, strict=True)),
    )


REFERENCES = (
    _nih(
        "CheXNet",
        "a random split by patient of its authors, unpublished",
        "Rajpurkar et al. 2017",
        ".8094 .9248 .8638 .7345 .8676 .7802 .7680 .8887 .7901 .8878 .9371 .8047 .8062 .9164",
    ),
    _nih(
        "reproduce-chexnet",
        _SHARED,
        "github.com/jrzech/reproduce-chexnet, 2018",
        ".8161 .9105 .8839 .7077 .8308 .7748 .7651 .8739 .8008 .8979 .9227 .8293 .7860 .9010",
    ),
    _nih(
        "arnoweng",
        _SHARED,
        "github.com/arnoweng/CheXNet",
        ".8294 .9165 .8870 .7143 .8597 .7873 .7745 .8726 .8142 .8932 .9254 .8304 .7831 .9104",
    ),
    _nih(
        "torchxrayvision all",
        "its makers' own split of NIH's images",
        "torchxrayvision's densenet121 'all'",
        ".76 .88 .85 .68 .80 .69 .71 .75 .77 .85 .73 .72 .74 .91",
    ),
    _chexpert("U-Ignore", ".818 .828 .938 .934 .928"),
    _chexpert("U-Zeros", ".811 .840 .932 .929 .931"),
    _chexpert("U-Ones", ".858 .832 .899 .941 .934"),
    _chexpert("U-SelfTrained", ".833 .831 .939 .935 .932"),
    _chexpert("U-MultiClass", ".821 .854 .937 .928 .936"),
    Reference(
        "CheXNet by tCheXNet's authors",
        "chexpert",
        "the 202 frontal images of CheXpert's validation part, 7 of them with pneumothorax",
        "Sze-To and Wang 2019",
        {"Pneumothorax": 0.642},
    ),
    Reference(
        "tCheXNet",
        "chexpert",
        "the 202 frontal images of CheXpert's validation part, 7 of them with pneumothorax",
        "Sze-To and Wang 2019",
        {"Pneumothorax": 0.708},
    ),
)


def references(dataset: str, labels: Sequence[str]) -> tuple[Reference, ...]:
    """The publications on a data set, `nih` or `chexpert`, that have at least one of the labels."""
    return tuple(one for one in REFERENCES if one.dataset == dataset and set(labels) & set(one.aucs))
