"""The table of boxes against maps: a map that knows beats its controls, and a boxes file becomes two files."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tchexnet
from tchexnet.datasets.boxes import Box
from tchexnet.errors import DataError
from tchexnet.explain import Explanation, localising
from tchexnet.images.frame import Frame
from tchexnet.images.radiograph import Radiograph

QUARTERS = {"top left": (0, 0), "top right": (0, 1), "bottom left": (1, 0), "bottom right": (1, 1)}


def corner(image: str) -> tuple[int, int]:
    return list(QUARTERS.values())[int(image[:8]) % 4]


def box(number: int) -> Box:
    row, column = corner(f"{number:08}")
    return Box(f"{number:08}_000.png", "Mass", column / 2, row / 2, (column + 1) / 2, (row + 1) / 2)


BOXES = [box(number) for number in range(12)]
PATHS = {one.image: Path(one.image) for one in BOXES}


def knowing(path: Path, labels: list[str]) -> list[Explanation]:
    """2 x 2 maps that are hot in the quarter of the image's box."""
    grid = np.zeros((2, 2), np.float32)
    grid[corner(path.name)] = 1
    radiograph = Radiograph(np.zeros((40, 60), np.float32), 8, str(path), "PNG")
    return [Explanation(label, "CAM", grid, 0.5, radiograph, Frame(0, 0, 40, 60), 0.0, 1.0) for label in labels]


def pick(rows, name, measure, overlap=None, label="all"):
    (row,) = [r for r in rows if (r.label, r.map, r.measure, r.overlap) == (label, name, measure, overlap)]
    return row


def test_a_map_that_knows_beats_the_controls() -> None:
    rows = localising.localise(knowing, BOXES, PATHS)
    assert pick(rows, "map", "pointing").accuracy == 1 and pick(rows, "map", "iobb", 0.5).accuracy == 1
    assert pick(rows, "map", "pointing").n == pick(rows, "random", "pointing").n == 12
    # The other patients' boxes lie in the other quarters more often: their mean is hot there.
    assert pick(rows, "mean", "pointing").accuracy == 0
    assert 0.1 < pick(rows, "random", "pointing").accuracy < 0.4 and pick(rows, "random", "iou", 0.5).low is None


def test_boxes_on_other_images_are_left_out_and_counted() -> None:
    few = {name: path for name, path in PATHS.items() if name < "00000003"}
    rows = localising.localise(knowing, BOXES, few)
    assert {row.n for row in rows} == {3}
    found = json.loads(json.dumps(localising.to_dict(rows, BOXES, few)))
    assert (found["boxes"], found["images"], found["patients"]) == (3, 3, 3)


def test_the_same_seed_draws_the_same_noise() -> None:
    assert localising.localise(knowing, BOXES, PATHS, seed=3) == localising.localise(knowing, BOXES, PATHS, seed=3)


def test_a_network_at_another_size_has_a_finer_grid() -> None:
    preset = tchexnet.load("chexnet").preset
    large = tchexnet.Classifier(replace(preset, recipe=replace(preset.recipe, size=224)))
    pixels = np.random.default_rng(0).random((300, 300), np.float32)
    assert large.explain(pixels, "Mass").grid.shape == (7, 7)


def test_the_command_s_files(tmp_path) -> None:
    """A made-up NIH folder of noise: two files, one row a map, measure and overlap."""
    from tchexnet.cli import boxes

    (tmp_path / "images").mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (2, 64, 64), np.uint8)
    for number, pixels in enumerate(noise):
        Image.fromarray(pixels).save(tmp_path / "images" / f"0000000{number}_000.png")
    table = "Image Index,Finding Labels,Patient ID\n00000000_000.png,Mass,0\n00000001_000.png,Mass,1\n"
    (tmp_path / "Data_Entry_2017.csv").write_text(table)
    listed = tmp_path / "boxes.csv"
    listed.write_text("Image Index,Finding Label,Bbox [x,y,w,h],,,\n00000000_000.png,Mass,10,10,500,500\n")
    rows = boxes.evaluate(tchexnet.load("chexnet"), listed, tmp_path, tmp_path / "out")
    found = json.loads((tmp_path / "out" / "localization.json").read_text())
    assert found["boxes"] == 1 and len(found["rows"]) == len(rows) == 2 * 3 * 17
    assert (tmp_path / "out" / "localization.csv").read_text().count("\n") == len(rows) + 1
    listed.write_text("Image Index,Finding Label,Bbox [x,y,w,h],,,\n00000009_000.png,Mass,10,10,500,500\n")
    with pytest.raises(DataError, match="None of the boxes"):
        boxes.evaluate(tchexnet.load("chexnet"), listed, tmp_path, tmp_path / "out")
