"""What is said before a preset is evaluated on images that it may have learned from."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tchexnet.images.recipe import Recipe
from tchexnet.presets import contamination, registry, seen
from tchexnet.presets import preset as presets
from tchexnet.presets.contamination import warnings
from tchexnet.presets.preset import Preset

NIH = [f"images/{patient:08}_{view:03}.png" for patient in range(20) for view in range(3)]
CHEXPERT = [f"CheXpert-v1.0/train/patient{patient:05}/study1/view1_frontal.jpg" for patient in range(20)]
OWN = [f"ward-{number}.dcm" for number in range(10)]


def trained(folder: Path, train, valid=(), parent: Preset | None = None, **fields) -> Preset:
    folder.mkdir()
    before = seen.read(parent.path(seen.FILE)) if parent else ()
    seen.write(folder, seen.rows({"train": train, "valid": valid}, before))
    name = parent.name if parent else None
    made = Preset(folder.name, "chexnet", ("Mass",), Recipe(), folder=folder, parent=name, **fields)
    return presets.write(made)


def imported(name: str) -> Preset:
    return Preset(name, "chexnet", ("Mass",), Recipe(), source=registry.get(name).facts())


def test_overlap_is_counted_by_its_gravest_kind(tmp_path: Path) -> None:
    base = trained(tmp_path / "base", NIH[:10])
    preset = trained(tmp_path / "mine", NIH[20:30], NIH[30:34], parent=base)
    assert warnings(preset, NIH[28:40]) == (
        "'mine' was trained on 2 of the 12 images: its figures on them say nothing about new ones.",
        "4 of the 12 images are among those by which the epoch of 'mine' was chosen.",
    )
    assert warnings(preset, NIH[5:12]) == ("'base', which 'mine' started from, was trained on 5 of the 7 images.",)


def test_another_folder_or_suffix_is_the_same_image(tmp_path: Path) -> None:
    preset = trained(tmp_path / "mine", NIH[:2])
    for name in ("00000000_000.jpg", "x\\y\\00000000_000.PNG", "/a/00000000_001.dcm"):
        assert len(warnings(preset, [name, "other.png"])) == 1


def test_chexperts_files_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    preset = trained(tmp_path / "mine", CHEXPERT[:10], CHEXPERT[10:12])
    assert warnings(preset, CHEXPERT[12:]) == ()
    assert "'mine' was trained on 1 of the 9 images" in warnings(preset, CHEXPERT[9:10] + CHEXPERT[12:])[0]
    assert warnings(preset, ["view1_frontal.jpg", *CHEXPERT[12:]]) == (
        "1 of the 9 names are too short to be found in the list of 'mine', which takes 3 parts of a path.",
    )


def test_no_overlap_and_no_images_say_nothing(tmp_path: Path) -> None:
    preset = trained(tmp_path / "mine", NIH[:30], NIH[30:40])
    assert warnings(preset, NIH[40:]) == warnings(preset, CHEXPERT) == warnings(preset, []) == ()


def test_no_name_is_readable_in_the_list(tmp_path: Path) -> None:
    preset = trained(tmp_path / "mine", ["DOE^JANE.dcm"])
    lines = preset.path(seen.FILE).read_text().splitlines()
    assert lines[0] == ",".join(seen.COLUMNS) and lines[1].startswith("train,1,") and len(lines[1]) == 8 + seen.DIGITS
    assert "DOE" not in lines[1]


def test_public_files_warn_by_what_is_known_about_them() -> None:
    (said,) = warnings(imported("arnoweng"), NIH)
    assert said.startswith("'arnoweng' was trained on NIH ChestX-ray14; the lists of github.com/arnoweng/CheXNet")
    assert said.endswith("Which images is not recorded; some of these 60 of NIH ChestX-ray14 may be among them.")
    assert warnings(imported("arnoweng"), CHEXPERT) == warnings(imported("arnoweng"), OWN) == ()
    assert len(warnings(imported("tchexnet-paper"), CHEXPERT)) == len(warnings(imported("tchexnet-paper"), NIH)) == 1
    assert len(warnings(imported("xrv-rsna"), NIH)) == 1


def test_what_nobody_knows_is_said() -> None:
    assert warnings(Preset("x", "chexnet", ("Mass",), Recipe()), OWN) == (
        "What 'x' was trained on is not known; it may have been these images.",
    )


def test_a_list_known_by_its_hash_alone_is_recognised() -> None:
    part = {"list_sha256": contamination.list_sha256(NIH[:9])}
    preset = Preset("x", "chexnet", ("Mass",), Recipe(), training={"train": part, "data": "NIH ChestX-ray14, a part"})
    assert warnings(preset, NIH[8::-1]) == ("These are exactly the images that 'x' was trained on.",)
    assert "Which images is not recorded" in warnings(preset, NIH[:8])[0]


@pytest.mark.parametrize(
    ("said", "count"), [({"trained_on": "NIH ChestX-ray14"}, 1), ({"trained_on": "PadChest"}, 0), ({}, 1)]
)
def test_a_start_without_a_list_is_named(tmp_path: Path, said: dict, count: int) -> None:
    preset = trained(tmp_path / "mine", CHEXPERT, training={"start": {"name": "old", **said}})
    assert warnings(preset, NIH) == ()
    found = warnings(replace(preset, parent="old"), NIH)
    assert len(found) == count and all("'old', the start of 'mine'," in sentence for sentence in found)
    assert warnings(replace(preset, parent="imagenet"), NIH) == ()


def test_a_start_trained_on_the_same_images_adds_nothing(tmp_path: Path) -> None:
    start = {"name": "old", "trained_on": "NIH ChestX-ray14", "list_sha256": "a" * 64}
    preset = trained(tmp_path / "mine", CHEXPERT, training={"start": start, "train": {"list_sha256": "a" * 64}})
    assert warnings(replace(preset, parent="old"), NIH) == ()
    other = replace(preset, parent="old", training={"start": start, "train": {"list_sha256": "b" * 64}})
    assert len(warnings(other, NIH)) == 1


PATHS = st.lists(st.text("ab1", min_size=1), min_size=1, max_size=3).map("/".join)


@given(st.lists(PATHS, unique=True, min_size=1, max_size=20), st.data())
def test_every_image_of_the_list_is_found_again(names: list[str], data: st.DataObject) -> None:
    rows = seen.rows({"train": names})
    preset = Preset("x", "chexnet", ("Mass",), Recipe())
    some = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    (said,) = contamination.judged(preset, rows, some)
    assert said.startswith("'x' was trained on")
