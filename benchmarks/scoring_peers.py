"""What others do with a folder of radiographs, one image after the other; run by scoring.py in a process of its own.

    python benchmarks/scoring_peers.py process_image|process_batch|keras FILE...

Prints images/s as JSON, starting up and one warm-up image not counted. Weights are random: speed does not mind.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def process_image() -> Callable[[str], object]:
    """The steps of torchxrayvision's `scripts/process_image.py -resize`; DICOM by its own reader."""
    import skimage.io
    import torch
    import torchvision
    import torchxrayvision as xrv

    steps = torchvision.transforms.Compose([xrv.datasets.XRayCenterCrop(), xrv.datasets.XRayResizer(224)])
    model = xrv.models.DenseNet(num_classes=18).eval()

    def score(path: str) -> object:
        if path.endswith(".dcm"):
            image = xrv.utils.read_xray_dcm(path)
        else:
            image = xrv.datasets.normalize(skimage.io.imread(path), 255)
            image = image[:, :, 0] if image.ndim > 2 else image
        with torch.no_grad():
            return model(torch.from_numpy(steps(image[None])).unsqueeze(0).float()).cpu().numpy()

    return score


def process_batch() -> Callable[[str], object]:
    """The steps of torchxrayvision's `scripts/process_batch.py`: the network resizes what it is given."""
    import torch
    import torchxrayvision as xrv

    model = xrv.models.DenseNet(num_classes=18).eval()
    model.input_resolution = 224  # as its published weights set it

    def score(path: str) -> object:
        with torch.no_grad():
            return model(torch.from_numpy(xrv.utils.load_image(path)).unsqueeze(0)).cpu().numpy()

    return score


def keras() -> Callable[[str], object]:
    """Load, resize, divide, `predict`: the loop of the tutorials; DICOM by pydicom."""
    import keras
    import numpy as np
    import pydicom

    model = keras.applications.DenseNet121(weights=None, classes=14, classifier_activation="sigmoid")

    def score(path: str) -> object:
        if path.endswith(".dcm"):
            grey = pydicom.dcmread(path).pixel_array.astype("float32")
            image = keras.ops.image.resize(np.stack([grey] * 3, -1) / grey.max(), (224, 224))
        else:
            image = keras.utils.img_to_array(keras.utils.load_img(path, target_size=(224, 224))) / 255
        return model.predict(np.asarray(image)[None], verbose=0)

    return score


def main() -> None:
    score = {"process_image": process_image, "process_batch": process_batch, "keras": keras}[sys.argv[1]]()
    paths = sys.argv[2:]
    score(paths[0])
    began = time.perf_counter()
    for path in paths:
        score(path)
    print(json.dumps({"images/s": len(paths) / (time.perf_counter() - began)}))


if __name__ == "__main__":
    main()
