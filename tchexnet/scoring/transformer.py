"""CheXNet's features as a scikit-learn transformer over paths of radiographs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from tchexnet.classifier import Classifier
from tchexnet.errors import ConfigError
from tchexnet.scoring import sources
from tchexnet.scoring.rows import rows
from tchexnet.scoring.settings import Settings
from tchexnet.scoring.tables import FEATURE_COLUMNS, FEATURES

ON_ERROR = ("raise", "nan")


class CheXNetFeatures(TransformerMixin, BaseEstimator):
    """Paths of radiographs to the 1024 features under the head; it learns nothing from the data.

    Args:
        preset: a preset's name or folder.
        precision: `auto`, `fp32`, `bf16` or `int8`. fp32 by default, so that it gives the same on any processor.
        workers: batches at once; None: one a core, and two more.
        on_error: what a radiograph that cannot be read does: `raise` its ImageError, or become a row of NaN.

    Example:
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklearn.pipeline import make_pipeline
        >>> model = make_pipeline(CheXNetFeatures(), LogisticRegression(max_iter=1000))
        >>> model.fit(paths, labels).predict_proba(others)
    """

    def __init__(
        self,
        preset: str | Path = "chexnet",
        *,
        precision: str = "fp32",
        workers: int | None = None,
        on_error: str = "raise",
    ) -> None:
        self.preset = preset
        self.precision = precision
        self.workers = workers
        self.on_error = on_error

    def fit(self, X: ArrayLike, y: object = None) -> CheXNetFeatures:  # noqa: N803
        """Check the parameters and that X is a column of paths."""
        if self.on_error not in ON_ERROR:
            raise ConfigError(f"on_error must be one of {', '.join(ON_ERROR)}, not {self.on_error!r}.")
        _paths(X)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:  # noqa: N803
        """(n, 1024) float32, one row a path.

        Args:
            X: n paths: a list, an array or a Series; or one column of a table.

        Raises:
            ImageError: a radiograph cannot be read, and `on_error` is `raise`.
        """
        paths = _paths(X)
        features = np.full((len(paths), FEATURES), np.nan, np.float32)
        found = rows(self._classifier(), sources.Entries(iter(paths)), self._settings())
        for place, row in enumerate(found):
            if row.features is not None:
                features[place] = row.features
            elif row.error is not None and self.on_error == "raise":
                raise row.error
        return features

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """f0000 to f1023."""
        return np.array(FEATURE_COLUMNS, object)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array, tags.input_tags.one_d_array = True, False, True
        tags.requires_fit, tags.no_validation = False, True
        tags.transformer_tags.preserves_dtype = []
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """Without the loaded network: it is loaded again where it is needed."""
        state = super().__getstate__()
        return {key: value for key, value in state.items() if key != "_loaded"}

    def _settings(self) -> Settings:
        return Settings(self.preset, precision=self.precision, workers=self.workers)

    def _classifier(self) -> Classifier:
        """Loaded once for the parameters as they are; `set_params` may change them."""
        settings = self._settings()
        if getattr(self, "_loaded", (None, None))[0] != settings:
            self._loaded = (settings, settings.classifier())
        return self._loaded[1]


def _paths(values: Any) -> list[str]:
    """n paths, from a list, an array, a Series, or a table of one column.

    Raises:
        ValueError: it has more columns, or holds something that is no path.
    """
    cells = np.asarray(values, object)
    if cells.ndim == 2 and cells.shape[1] == 1:
        cells = cells[:, 0]
    if cells.ndim != 1:
        raise ValueError(f"X must be one column of paths; an array of shape {cells.shape} was given.")
    for cell in cells:
        if not isinstance(cell, str | os.PathLike):
            raise ValueError(f"X must hold paths of radiographs; {cell!r} of type {type(cell).__name__} was given.")
    return [os.fspath(cell) for cell in cells]
