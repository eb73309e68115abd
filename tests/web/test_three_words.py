"""Score, probability and decision, apart: in the answer and on the page, where a preset is calibrated."""

import os
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tchexnet.evaluation.curve import Calibration
from tchexnet.evaluation.decisions import Calibrated
from tchexnet.presets import calibrated, store
from tchexnet.presets import preset as presets
from tchexnet.web.app import build
from tchexnet.web.settings import Settings
from tests.web.browser import chromium
from tests.web.conftest import started

CURVE = Calibration("platt", 0.1, 500, 50, 1.2, 0.3)
KNOWN = {"Mass": Calibrated(CURVE, 0.005, "youden"), "Edema": Calibrated(CURVE, 0.9, "specificity=0.95")}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder with a calibrated chexnet, of which two labels have thresholds and a third only a curve."""
    monkeypatch.setenv("TCHEXNET_HOME", str(tmp_path / "home"))
    known = {**KNOWN, "Hernia": Calibrated(CURVE)}
    calibrated.store_with(presets.read(store.find("chexnet")), known, {"images": 500})
    return tmp_path / "home"


def test_the_answer_has_them_under_their_own_names(home, repo):
    sample = (repo / "hello_world_images" / "mean_chest.png").read_bytes()
    with TestClient(build(Settings(presets=("chexnet",))), base_url="http://127.0.0.1") as client:
        found = client.post("/v1/predict", files={"file": ("a.png", sample)}).json()
    assert set(found["probabilities"]) == {"Mass", "Edema", "Hernia"}
    assert set(found["decisions"]) == {"Mass", "Edema"}
    decision = found["decisions"]["Mass"]
    assert decision == {"positive": found["probabilities"]["Mass"] >= 0.005, "threshold": 0.005, "point": "youden"}
    assert found["probabilities"]["Mass"] == pytest.approx(KNOWN["Mass"].probability(found["scores"]["Mass"]))


@pytest.mark.slow
def test_the_page_has_a_column_for_each_and_names_the_operating_point(home, repo, tmp_path):
    environment = {"TCHEXNET_HOME": os.fspath(home)}
    with chromium() as browser, started(repo, tmp_path, **environment) as server:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(server.address)
        page.locator("#sample").click()
        page.locator(".score").nth(14).wait_for()
        card = page.get_by_role("article", name="chexnet", exact=True)
        assert card.locator("thead th").all_inner_texts() == ["Finding", "Score", "Probability", "Decision"]
        mass, hernia = (card.locator("tr", has=page.locator(f"[data-label={name}]")) for name in ("Mass", "Hernia"))
        assert "youden" in mass.inner_text() and "%" in mass.inner_text()
        assert mass.locator(".yes, .no").inner_text() in ("positive", "negative")
        assert hernia.locator(".yes, .no").count() == 0 and "%" in hernia.inner_text()
        other = page.get_by_role("article", name="tchexnet", exact=True)
        assert "it is not calibrated" in other.inner_text()
        if folder := os.environ.get("TCHEXNET_PICTURES"):
            page.screenshot(path=f"{folder}/calibrated.png")
