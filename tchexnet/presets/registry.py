"""The public checkpoints that have a name here: where they come from, what they are, and how a copy is recognised."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

from tchexnet.errors import PresetError
from tchexnet.labels import NIH14
from tchexnet.presets import xrv_figures

_KERAS_PAGE = "https://github.com/brucechou1983/CheXNet-Keras"
_IMAGENET_PAPER = "https://arxiv.org/abs/1711.05225"
_XRV_PAPER = "https://arxiv.org/abs/2111.00595"


@dataclass(frozen=True)
class Known:
    """One public file.

    Args:
        name: the preset's name.
        title: what it is.
        file: the file's own name.
        family: whose recipe belongs to it.
        licence: an SPDX name, or `unknown` where its repository states none.
        labels: the outputs in order; '' was never trained.
        trained_on: the data, and the image list where it is known.
        paper: where it is described.
        url: a direct download, or None.
        page: where a person gets it, when there is no direct download.
        sha256, git_blob, md5: what identifies it; None where not published.
        thresholds: operating points, in the order of `labels`; NaN where there is none.
    """

    name: str
    title: str
    file: str
    family: str
    licence: str
    labels: tuple[str, ...]
    trained_on: str
    paper: str
    url: str | None = None
    page: str = ""
    sha256: str | None = None
    git_blob: str | None = None
    md5: str | None = None
    thresholds: tuple[float, ...] = ()

    def facts(self) -> dict[str, Any]:
        """What goes into a preset's `source`."""
        return {"known_as": self.name, "url": self.url or self.page, "paper": self.paper, "trained_on": self.trained_on}


_ARNOWENG_LIST = "NIH ChestX-ray14; the lists of github.com/arnoweng/CheXNet, not NIH's official ones"

_CHEXNETS = (
    Known(
        "chexnet-keras",
        "CheXNet-Keras, Bruce Chou",
        "brucechou1983_CheXNet_Keras_0.3.0_weights.h5",
        "keras",
        "MIT",
        tuple(NIH14),
        "NIH ChestX-ray14; very probably most of arnoweng's test list",
        _IMAGENET_PAPER,
        page=f"{_KERAS_PAGE} (README, 'Trained model weights': a Google Drive page)",
    ),
    Known(
        "tchexnet-paper",
        "tCheXNet's published weights",
        "94482_23620_keras_cw_noDropOut_chexpert_pretrained_chexnet_512_1_001_0.54064.h5",
        "keras",
        "MIT",
        ("Pneumothorax",),
        "CheXpert, 94,482 frontal images of train.csv; its backbone, CheXNet-Keras's, on NIH ChestX-ray14",
        "tCheXNet",
        page="the folder saved_models of the tCheXNet repository",
        git_blob="f1e8534e4e3131d2ac3152313adda882dea2ad04",
    ),
    Known(
        "tchexnet-base",
        "the CheXNet that tCheXNet started from",
        "best_weights.h5",
        "keras",
        "MIT",
        tuple(NIH14),
        "NIH ChestX-ray14",
        _IMAGENET_PAPER,
        page="the folder chexnet of the tCheXNet repository",
        git_blob="4b43966d072ba751da5ba3921dd728ab4964a7bb",
    ),
    Known(
        "arnoweng",
        "arnoweng/CheXNet",
        "model.pth.tar",
        "arnoweng",
        "unknown",
        tuple(NIH14),
        _ARNOWENG_LIST,
        _IMAGENET_PAPER,
        url="https://raw.githubusercontent.com/arnoweng/CheXNet/HEAD/model.pth.tar",
        git_blob="14922ae7de18767793f6ac85cf51df950327d96c",
    ),
    Known(
        "reproduce-chexnet",
        "reproduce-chexnet, John Zech",
        "checkpoint",
        "reproduce-chexnet",
        "BSD-3-Clause",
        tuple(NIH14),
        "NIH ChestX-ray14; shares its 22,433-image test list with arnoweng's",
        _IMAGENET_PAPER,
        url="https://raw.githubusercontent.com/jrzech/reproduce-chexnet/HEAD/pretrained/checkpoint",
        git_blob="637c09c2e4295febb266679b18036db052c40f79",
    ),
    Known(
        "zoogzog",
        "zoogzog/chexnet",
        "m-25012018-123527.pth.tar",
        "arnoweng",
        "unknown",
        tuple(NIH14),
        "NIH ChestX-ray14; the repository's own lists",
        _IMAGENET_PAPER,
        url="https://raw.githubusercontent.com/zoogzog/chexnet/HEAD/models/m-25012018-123527.pth.tar",
        git_blob="003f3dc833b89d4f0b4e2b7307d93e1761785fb7",
    ),
)

_XRV = tuple(
    Known(
        name,
        f"torchxrayvision DenseNet-121, {data}",
        file,
        "torchxrayvision",
        "Apache-2.0",
        xrv_figures.labels(points),
        data,
        _XRV_PAPER,
        url=xrv_figures.RELEASES + file,
        thresholds=points,
    )
    for name, (data, file, points) in xrv_figures.FILES.items()
)

KNOWN = _CHEXNETS + _XRV

IMAGENET = Known(
    "imagenet",
    "keras.applications' DenseNet-121 without a head",
    "densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "keras",
    "MIT",
    (),
    "ImageNet",
    "https://arxiv.org/abs/1608.06993",
    url="https://storage.googleapis.com/tensorflow/keras-applications/densenet/"
    "densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5",
    md5="30ee3e1110167f948a6b9946edeeb738",
)
"""Where training starts; no preset, since it has no findings. The md5 is the one in Keras 3.15's own source."""


def get(name: str) -> Known:
    """The public file of that name.

    Raises:
        PresetError: there is none; the message suggests the nearest.
    """
    names = [known.name for known in KNOWN]
    if name in names:
        return KNOWN[names.index(name)]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(names)}."
    raise PresetError(f"No public checkpoint is called {name!r}. {hint}")


def recognise(sha256: str, git_blob: str, file: str) -> tuple[Known | None, str]:
    """The public file that this is, and by what: its hash, or only its name where no hash is published."""
    for known in KNOWN:
        if sha256 == known.sha256 or git_blob == known.git_blob:
            return known, "by its hash"
    for known in KNOWN:
        if file == known.file and known.sha256 is None and known.git_blob is None:
            return known, "by its file name only; no hash is published"
    return None, ""
