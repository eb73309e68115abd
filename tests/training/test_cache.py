"""The prefix cache changes the time a stage takes, not what it computes."""

import resource
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tchexnet.datasets.pipeline import Augmentation
from tchexnet.errors import ConfigError, DataError
from tchexnet.images.recipe import Recipe
from tchexnet.training import cache, network
from tchexnet.training.stages import Cache
from tchexnet.training.trainer import Trainer

from .plans import one_stage

RECIPE = Recipe(size=32)
KERAS = Cache(engine="keras")


def losses(plan, parts, out: Path) -> np.ndarray:
    run = Trainer(plan, *parts, out)
    run.run()
    return np.array([[row["loss"], row["valid_loss"], row["valid_auc"]] for row in run.progress.rows])


@pytest.fixture(scope="module")
def frozen(small_network):
    return network.cut(network.build(one_stage({}), 32), "conv5")[0]


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).random((20, 32, 32)).astype(np.float16)


@pytest.mark.usefixtures("small_network")
@pytest.mark.parametrize(("first", "engine"), [("head", "openvino"), ("conv5", "keras"), ("conv4", "keras")])
def test_a_float32_cache_gives_the_same_curve(parts, tmp_path: Path, first: str, engine: str) -> None:
    stage = {"first": first, "epochs": 3}
    kept = losses(one_stage({**stage, "cache": {"engine": engine}}), parts, tmp_path / "cached")
    np.testing.assert_allclose(kept, losses(one_stage(stage), parts, tmp_path / "plain"), atol=1e-3)


@pytest.mark.slow
def test_so_does_densenet_121s(parts, tmp_path: Path) -> None:
    stage = {"first": "conv5", "epochs": 3}
    kept = losses(one_stage({**stage, "cache": True}), parts, tmp_path / "cached")
    np.testing.assert_allclose(kept, losses(one_stage(stage), parts, tmp_path / "plain"), atol=1e-3)


def test_the_two_engines_keep_the_same_numbers(frozen, pixels, tmp_path: Path) -> None:
    ours = cache.activations(cache.Prefix(frozen, Cache()), pixels, RECIPE, tmp_path)
    reference = cache.activations(cache.Prefix(frozen, KERAS), pixels, RECIPE, tmp_path)
    assert ours.shape == (1, 20, *frozen.output_shape[1:]) and len(list(tmp_path.glob("prefix-*.npy"))) == 2
    np.testing.assert_allclose(ours, reference, rtol=1e-3, atol=1e-4)


def test_side_by_side_keeps_the_order_and_little_else() -> None:
    """20 batches on 3 threads: results as they were asked for, and never more than two batches a thread under way."""
    begun = taken = most = 0

    def items() -> Iterator[int]:
        nonlocal begun, most
        for item in range(20):
            begun += 1
            most = max(most, begun - taken)
            yield item

    for result in cache.side_by_side(lambda item: (time.sleep(0.001 * (item % 4)), item * item)[1], items(), 3):
        assert result == taken * taken
        taken += 1
    assert taken == 20 and most == 6
    with pytest.raises(ZeroDivisionError):
        list(cache.side_by_side(lambda item: 1 // item, [1, 0, 1], 2))


def test_a_second_call_computes_nothing(frozen, pixels, tmp_path: Path) -> None:
    cache.activations(cache.Prefix(frozen, KERAS), pixels, RECIPE, tmp_path)
    seen: list[int] = []
    cache.activations(
        cache.Prefix(frozen, KERAS), pixels, RECIPE, tmp_path, progress=lambda done, total: seen.append(done)
    )
    assert seen == []


def test_whatever_changes_the_numbers_changes_the_key(frozen, pixels, tmp_path: Path) -> None:
    def keep(**changes) -> None:
        given = {"pixels": pixels, "recipe": RECIPE, **changes}
        cache.activations(cache.Prefix(frozen, given.pop("settings", KERAS)), folder=tmp_path, **given)

    keep()
    keep(pixels=pixels[::-1])
    keep(recipe=replace(RECIPE, mean=(0.5, 0.5, 0.5)))
    keep(settings=replace(KERAS, dtype="float16"))
    keep(augmentation=Augmentation())
    keep(augmentation=Augmentation(), seed=1)
    before = frozen.get_weights()
    frozen.set_weights([weight * 1.5 for weight in before])
    keep()
    frozen.set_weights(before)
    assert len(list(tmp_path.glob("prefix-*.npy"))) == 7


def test_copies_differ_and_epochs_take_them_in_turn(frozen, pixels, tmp_path: Path) -> None:
    kept = cache.activations(
        cache.Prefix(frozen, replace(KERAS, copies=2)), pixels, RECIPE, tmp_path, augmentation=Augmentation()
    )
    assert len(kept) == 2 and not np.array_equal(kept[0], kept[1])
    for epoch, copy in ((0, 0), (1, 1), (2, 0)):
        rows = np.arange(20, dtype=np.float32)[:, None]
        for inputs, labels in cache.batches(kept, rows, batch_size=5, seed=0, epoch=epoch):
            np.testing.assert_array_equal(inputs, kept[copy][labels[:, 0].astype(int)])


def test_float16_halves_the_file_and_stays_near(frozen, pixels, tmp_path: Path) -> None:
    whole = cache.activations(cache.Prefix(frozen, KERAS), pixels, RECIPE, tmp_path)
    half = cache.activations(cache.Prefix(frozen, replace(KERAS, dtype="float16")), pixels, RECIPE, tmp_path)
    assert half.nbytes * 2 == whole.nbytes
    np.testing.assert_allclose(half, whole, rtol=2e-3, atol=1e-4)


def test_no_room_is_said_before_anything_is_computed(
    frozen, pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=1000))
    with pytest.raises(DataError, match=r"activations of 20 images need 0\.\d+ GB in .* where 0.000 GB are free"):
        cache.activations(cache.Prefix(frozen, KERAS), pixels, RECIPE, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_meanwhile_is_no_crash(frozen, pixels, tmp_path: Path) -> None:
    """The system refuses the blocks although it said that there is room, as when another process takes them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
    try:
        with pytest.raises(DataError, match="activations of 20 images need .* make room, or give an --out"):
            cache.activations(cache.Prefix(frozen, KERAS), pixels, RECIPE, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
    assert cache.activations(cache.Prefix(frozen, KERAS), pixels, RECIPE, tmp_path).any()


def test_a_cut_within_a_block_is_refused(small_network) -> None:
    with pytest.raises(ConfigError, match="cannot be cut in two at 'conv4_block1_2_conv'"):
        network.cut(network.build(one_stage({}), 32), "conv4_block1_2_conv")


def test_nothing_is_cached_where_all_layers_learn() -> None:
    with pytest.raises(ConfigError, match="nothing to cache where all layers learn"):
        one_stage({"first": "all", "cache": True})
