"""`tchexnet explain`: a picture, the numbers, and what is refused."""

import json

import pytest
from PIL import Image
from typer.testing import CliRunner

from tchexnet.cli.main import app


@pytest.fixture
def sample(repo) -> str:
    return str(repo / "hello_world_images" / "mean_chest.png")


def run(*arguments: str):
    return CliRunner().invoke(app, ["explain", *arguments])


def test_a_picture_and_its_numbers(sample, tmp_path) -> None:
    out = tmp_path / "new" / "why.png"
    ran = run(sample, "--label", "Effusion", "--out", str(out), "--json")
    assert ran.exit_code == 0
    found = json.loads(ran.stdout)
    assert found["label"] == "Effusion" and found["method"] == "CAM" and found["picture"] == str(out)
    assert [len(row) for row in found["grid"]] == [4] * 4
    with Image.open(out) as figure, Image.open(sample) as radiograph:
        assert figure.width > radiograph.width and figure.height > radiograph.height


def test_the_plain_overlay_has_the_radiograph_s_pixels(sample, tmp_path) -> None:
    out = tmp_path / "why.jpg"
    ran = run(sample, "--label", "Pneumothorax", "--preset", "tchexnet", "--plain", "--out", str(out))
    assert ran.exit_code == 0 and ran.stdout.strip() == str(out)
    with Image.open(out) as overlay, Image.open(sample) as radiograph:
        assert overlay.size == radiograph.size


def test_wrong_usage(sample, tmp_path) -> None:
    assert run(sample, "--label", "Effusion", "--out", str(tmp_path / "why.txt")).exit_code == 2
    assert run(sample, "--out", str(tmp_path / "why.png")).exit_code == 2
    ran = run(sample, "--label", "Efusion", "--out", str(tmp_path / "why.png"))
    assert "Did you mean 'Effusion'" in str(ran.exception) and not (tmp_path / "why.png").exists()
