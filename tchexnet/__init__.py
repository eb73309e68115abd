"""tchexnet: read chest radiographs with a neural network that you can trust, teach and take apart.

    >>> import tchexnet
    >>> chexnet = tchexnet.load("chexnet")
    >>> scores = chexnet.predict("hello_world_images/mean_chest.png")

Research use; not a medical device.
"""

from tchexnet.classifier import Classifier, Scores, load
from tchexnet.errors import TchexnetError
from tchexnet.labels import CHEXPERT14, NIH14, Vocabulary

__version__ = "0.1.0"
__all__ = ["CHEXPERT14", "NIH14", "Classifier", "Scores", "TchexnetError", "Vocabulary", "load"]
