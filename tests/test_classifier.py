"""The classifier: one source or many, names instead of positions, nothing scored that was not read."""

import numpy as np
import pytest

import tchexnet
from tchexnet.errors import ImageError, LabelError

SAMPLE = "hello_world_images/mean_chest.png"


@pytest.fixture(scope="module")
def chexnet():
    return tchexnet.load("chexnet")


@pytest.fixture(scope="module")
def sample(repo) -> str:
    return str(repo / SAMPLE)


def test_scores_are_a_mapping_by_label(chexnet, sample: str) -> None:
    scores = chexnet.predict(sample)
    assert list(scores) == list(tchexnet.NIH14)
    assert isinstance(scores["Edema"], np.float32)
    assert dict(scores.top(14)) == dict(scores)
    with pytest.raises(LabelError, match="Did you mean 'Effusion'"):
        scores["Efusion"]


def test_a_list_gives_a_list_in_order_and_batches_change_nothing(chexnet, sample: str) -> None:
    image = np.random.default_rng(0).random((180, 150), np.float32)
    many = chexnet.predict([image, sample] * 17)
    assert len(many) == 34
    np.testing.assert_allclose(many[33].array, chexnet.predict(sample).array, atol=1e-6)
    np.testing.assert_allclose(many[32].array, chexnet.predict(image).array, atol=1e-6)


def test_features_are_what_the_head_sees(chexnet, sample: str) -> None:
    features = chexnet.features([sample, sample])
    assert features.shape == (2, 1024) and features.dtype == np.float32
    assert chexnet.features(sample).shape == (1, 1024)
    assert chexnet.features([]).shape == (0, 1024)


def test_an_array_and_its_file_score_alike(chexnet, sample: str) -> None:
    from PIL import Image

    array = np.asarray(Image.open(sample))
    np.testing.assert_allclose(chexnet.predict(array).array, chexnet.predict(sample).array, atol=1e-6)


def test_what_cannot_be_read_is_not_scored(chexnet) -> None:
    with pytest.raises(ImageError):
        chexnet.predict(np.zeros((100, 100), np.uint8))


def test_the_card_and_the_recipe_come_along(chexnet) -> None:
    assert chexnet.card.startswith("# chexnet")
    assert chexnet.recipe.size == 128
