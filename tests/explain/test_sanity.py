"""The randomisation test: on a network of two matrices, by hand, and on the real one in Keras."""

import numpy as np
import pytest

from tchexnet.explain import sanity


class Small:
    """Radiographs (n, 4, 4, 3) through one mixing of channels and one head; the grid is the class activation map."""

    def __init__(self) -> None:
        random = np.random.default_rng(0)
        self.images = random.random((6, 4, 4, 3), np.float32)
        self.mixing, self.head = random.normal(size=(3, 8)).astype("f4"), random.normal(size=8).astype("f4")

    def maps(self) -> sanity.Maps:
        grids = np.maximum(self.images @ self.mixing, 0) @ self.head
        low, high = grids.min((1, 2), keepdims=True), grids.max((1, 2), keepdims=True)
        return grids, ((grids - low) / np.maximum(high - low, 1e-9)).repeat(4, 1).repeat(4, 2)

    def redraw(self, name: str) -> None:
        setattr(self, name, np.random.default_rng(1).normal(size=getattr(self, name).shape).astype("f4"))


def test_maps_that_depend_on_the_weights_change() -> None:
    network = Small()
    stages = [("nothing", lambda: None), ("head", lambda: network.redraw("head"))]
    rows = {
        row.stage: row for row in sanity.cascade(network.maps, [*stages, ("all", lambda: network.redraw("mixing"))])
    }
    assert rows["nothing"].spearman == pytest.approx(1) and rows["nothing"].ssim == pytest.approx(1)
    assert rows["head"].spearman < 0.9 and rows["all"].ssim < 0.9
    assert abs(rows["none; against noise"].spearman) < 0.5 and rows["head"].n == 6


def test_an_edge_detector_is_caught() -> None:
    """A map that ignores the weights stays the same to the end: that is what the test is for."""
    network = Small()
    fixed = network.maps()
    *_, last = sanity.cascade(lambda: fixed, [("head", lambda: network.redraw("head"))])
    assert last.spearman == pytest.approx(1) and last.ssim == pytest.approx(1)


def test_by_hand() -> None:
    """Reversed ranks give -1; a flat grid has no ranks and is counted."""
    up = np.arange(4, dtype="f4").reshape(1, 2, 2)
    heat = np.zeros((1, 8, 8), np.float32)
    assert sanity.similarity("s", (up, heat), (-up, heat)).spearman == -1
    flat = sanity.similarity("s", (up, heat), (np.zeros_like(up), heat))
    assert np.isnan(flat.spearman) and flat.undefined == 1 and flat.ssim == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["chexnet", "tchexnet"])
def test_the_shipped_maps_depend_on_the_weights(name, repo) -> None:
    """On two made-up radiographs: every weight is drawn anew, and random weights leave little of the maps."""
    import tchexnet
    from tchexnet.cli import randomised as command
    from tchexnet.images.read import read
    from tchexnet.models import densenet, randomised
    from tchexnet.presets import keras_weights

    classifier = tchexnet.load(name)
    model = densenet.tapped(keras_weights.build(classifier.preset))
    chest = read(str(repo / "hello_world_images" / "mean_chest.png"))
    noise = read(np.random.default_rng(0).random((128, 128), np.float32))
    shown = [(chest, "Pneumothorax"), (noise, "Pneumothorax")]
    before = {weight.path: np.array(weight) for weight in model.weights}
    stages = list(randomised.stages(model))
    rows = list(sanity.cascade(lambda: command.maps(model, classifier, shown), stages))
    assert len(rows) == 2 + len(stages) and abs(rows[-1].spearman) < 0.9
    after = {weight.path: np.array(weight) for weight in model.weights}
    assert not [path for path, old in before.items() if np.array_equal(old, after[path])]


@pytest.mark.slow
def test_maps_before_any_change_are_those_of_explain(repo) -> None:
    """The randomisation test looks at the maps that people see, not at others."""
    import tchexnet
    from tchexnet.cli import randomised as command
    from tchexnet.images.read import read
    from tchexnet.models import densenet
    from tchexnet.presets import keras_weights

    classifier = tchexnet.load("tchexnet")
    chest = read(str(repo / "hello_world_images" / "mean_chest.png"))
    model = densenet.tapped(keras_weights.build(classifier.preset))
    grids, _ = command.maps(model, classifier, [(chest, "Pneumothorax")])
    np.testing.assert_allclose(grids[0], classifier.explain(chest, "Pneumothorax").grid, atol=1e-4)
