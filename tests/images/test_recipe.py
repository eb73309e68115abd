"""Recipes: the geometry, the numbers, and the originals' own preprocessing."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tchexnet.errors import RecipeError
from tchexnet.images import recipe as recipes
from tchexnet.images.radiograph import Radiograph
from tchexnet.images.recipe import Recipe


def radiograph(height: int, width: int, seed: int = 0) -> Radiograph:
    pixels = np.random.default_rng(seed).random((height, width), np.float32)
    return Radiograph(pixels, 8, "<array>", "array")


@settings(max_examples=60, deadline=None)
@given(
    st.integers(40, 300),
    st.integers(40, 300),
    st.sampled_from(["stretch", "crop", "pad"]),
    st.sampled_from(["bilinear", "bicubic", "lanczos", "box"]),
    st.sampled_from(["one", "flip", "ten-crop"]),
    st.sampled_from([1, 3]),
)
def test_every_recipe_gives_the_shape_it_states(height, width, fit, interpolation, views, channels) -> None:
    if views == "ten-crop":
        fit = "crop"
    numbers = (0.5,) * channels
    recipe = Recipe(64, fit, None, interpolation, channels, views, mean=numbers, std=numbers)
    batch = recipe.apply(radiograph(height, width))
    assert batch.shape == (recipe.view_count, *recipe.input_shape)
    assert batch.dtype == np.float32
    assert batch.min() >= -1 - 1e-6 and batch.max() <= 1 + 1e-6


def test_imagenet_numbers_by_hand() -> None:
    grey = np.full((224, 224), 0.25, np.float32)
    batch = recipes.IMAGENET.apply(Radiograph(grey, 8, "x", "array"))
    by_hand = [(0.25 - 0.485) / 0.229, (0.25 - 0.456) / 0.224, (0.25 - 0.406) / 0.225]
    np.testing.assert_allclose(batch[0, 7, 9], by_hand, rtol=1e-6)


def test_torchxrayvision_goes_from_minus_1024_to_1024_on_one_channel() -> None:
    grey = np.linspace(0, 1, 224 * 224, dtype=np.float32).reshape(224, 224)
    batch = recipes.TORCHXRAYVISION.apply(Radiograph(grey, 8, "x", "array"))
    assert batch.shape == (1, 224, 224, 1)
    assert (batch.min(), batch.max()) == (-1024, 1024)


def test_ten_crops_are_corners_centre_and_mirrors() -> None:
    recipe = replace(recipes.ARNOWENG, mean=(0.0,) * 3, std=(1.0,) * 3)
    image = radiograph(256, 300)
    batch = recipe.apply(image)[..., 0]
    np.testing.assert_array_equal(batch[0], image.pixels[:224, :224])
    np.testing.assert_array_equal(batch[3], image.pixels[-224:, -224:])
    np.testing.assert_array_equal(batch[4], image.pixels[16:240, 38:262])
    np.testing.assert_array_equal(batch[5:], batch[:5, :, ::-1])


def test_pad_keeps_the_aspect_ratio_and_adds_black() -> None:
    image = Radiograph(np.ones((100, 50), np.float32), 8, "x", "array")
    canvas = Recipe(size=64, fit="pad").canvas(image)
    assert canvas[:, 32].min() == 1
    assert canvas[:, :15].max() == 0 and canvas[:, -15:].max() == 0


def test_crop_cuts_the_centre_of_the_longer_side() -> None:
    pixels = np.zeros((64, 192), np.float32)
    pixels[:, 64:128] = 1
    assert Recipe(size=64, fit="crop").canvas(Radiograph(pixels, 8, "x", "array")).min() == 1


def test_shrinking_averages_instead_of_skipping() -> None:
    stripes = np.tile(np.float32([0, 1]), (512, 256))
    canvas = Recipe(size=64).canvas(Radiograph(stripes, 8, "x", "array"))
    assert abs(canvas[8:-8, 8:-8] - 0.5).max() < 0.02


@pytest.mark.parametrize("recipe", [recipes.IMAGENET, recipes.TORCHVISION, recipes.ARNOWENG, recipes.TORCHXRAYVISION])
def test_a_recipe_survives_json(recipe: Recipe) -> None:
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"size": 7}, "size must lie between"),
        ({"fit": "squash"}, "fit must be"),
        ({"interpolation": "psychic"}, "interpolation must be"),
        ({"views": "many"}, "views must be"),
        ({"channels": 1}, "mean and std need 1"),
        ({"std": (0, 1, 1)}, "std must be above 0"),
        ({"low": 1.0, "high": 1.0}, "must be above low"),
        ({"resize_to": 256}, "goes with fit 'crop'"),
        ({"fit": "crop", "resize_to": 100}, "at least size"),
        ({"views": "ten-crop"}, "ten crops need"),
        ({"zoom": 2}, "unknown fields: zoom"),
    ],
)
def test_impossible_recipes_are_refused_with_the_reason(fields: dict, says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        Recipe.from_dict(fields)
