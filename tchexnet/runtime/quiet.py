"""OpenVINO without its telemetry, and ready for threads.

`import openvino` (2026.4) reports the import to its maker over the network. Whoever reads patients' radiographs has
not agreed to that. OpenVINO falls back to a silent stub where its telemetry package cannot be imported, so this module
makes sure of that before the first import.
"""

import sys

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import numpy as np  # noqa: E402
import openvino  # noqa: E402
from openvino import opset15  # noqa: E402

# It looks up NumPy at its first tensor. Two threads that are first at the same time wait for each other for ever, one
# with Python's lock, the other with the library's: so the first tensor is made here, under the lock of the import.
openvino.Tensor(np.zeros(1, np.float32))

__all__ = ["openvino", "opset15"]
