"""What `--keep DIR` keeps: each upload under the hash of its content, and each answer beside it. Names go nowhere."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from tchexnet.images.kinds import sniff

_SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "TIFF": ".tif", "DICOM": ".dcm"}


def keep(folder: Path, data: bytes, answer: dict[str, Any]) -> None:
    """Write an upload that was read, and its answer: `SHA256.dcm` and `SHA256.PRESET.json`."""
    name = hashlib.sha256(data).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    image = folder / (name + _SUFFIXES[sniff(data, name)])
    if not image.exists():
        _write(image, data)
    preset = Path(answer["preset"]).name
    _write(folder / f"{name}.{preset}.json", json.dumps(answer).encode())


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, and for this user's eyes only."""
    part = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    part.replace(path)
