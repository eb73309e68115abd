"""tchexnet: read chest radiographs with a neural network that you can trust, teach and take apart.

    >>> import tchexnet
    >>> chexnet = tchexnet.load("chexnet")
    >>> scores = chexnet.predict("hello_world_images/mean_chest.png")

Research use; not a medical device.
"""

from typing import TYPE_CHECKING, Any

from tchexnet.classifier import Classifier, load
from tchexnet.errors import TchexnetError
from tchexnet.labels import CHEXPERT14, NIH14, Vocabulary
from tchexnet.scores import Scores

if TYPE_CHECKING:
    from tchexnet.scoring.rows import score
    from tchexnet.scoring.transformer import CheXNetFeatures

__version__ = "0.1.0"
__all__ = [
    "CHEXPERT14",
    "NIH14",
    "CheXNetFeatures",
    "Classifier",
    "Scores",
    "TchexnetError",
    "Vocabulary",
    "load",
    "score",
]


def __getattr__(name: str) -> Any:
    """What needs scikit-learn or PyArrow is imported when it is first asked for."""
    if name == "score":
        from tchexnet.scoring.rows import score

        return score
    if name == "CheXNetFeatures":
        from tchexnet.scoring.transformer import CheXNetFeatures

        return CheXNetFeatures
    raise AttributeError(f"module 'tchexnet' has no attribute {name!r}")
