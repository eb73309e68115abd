"""Score, probability and decision are columns apart, and only where the preset was calibrated."""

from pathlib import Path

import pandas as pd
import pytest

import tchexnet
from tchexnet.errors import DataError
from tchexnet.evaluation.curve import Calibration
from tchexnet.evaluation.decisions import Calibrated
from tchexnet.presets import calibrated, store
from tchexnet.presets import preset as presets
from tchexnet.scoring.run import run
from tchexnet.scoring.settings import Settings

from .samples import make_folder

KNOWN = {
    "Edema": Calibrated(Calibration("platt", 0.1, 500, 50, slope=0.5, intercept=-1.0), 0.02, "sensitivity=0.9"),
    "Mass": Calibrated(Calibration("temperature", 0.1, 500, 50, slope=0.8)),
}
SETTINGS = Settings(precision="fp32", shard=4, batch=2)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> presets.Preset:
    """chexnet with curves for two labels, in a home of its own."""
    monkeypatch.setenv("TCHEXNET_HOME", str(tmp_path / "home"))
    return calibrated.store_with(presets.read(store.find("chexnet")), KNOWN, {})


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_columns_of_a_calibrated_preset(own: presets.Preset, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"scores{ending}"
    run(str(make_folder(tmp_path / "in", 6, faults=False)), out, SETTINGS._replace(features=True))
    found = pd.read_csv(out) if ending == ".csv" else pd.read_parquet(out)
    more = ["probability_Mass", "probability_Edema", "decision_Edema"]
    assert [name for name in found if name.startswith(("probability", "decision"))] == more
    assert list(found)[:17] == ["path", *tchexnet.NIH14, "preset", "warnings"]
    for path, row in found.set_index("path").iterrows():
        scores = tchexnet.load(own.folder).predict(path)
        assert row["probability_Edema"] == pytest.approx(scores.probabilities["Edema"], abs=1e-5)
        assert row["probability_Mass"] == pytest.approx(scores.probabilities["Mass"], abs=1e-5)
        assert bool(row["decision_Edema"]) == scores.decisions["Edema"].positive


def test_a_preset_that_was_calibrated_since_does_not_resume(own: presets.Preset, tmp_path: Path) -> None:
    source, out = str(make_folder(tmp_path / "in", 6, faults=False)), tmp_path / "scores.csv"

    def stop(done: int, total: int | None, errors: int) -> None:
        if total is not None and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(source, out, SETTINGS, tell=stop)
    calibrated.store_with(own, {"Mass": KNOWN["Mass"]}, {})
    with pytest.raises(DataError, match="files"):
        run(source, out, SETTINGS, resume=True)
