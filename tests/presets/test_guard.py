"""The guard: synthetic features with known answers, its file, and the shipped presets on real images."""

from dataclasses import replace

import numpy as np
import pytest

import tchexnet
from tchexnet.errors import DataError, PresetError
from tchexnet.images.radiograph import Radiograph
from tchexnet.presets import guard, guarding
from tchexnet.presets import preset as presets

WIDTH, TRAIN, VALID = 1024, 600, 1000


def cloud(count: int, seed: int) -> np.ndarray:
    """Features on 40 lively axes, with a little of everything else."""
    axes = np.random.default_rng(0).normal(size=(40, WIDTH)).astype("f4") / 30
    random = np.random.default_rng(seed)
    return (1 + random.normal(size=(count, 40)) @ axes + random.normal(size=(count, WIDTH)) * 0.05).astype("f4")


def turned(features: np.ndarray) -> np.ndarray:
    return features + np.where(np.arange(WIDTH) < 30, 0.5, 0).astype("f4")


@pytest.fixture(scope="module")
def made() -> guard.Guard:
    return guard.fit(cloud(TRAIN, 1), turned(cloud(200, 2)), cloud(VALID, 3), rate=0.02)


def test_the_rate_is_kept_on_the_validation_images(made) -> None:
    flags = made.flags(cloud(VALID, 3))
    assert flags[:, 0].mean() == flags[:, 1].mean() == 0.01
    assert flags.any(1).mean() <= 0.02
    assert made.counts.tolist() == [TRAIN, 200, VALID]


def test_other_images_of_the_kind_are_seldom_flagged(made) -> None:
    assert made.flags(cloud(VALID, 4)).any(1).mean() < 0.06


def test_what_is_far_and_what_is_turned_is_told_apart(made) -> None:
    far = cloud(50, 5) + np.random.default_rng(6).normal(size=(50, WIDTH)).astype("f4") * 0.5
    assert made.flags(far)[:, 0].all()
    assert made.flags(turned(cloud(50, 7)))[:, 1].all()
    alone = replace(made, limits=np.array([0, np.inf], np.float32))
    assert alone.sentences(far[0]) == (
        "Flagged as unlike the training images (so are 2% of validation images): its scores mean little.",
    )
    (sentence,) = made.sentences(turned(cloud(1, 8))[0])
    assert sentence.startswith("Flagged as turned, inverted or no frontal chest radiograph")


def test_distance_by_hand() -> None:
    """One axis of variance 4 and a rest of 1, in three dimensions: (2, 2, 1) from the mean gives (1 + 4 + 1) / 3."""
    eye = np.eye(3, dtype="f2")[:, :1]
    ones = [np.array(values, "f4") for values in ([0, 0, 0], [4], [1], [0, 0, 1], [-1], [9, 9], [0, 0, 0], [0.01])]
    small = guard.Guard(ones[0], eye, *ones[1:])
    np.testing.assert_allclose(small.measures(np.array([[2, 2, 1]], "f4")), [[np.sqrt(2), 0]], rtol=1e-6)


@pytest.mark.parametrize(("train", "valid", "rate"), [(100, 1000, 0.02), (600, 50, 0.02), (600, 1000, 0.6)])
def test_too_few_images_or_no_rate(train, valid, rate) -> None:
    with pytest.raises(DataError, match="training images or more"):
        guard.fit(cloud(train, 1), cloud(10, 2), cloud(valid, 3), rate)


def test_its_file_comes_back_and_knows_its_weights(made, tmp_path) -> None:
    (tmp_path / presets.WEIGHTS).write_bytes(b"weights")
    preset = presets.Preset("own", "chexnet", ("Mass",), tchexnet.images.Recipe(), folder=tmp_path)
    assert guard.read(preset) is None
    guard.write(preset, made)
    again = guard.read(presets.write(preset))
    assert again is not None and (tmp_path / guard.FILE).stat().st_size < 300_000
    np.testing.assert_array_equal(again.measures(cloud(9, 9)), made.measures(cloud(9, 9)))
    (tmp_path / presets.WEIGHTS).write_bytes(b"others")
    with pytest.raises(PresetError, match="fitted to other weights"):
        guard.read(presets.write(presets.read(tmp_path)))


def test_one_place_joins_the_warnings(repo) -> None:
    """A preset without a guard passes on the radiograph's own; the shipped ones add theirs."""
    shipped = tchexnet.load("chexnet")
    files = {name: sha for name, sha in shipped.preset.files.items() if name != guard.FILE}
    bare = tchexnet.Classifier(replace(shipped.preset, files=files))
    noise = Radiograph(np.random.default_rng(0).random((128, 128), np.float32), 8, "noise", "array", warnings=("Own.",))
    assert bare.predict(noise).warnings == ("Own.",)
    found = shipped.predict(noise).warnings
    assert found[0] == "Own." and found[1].startswith("Flagged as ")
    assert shipped.explain(noise, "Mass").radiograph.warnings == found
    assert shipped.predict(str(repo / "hello_world_images" / "mean_chest.png")).warnings == ()


def test_real_images_of_every_kind(shared_data) -> None:
    """Sixty validation images of other patients than the guard learned from: few warnings upright, many turned."""
    from tchexnet.datasets import nih
    from tchexnet.images.read import read

    classifier = tchexnet.load("chexnet")
    _, valid = guarding.parts(classifier.preset, nih.read(shared_data / "nih", "train_val_list.txt"))
    upright = [read(valid.path(row)) for row in range(0, len(valid), 20)]
    warned = [bool(scores.warnings) for scores in classifier.predict(upright)]
    assert np.mean(warned) < 0.1
    for change in guarding.DISTURBED.values():
        copies = classifier.predict([guarding.changed(one, change) for one in upright])
        assert np.mean([bool(scores.warnings) for scores in copies]) > 0.75


def test_the_command_on_a_small_data_set(tmp_path, monkeypatch) -> None:
    """Noise in a CSV of one's own, and a copy of a shipped preset: the guard's file is sealed, the shares recorded."""
    import shutil

    from PIL import Image
    from typer.testing import CliRunner

    from tchexnet.cli.main import app

    monkeypatch.setattr(guard, "AXES", 4)
    folder = tmp_path / "preset"
    shutil.copytree(tchexnet.load("tchexnet").preset.folder, folder)
    rows = ["image,patient,Pneumothorax"]
    for number in range(60):
        pixels = np.random.default_rng(number).integers(0, 255, (64, 64), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        rows.append(f"{number}.png,{number},{number % 2}")
    (tmp_path / "own.csv").write_text("\n".join(rows) + "\n")
    ran = CliRunner().invoke(
        app, ["presets", "guard", str(folder), "--data", str(tmp_path / "own.csv"), "--rate", "0.4"]
    )
    assert ran.exit_code == 0, ran.output
    assert "fitted on\t54 training images and 216 turned or inverted copies" in ran.stdout
    preset = presets.read(folder)
    assert guard.FILE in preset.files and guard.read(preset) is not None
    assert preset.training["train"].get("prevalence") == tchexnet.load("tchexnet").preset.training["train"].get(
        "prevalence"
    )
