"""OpenVINO without its telemetry.

`import openvino` (2026.4) reports the import to its maker over the network. Whoever reads patients' radiographs has
not agreed to that. OpenVINO falls back to a silent stub where its telemetry package cannot be imported, so this module
makes sure of that before the first import.
"""

import sys

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino  # noqa: E402
from openvino import opset15  # noqa: E402

__all__ = ["openvino", "opset15"]
