"""Reading radiographs, and making network input of them.

`tchexnet.images.read(path)` gives a `Radiograph`; `Recipe.apply(radiograph)` gives what a network takes.
"""

from tchexnet.images.radiograph import Radiograph
from tchexnet.images.read import read
from tchexnet.images.recipe import Recipe

__all__ = ["Radiograph", "Recipe", "read"]
