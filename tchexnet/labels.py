"""Findings by name: the NIH and CheXpert vocabularies, and the mapping between them.

Numbers travel with labels. Nothing else in tchexnet knows that Pneumothorax is the eighth of fourteen.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tchexnet.errors import LabelError


@dataclass(frozen=True)
class Vocabulary(Sequence[str]):
    """An ordered set of finding names.

    Args:
        name: how messages call it, for example `NIH-14`.
        labels: the findings, in the order of the network's outputs.
    """

    name: str
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(set(self.labels)) != len(self.labels):
            raise LabelError(f"The vocabulary {self.name!r} names a finding twice: {', '.join(self.labels)}.")

    def index(self, label: str, *_: int) -> int:
        """Position of `label`.

        Raises:
            LabelError: the vocabulary does not have it; the message suggests the nearest name.
        """
        if label in self.labels:
            return self.labels.index(label)
        near = difflib.get_close_matches(str(label), self.labels, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"It has: {', '.join(self.labels)}."
        article = "an" if self.name[:1] in "AEINO" else "a"
        raise LabelError(f"{label!r} is not {article} {self.name} label. {hint}")

    def __getitem__(self, position):  # type: ignore[no-untyped-def]
        return self.labels[position]

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[str]:
        return iter(self.labels)

    def __contains__(self, label: object) -> bool:
        return label in self.labels


NIH14 = Vocabulary(
    "NIH-14",
    (
        "Atelectasis",
        "Cardiomegaly",
        "Effusion",
        "Infiltration",
        "Mass",
        "Nodule",
        "Pneumonia",
        "Pneumothorax",
        "Consolidation",
        "Edema",
        "Emphysema",
        "Fibrosis",
        "Pleural_Thickening",
        "Hernia",
    ),
)
"""The 14 findings of NIH ChestX-ray14, in the order that the CheXNet family uses. Source: Wang et al. 2017."""

CHEXPERT14 = Vocabulary(
    "CheXpert-14",
    (
        "No Finding",
        "Enlarged Cardiomediastinum",
        "Cardiomegaly",
        "Lung Opacity",
        "Lung Lesion",
        "Edema",
        "Consolidation",
        "Pneumonia",
        "Atelectasis",
        "Pneumothorax",
        "Pleural Effusion",
        "Pleural Other",
        "Fracture",
        "Support Devices",
    ),
)
"""The 14 columns of CheXpert, in file order. Source: Irvin et al. 2019, table 1."""

NIH_TO_CHEXPERT: dict[str, str] = {
    "Atelectasis": "Atelectasis",
    "Cardiomegaly": "Cardiomegaly",
    "Effusion": "Pleural Effusion",
    "Mass": "Lung Lesion",
    "Nodule": "Lung Lesion",
    "Pneumonia": "Pneumonia",
    "Pneumothorax": "Pneumothorax",
    "Consolidation": "Consolidation",
    "Edema": "Edema",
    "Pleural_Thickening": "Pleural Other",
}
"""NIH finding to the CheXpert column that covers it. Mass and Nodule share one; Infiltration, Emphysema, Fibrosis and
Hernia have none."""


def to_chexpert(label: str) -> str | None:
    """The CheXpert column that covers an NIH finding, or None where CheXpert has none.

    Raises:
        LabelError: `label` is not an NIH finding.
    """
    NIH14.index(label)
    return NIH_TO_CHEXPERT.get(label)


def from_chexpert(label: str) -> tuple[str, ...]:
    """The NIH findings that a CheXpert column covers: none, one, or two for Lung Lesion.

    Raises:
        LabelError: `label` is not a CheXpert column.
    """
    CHEXPERT14.index(label)
    return tuple(nih for nih, chexpert in NIH_TO_CHEXPERT.items() if chexpert == label)
