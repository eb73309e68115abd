"""The two engines say the same, by value, on real radiographs."""

import numpy as np
import pytest

import tchexnet
from tchexnet.datasets import nih, splits
from tchexnet.errors import EngineError
from tchexnet.evaluation.auc import auc
from tchexnet.images.read import read
from tchexnet.runtime import openvino_engine


@pytest.fixture(scope="module")
def validation(shared_data):
    """The validation patients that the shipped presets' epochs were chosen by."""
    training = tchexnet.load("chexnet").preset.training["config"]
    records = nih.read(shared_data / "nih", "train_val_list.txt")
    return splits.split_by_patient(records, training["validation"], training["split_seed"])[1]


@pytest.mark.parametrize("preset", ["chexnet", "tchexnet"])
def test_keras_and_openvino_agree_on_200_radiographs(preset: str, validation) -> None:
    radiographs = [read(validation.path(row)) for row in range(200)]
    ours = tchexnet.load(preset).forward(radiographs)
    reference = tchexnet.load(preset, engine="keras").forward(radiographs)
    assert abs(ours.scores - reference.scores).max() <= 1e-5
    np.testing.assert_allclose(ours.features, reference.features, rtol=1e-3, atol=1e-4)


@pytest.mark.skipif(not openvino_engine.has_bf16(), reason="this processor does not compute in bfloat16")
def test_bf16_moves_no_auc_by_more_than_0002(validation) -> None:
    radiographs = [read(validation.path(row)) for row in range(len(validation))]
    exact = tchexnet.load("chexnet").forward(radiographs).scores
    rough = tchexnet.load("chexnet", precision="bf16").forward(radiographs).scores
    assert not np.array_equal(exact, rough)
    common = [i for i in range(14) if validation.y[:, i].sum() >= 20]
    assert len(common) >= 10
    for i in common:
        moved = auc(validation.y[:, i], rough[:, i]).value - auc(validation.y[:, i], exact[:, i]).value
        assert abs(moved) <= 0.002, validation.labels[i]


def test_an_unknown_engine_or_precision_is_named() -> None:
    with pytest.raises(EngineError, match="'torch' is no engine; use auto, openvino or keras"):
        tchexnet.load("chexnet", engine="torch")  # type: ignore[arg-type]
    with pytest.raises(EngineError, match="'fp8' is no precision"):
        tchexnet.load("chexnet", precision="fp8")  # type: ignore[arg-type]
    with pytest.raises(EngineError, match="The Keras engine computes in fp32"):
        tchexnet.load("chexnet", engine="keras", precision="bf16")
