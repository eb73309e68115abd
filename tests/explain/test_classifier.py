"""`Classifier.explain` on the shipped presets and on imported heads, and the gradients of the whole Keras network."""

from dataclasses import replace

import numpy as np
import pytest

import tchexnet
from tchexnet.errors import ExplainError, LabelError, PresetError
from tchexnet.explain import cam
from tchexnet.presets import explaining
from tests.presets import networks

SAMPLE = "hello_world_images/mean_chest.png"


@pytest.fixture(scope="module", params=["chexnet", "tchexnet"])
def classifier(request):
    return tchexnet.load(request.param)


def logit(score: float) -> float:
    return float(np.log(score / (1 - score)))


def test_the_map_adds_up_to_the_score(classifier, repo) -> None:
    path = str(repo / SAMPLE)
    found = classifier.explain(path, "Pneumothorax")
    assert found.score == pytest.approx(float(classifier.predict(path)["Pneumothorax"]), abs=1e-6)
    assert found.grid.shape == (4, 4) and found.grid.dtype == np.float32
    outputs = classifier.forward([tchexnet.images.read(path)])
    position = classifier.labels.index("Pneumothorax")
    rest = cam.offset(outputs.feature_map[0], explaining.head(classifier.preset), position)
    assert found.grid.sum() + rest == pytest.approx(logit(found.score), abs=1e-3)


def test_heat_and_image_lie_on_the_radiograph(classifier) -> None:
    pixels = np.random.default_rng(0).random((150, 220), np.float32)
    found = classifier.explain(pixels, "Pneumothorax")
    heat = found.heat()
    assert heat.shape == (150, 220) and heat.dtype == np.float32 and heat.min() >= 0 and heat.max() <= 1
    assert found.image().size == (220, 150)


def test_what_cannot_be_explained_is_one_sentence(classifier, repo) -> None:
    path = str(repo / SAMPLE)
    with pytest.raises(LabelError, match="Did you mean 'Pneumothorax'"):
        classifier.explain(path, "Pneumotorax")
    with pytest.raises(ExplainError, match="use cam or odds"):
        classifier.explain(path, "Pneumothorax", view="lime")


def test_odds_need_a_prevalence(classifier, repo) -> None:
    """Half of the training images: the logit of the prevalence is 0, so a cell's odds are those of its own features."""
    path = str(repo / SAMPLE)
    ours = tchexnet.Classifier(replace(classifier.preset, training={"train": {"prevalence": {"Pneumothorax": 0.5}}}))
    found = ours.explain(path, "Pneumothorax", view="odds")
    outputs = ours.forward([tchexnet.images.read(path)])
    own = cam.logits(explaining.head(ours.preset), outputs.feature_map[0])
    np.testing.assert_array_equal(found.grid, own[..., ours.labels.index("Pneumothorax")])
    assert found.low == 0 and found.method == "log-odds over prevalence"
    with pytest.raises(PresetError, match="does not say how common Pneumothorax was"):
        tchexnet.Classifier(replace(classifier.preset, training={})).explain(path, "Pneumothorax", view="odds")


def test_an_imported_head_of_three_layers(tmp_path, monkeypatch, repo) -> None:
    """512-256-6: the closed form holds for any number of hidden layers."""
    from safetensors.numpy import save_file

    from tchexnet.presets import preset as presets

    save_file(networks.weights(3, (512, 256), 6), tmp_path / presets.WEIGHTS)
    preset = presets.write(presets.Preset("own", "tchexnet", tuple("abcdef"), tchexnet.load("tchexnet").recipe,
                                          hidden=(512, 256), folder=tmp_path))  # fmt: skip
    head = explaining.head(preset)
    assert [kernel.shape for kernel, _ in head] == [(1024, 512), (512, 256), (256, 6)]
    with pytest.raises(PresetError, match="no dense layer 'hidden_3'"):
        explaining.head(replace(preset, hidden=(512, 256, 8)))


@pytest.mark.slow
def test_the_whole_network_s_gradients_are_those_of_keras(classifier, repo) -> None:
    """Keras differentiates the exported logit by the last feature map; Grad-CAM's weights are its means."""
    import keras
    import tensorflow as tf

    from tchexnet.models import densenet
    from tchexnet.presets import keras_weights

    model = keras_weights.build(classifier.preset)
    batch = classifier.recipe.apply(tchexnet.images.read(str(repo / SAMPLE)))
    body = keras.Model(model.inputs[0], model.get_layer(densenet.FEATURE_MAP).output)
    top = keras.Model(model.get_layer(densenet.FEATURE_MAP).output, model.output)
    position = classifier.labels.index("Pneumothorax")
    feature_map = tf.convert_to_tensor(body(batch))
    with tf.GradientTape() as tape:
        tape.watch(feature_map)
        score = top(feature_map)[0, position]
        value = tf.math.log(score) - tf.math.log(1 - score)
    weights = tape.gradient(value, feature_map).numpy()[0].mean((0, 1))
    found = classifier.explain(str(repo / SAMPLE), "Pneumothorax")
    np.testing.assert_allclose(found.grid, feature_map.numpy()[0] @ weights, atol=1e-3)
