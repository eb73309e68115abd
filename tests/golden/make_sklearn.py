"""Writes measures_sklearn.json from auc_cases.csv: python tests/golden/make_sklearn.py 2026-11-24

scikit-learn's public functions are the reference for average precision, Brier score, the reliability curve, the three
calibrations, F1 and Youden's index. Scores become values in (0, 1) by the logistic function; a calibrator is given
their log odds back through an estimator that does nothing else.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import sklearn
from scipy.special import expit, logit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import average_precision_score, brier_score_loss, precision_recall_curve, roc_curve

INPUT = "auc_cases.csv"


class LogOdds(ClassifierMixin, BaseEstimator):
    """Its decision function is the log odds of the one feature."""

    def fit(self, x, y):
        self.classes_ = np.array([0, 1])
        return self

    def decision_function(self, x):
        return logit(x[:, 0])

    def predict(self, x):
        return (x[:, 0] > 0.5).astype(int)


def main() -> None:
    """Write the file beside this script."""
    folder = Path(__file__).parent
    cases = pd.read_csv(folder / INPUT)
    document = {
        "birth_certificate": {
            "tool": f"scikit-learn {sklearn.__version__}",
            "script": Path(__file__).name,
            "input": INPUT,
            "input_sha256": hashlib.sha256((folder / INPUT).read_bytes()).hexdigest(),
            "date": sys.argv[1],
        },
        "cases": {name: measure(rows.y.to_numpy(), expit(rows.a.to_numpy())) for name, rows in cases.groupby("case")},
    }
    (folder / "measures_sklearn.json").write_text(json.dumps(document, indent=1) + "\n")


def measure(y: np.ndarray, values: np.ndarray) -> dict:
    """Every reference of one case."""
    share, mean = calibration_curve(y, values, n_bins=10, strategy="quantile")
    fpr, tpr, _ = roc_curve(y, values, drop_intermediate=False)
    precision, recall, _ = precision_recall_curve(y, values)
    both = precision + recall
    f1 = 2 * precision * recall / np.where(both > 0, both, 1)
    found = {
        "average_precision": average_precision_score(y, values),
        "brier": brier_score_loss(y, values),
        "share": share.tolist(),
        "mean": mean.tolist(),
        "youden": float((tpr - fpr).max()),
        "f1": float(f1.max()),
    }
    if min(y.sum(), (1 - y).sum()) >= 10 and len(np.unique(values)) > 1:
        found |= {name: calibrate(y, values, name).tolist() for name in ("sigmoid", "isotonic", "temperature")}
    return found


def calibrate(y: np.ndarray, values: np.ndarray, method: str) -> np.ndarray:
    """Probabilities of the same values after calibration on all of them."""
    estimator = FrozenEstimator(LogOdds().fit(None, None))
    model = CalibratedClassifierCV(estimator, method=method, ensemble=False)
    return model.fit(values[:, None], y).predict_proba(values[:, None])[:, 1]


if __name__ == "__main__":
    main()
