"""The synthetic radiograph that reading is tested on, and where real ones lie."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from .samples import chest


@pytest.fixture(scope="session")
def grey8() -> NDArray[np.uint8]:
    """The cartoon chest with 8 bits."""
    return np.rint(chest() * 255).astype(np.uint8)


@pytest.fixture(scope="session")
def nih(shared_data: Path) -> Path:
    """The NIH radiographs beside the checkout."""
    return shared_data / "nih"
