"""`tchexnet.score`: rows as they come; and `CheXNetFeatures` in scikit-learn."""

import inspect
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import SkipTestWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks, get_tags

import tchexnet
from tchexnet.errors import ConfigError, ImageError

from .samples import FAULTS, files_below, make_folder

WITHOUT_NUMBERS = """
    check_estimator_cloneable check_estimator_tags_renamed check_valid_tag_types check_estimator_repr
    check_no_attributes_set_in_init check_do_not_raise_errors_in_init_or_set_params check_n_features_in_after_fitting
    check_mixin_order check_transformer_n_iter check_parameters_default_constructible check_get_params_invariance
    check_set_params
""".split()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return make_folder(tmp_path_factory.mktemp("source") / "in", 20)


@pytest.fixture(scope="module")
def good(folder: Path) -> list[str]:
    return [path for path in files_below(folder) if Path(path).name not in FAULTS]


def test_a_folder_or_its_paths_give_a_row_each_in_order(folder: Path, good: list[str]) -> None:
    found = list(tchexnet.score(folder, precision="fp32"))
    assert [row.path for row in found] == files_below(folder)
    for row in found:
        name = Path(row.path).name
        assert (row.error.kind if row.error else None) == FAULTS.get(name)
        assert (row.scores is None) == (row.features is None) == (name in FAULTS)
    again = tchexnet.score((Path(row.path) for row in found), precision="fp32", workers=1)
    assert [row.scores and row.scores.array.tolist() for row in again] == [
        row.scores and row.scores.array.tolist() for row in found
    ]
    assert found[-1].scores.top(1) and found[-1].features.shape == (1024,)


def test_rows_are_computed_as_they_are_asked_for(good: list[str]) -> None:
    asked = []

    def paths():
        for path in good * 20:
            asked.append(path)
            yield path

    found = tchexnet.score(paths(), precision="fp32", workers=1, batch=2)
    next(found)
    assert len(asked) <= 6
    found.close()


def test_features_drop_into_a_pipeline(good: list[str]) -> None:
    labels = np.arange(len(good)) % 2
    model = make_pipeline(tchexnet.CheXNetFeatures(), LogisticRegression(max_iter=1000)).fit(good, labels)
    assert model.predict_proba(good[:3]).shape == (3, 2)
    expected = tchexnet.load("chexnet").features(good[:3])
    np.testing.assert_allclose(model[0].transform(good[:3]), expected, rtol=1e-3, atol=1e-4)
    copy = pickle.loads(pickle.dumps(model))
    assert np.array_equal(copy.predict_proba(good), model.predict_proba(good))


@pytest.mark.parametrize("kind", [list, np.array, pd.Series, lambda paths: pd.DataFrame({"image": paths})])
def test_paths_come_in_any_column(good: list[str], kind) -> None:
    features = tchexnet.CheXNetFeatures()
    found = features.fit_transform(kind(good[:2]))
    assert found.shape == (2, 1024) and found.dtype == np.float32
    assert list(features.get_feature_names_out()[[0, 1023]]) == ["f0000", "f1023"]
    framed = features.set_output(transform="pandas").transform(kind(good[:2]))
    assert framed.shape == (2, 1024) and framed.columns[7] == "f0007"


def test_a_bad_radiograph_raises_or_is_nan(folder: Path, good: list[str]) -> None:
    paths = [good[0], str(folder / "a" / "text.png"), good[1]]
    with pytest.raises(ImageError, match=r"text\.png is no PNG"):
        tchexnet.CheXNetFeatures().transform(paths)
    found = tchexnet.CheXNetFeatures(on_error="nan").transform(paths)
    assert np.isnan(found).all(axis=1).tolist() == [False, True, False]
    with pytest.raises(ConfigError, match="on_error must be one of raise, nan"):
        tchexnet.CheXNetFeatures(on_error="skip").fit(paths)


def test_what_is_no_column_of_paths_is_refused() -> None:
    with pytest.raises(ValueError, match="one column of paths"):
        tchexnet.CheXNetFeatures().fit(np.array([["a.png", "b.png"]]))
    with pytest.raises(ValueError, match="3 of type int was given"):
        tchexnet.CheXNetFeatures().transform(["a.png", 3])


@pytest.mark.parametrize("check", WITHOUT_NUMBERS)
def test_scikit_learns_checks_that_hand_no_numbers_to_it(check: str) -> None:
    """The others fit on tables of random numbers, which are no paths: they ask for the tag `two_d_array`."""
    getattr(estimator_checks, check)("CheXNetFeatures", tchexnet.CheXNetFeatures())


def test_its_tags_say_why_the_others_do_not_apply() -> None:
    tags = get_tags(tchexnet.CheXNetFeatures())
    assert tags.input_tags.string and tags.input_tags.one_d_array and not tags.input_tags.two_d_array
    assert not tags.requires_fit
    with pytest.warns(SkipTestWarning, match="Can't test estimator CheXNetFeatures which requires input"):
        list(estimator_checks.estimator_checks_generator(tchexnet.CheXNetFeatures()))


def test_parameters_are_scikit_learns(good: list[str]) -> None:
    features = tchexnet.CheXNetFeatures("chexnet", workers=1)
    assert clone(features).get_params() == features.get_params()
    assert set(features.get_params()) == set(inspect.signature(tchexnet.CheXNetFeatures).parameters)
    features.transform(good[:1])
    assert features._classifier().name == "chexnet"
    assert features.set_params(preset="tchexnet")._classifier().name == "tchexnet"
