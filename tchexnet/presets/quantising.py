"""Quantise a preset's network to int8, and measure what that costs on patients whom it was not calibrated on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tchexnet.datasets.records import Records
from tchexnet.datasets.splits import split_by_patient
from tchexnet.errors import DataError, PresetError
from tchexnet.evaluation.auc import AUC, auc
from tchexnet.images.read import read
from tchexnet.presets import preset as presets
from tchexnet.presets.preset import Preset
from tchexnet.runtime.openvino_engine import OpenVINOEngine
from tchexnet.runtime.pooling import read_network
from tchexnet.runtime.quiet import openvino

CALIBRATION = 300
"""Training images whose activations set the scales."""
ALLOWED = 0.005
POSITIVES = 20
"""No label with this many positives may lose more of its AUC than `ALLOWED`; with fewer, chance alone moves it more."""
_THREADS = 4
_SPLIT = {"validation": 0.1, "split_seed": 0}

Tell = Callable[[str, int, int], None]


def quantise(preset: Preset, records: Records, tell: Tell = lambda what, done, total: None) -> dict[str, Any]:
    """Write the int8 network and its report into the preset's folder, and seal the folder anew.

    Args:
        records: the training list, with the preset's labels; the validation patients are split off as in training.
        tell: hears (what, done, of all).

    Returns:
        The report, as int8.json has it.

    Raises:
        PresetError: NNCF is not installed.
        DataError: there are no records to calibrate on, or to measure on.
    """
    records = records.only(*preset.labels)
    how = {key: preset.training.get("config", {}).get(key, value) for key, value in _SPLIT.items()}
    training, valid = split_by_patient(records, how["validation"], how["split_seed"])
    chosen = training.take(np.sort(np.random.default_rng(0).permutation(len(training))[:CALIBRATION]))
    if not len(valid):
        raise DataError("There is no validation image to measure on; give a longer list.")
    network = _quantised(preset, _inputs(preset, chosen, "calibrating", tell))
    openvino.save_model(network, preset.folder / presets.NETWORK_INT8, compress_to_fp16=False)
    report = {
        "network_sha256": preset.files[presets.NETWORK_DATA],
        "calibration": {"images": len(chosen), "patients": len(set(chosen.patients)), "seed": 0},
        "validation": {"images": len(valid), "patients": len(set(valid.patients)), **how},
        **_compared(preset, valid, tell),
        "versions": {name: version(name) for name in ("nncf", "openvino")},
    }
    (preset.folder / presets.INT8_REPORT).write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    presets.write(preset)
    return report


def read_report(preset: Preset) -> dict[str, Any]:
    """The report of a quantised preset.

    Raises:
        PresetError: it was not quantised.
    """
    found: dict[str, Any] = json.loads(preset.path(presets.INT8_REPORT).read_text("utf-8"))
    return found


def verdict(report: dict[str, Any]) -> str:
    """The report in a sentence."""
    allowed = f"{report['allowed']:g}, the most that is allowed"
    where = f"{report['validation']['images']} validation images of {report['validation']['patients']} patients"
    if report["largest_loss"] is None:
        return f"int8: no label has {POSITIVES} positives on {where}, so nothing is known of its loss; prefer bf16."
    loss = f"int8: the largest loss of AUC on {where} is {report['largest_loss']:.4f} ({report['largest_loss_label']})"
    return f"{loss}, within {allowed}." if report["within"] else f"{loss}, MORE than {allowed}: prefer bf16 or fp32."


def _quantised(preset: Preset, inputs: Iterator[NDArray[np.float32]]) -> Any:
    try:
        import nncf
    except ImportError as error:
        raise PresetError(f"Quantising needs NNCF ({error}): pip install 'tchexnet[int8]'.") from error
    model = read_network(preset.network("fp32"))
    batches = [batch for views in inputs for batch in views[:, None]]
    return nncf.quantize(model, nncf.Dataset(batches), subset_size=len(batches))


def _inputs(preset: Preset, records: Records, what: str, tell: Tell) -> Iterator[NDArray[np.float32]]:
    """Network input of each record: (views, size, size, channels)."""
    paths = [records.path(row) for row in range(len(records))]
    with ThreadPoolExecutor(_THREADS) as pool:
        for first in range(0, len(paths), 64):
            for done, views in enumerate(pool.map(lambda path: _input(preset, path), paths[first : first + 64]), first):
                tell(what, done + 1, len(paths))
                yield views


def _input(preset: Preset, path: Path) -> NDArray[np.float32]:
    return preset.recipe.apply(read(path))


def _compared(preset: Preset, valid: Records, tell: Tell) -> dict[str, Any]:
    """AUC of every label in float32 and in int8, on the same images."""
    network = preset.folder / presets.NETWORK_INT8
    engines = {
        "fp32": OpenVINOEngine(preset.network("fp32")),
        "int8": OpenVINOEngine(network, "int8"),
    }
    scores: dict[str, list[NDArray[np.float32]]] = {name: [] for name in engines}
    for views in _inputs(preset, valid, "comparing", tell):
        for name, engine in engines.items():
            scores[name].append(engine.run(views).scores.mean(axis=0))
    rows = [
        _row(label, *(auc(valid.y[:, i], np.stack(scores[name])[:, i]) for name in engines))
        for i, label in enumerate(preset.labels)
    ]
    judged = [row for row in rows if row["positives"] >= POSITIVES and row["loss"] is not None]
    worst = max(judged, key=lambda row: row["loss"], default=None)
    return {
        "allowed": ALLOWED,
        "largest_loss": worst and worst["loss"],
        "largest_loss_label": worst and worst["label"],
        "within": worst is not None and worst["loss"] <= ALLOWED,
        "labels": rows,
    }


def _row(label: str, exact: AUC, rough: AUC) -> dict[str, Any]:
    def number(value: float) -> float | None:
        return round(value, 6) if np.isfinite(value) else None

    found: dict[str, Any] = {"label": label, "n": exact.n, "positives": exact.positives}
    for name, one in (("fp32", exact), ("int8", rough)):
        found[name] = {"auc": number(one.value), "low": number(one.low), "high": number(one.high)}
    return found | {"loss": number(exact.value - rough.value)}
