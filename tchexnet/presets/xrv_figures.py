"""torchxrayvision's DenseNets: release files, which of the 18 outputs each one trained, and its operating points.

Figures from torchxrayvision 1.5.7 (Apache-2.0), `torchxrayvision.models.model_urls`. NaN stands at outputs that were
never trained; their label is ''.
"""

from __future__ import annotations

from math import nan

import numpy as np
from numpy.typing import NDArray

LABELS = (
    "Atelectasis",
    "Consolidation",
    "Infiltration",
    "Pneumothorax",
    "Edema",
    "Emphysema",
    "Fibrosis",
    "Effusion",
    "Pneumonia",
    "Pleural_Thickening",
    "Cardiomegaly",
    "Nodule",
    "Mass",
    "Hernia",
    "Lung Lesion",
    "Fracture",
    "Lung Opacity",
    "Enlarged Cardiomediastinum",
)

RELEASES = "https://github.com/mlmed/torchxrayvision/releases/download/v1/"

FILES: dict[str, tuple[str, str, tuple[float, ...]]] = {
    "xrv-all": (
        "NIH, PadChest, CheXpert, MIMIC-CXR, Google, OpenI, RSNA",
        "nih-pc-chex-mimic_ch-google-openi-kaggle-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt",
        (
            0.07422872,
            0.038290843,
            0.09814756,
            0.0098118475,
            0.023601074,
            0.0022490358,
            0.010060724,
            0.103246614,
            0.056810737,
            0.026791653,
            0.050318155,
            0.023985857,
            0.01939503,
            0.042889766,
            0.053369623,
            0.035975814,
            0.20204692,
            0.05015312,
        ),
    ),
    "xrv-nih": (
        "NIH ChestX-ray14",
        "nih-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt",
        (
            0.039117552,
            0.0034529066,
            0.11396341,
            0.0057298196,
            0.00045666535,
            0.0018880932,
            0.012037827,
            0.038744126,
            0.0037213727,
            0.014730946,
            0.016149804,
            0.054241467,
            0.037198864,
            0.0004403434,
            nan,
            nan,
            nan,
            nan,
        ),
    ),
    "xrv-pc": (
        "PadChest",
        "pc-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt",
        (
            0.031012505,
            0.013347598,
            0.081435576,
            0.001262615,
            0.002587246,
            0.0035944257,
            0.0023071,
            0.055412333,
            0.044385884,
            0.042766232,
            0.043258056,
            0.037629247,
            0.005658899,
            0.0091741895,
            nan,
            0.026507627,
            nan,
            nan,
        ),
    ),
    "xrv-chex": (
        "CheXpert",
        "chex-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt",
        (
            0.1988969,
            0.05710573,
            nan,
            0.0531293,
            0.1435217,
            nan,
            nan,
            0.27212676,
            0.07749717,
            nan,
            0.19712369,
            nan,
            nan,
            nan,
            0.09932402,
            0.09273402,
            0.3270967,
            0.10888247,
        ),
    ),
    "xrv-rsna": (
        "RSNA Pneumonia, whose images are of NIH ChestX-ray14",
        "kaggle-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt",
        (nan, nan, nan, nan, nan, nan, nan, nan, 0.13486601, nan, nan, nan, nan, nan, nan, nan, 0.13511065, nan),
    ),
    "xrv-mimic-nb": (
        "MIMIC-CXR, NegBio labels",
        "mimic_nb-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt",
        (
            0.08558747,
            0.011884617,
            nan,
            0.0040595434,
            0.010733786,
            nan,
            nan,
            0.118761964,
            0.022924708,
            nan,
            0.06358637,
            nan,
            nan,
            nan,
            0.022143636,
            0.017476924,
            0.1258702,
            0.014020768,
        ),
    ),
    "xrv-mimic-ch": (
        "MIMIC-CXR, CheXpert labels",
        "mimic_ch-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt",
        (
            0.09121389,
            0.010573786,
            nan,
            0.005023008,
            0.003698257,
            nan,
            nan,
            0.08001232,
            0.037242252,
            nan,
            0.05006329,
            nan,
            nan,
            nan,
            0.019866971,
            0.03823637,
            0.11303808,
            0.0069147074,
        ),
    ),
}
"""Preset name to training data, file name, and operating points in the order of `LABELS`."""


def labels(thresholds: tuple[float, ...]) -> tuple[str, ...]:
    """`LABELS` with '' where an output was never trained."""
    return tuple(label if point == point else "" for label, point in zip(LABELS, thresholds, strict=True))


def normalised(scores: NDArray[np.float32], points: NDArray[np.float64]) -> NDArray[np.float32]:
    """Scores as torchxrayvision shows them: bent in two straight lines, so that an operating point becomes 0.5.

    Args:
        scores: (n, labels) float32, plain sigmoids.
        points: (labels,) operating points; NaN gives 0.5 for every score.
    """
    below, above = scores / (2 * points), 1 - (1 - scores) / (2 * (1 - points))
    return np.where(np.isnan(points), 0.5, np.where(scores < points, below, above)).astype(np.float32)
