"""Estimators as scikit-learn has them; it has to be installed: ``pip install acquaint[learn]``."""

from __future__ import annotations

from typing import Any

import numpy
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from ._acquaint import fit_clicks

__all__ = ["ClickClassifier"]


class ClickClassifier(ClassifierMixin, BaseEstimator):
    """Logistic regression trained by FTRL-Proximal: the linear click model, on arrays and sparse matrices.

    One pass learns from one row after the other, each column at its own rate, so columns need not be scaled alike; weights
    that say little are exactly 0 with ``l1``. Probabilities are those of the training rows: calibrate them elsewhere if
    negatives were sampled.

    Parameters
    ----------
    alpha, beta : float
        The rate of each column is alpha / (beta + sqrt of the sum of its squared gradients).
    l1, l2 : float
        Penalties.
    epochs : int
        How often every row is learned from.
    random_state : int
        Decides the order of rows.

    References
    ----------
    H. B. McMahan et al., "Ad Click Prediction: a View from the Trenches", KDD 2013, Algorithm 1.
    """

    def __init__(
        self,
        *,
        alpha: float = 0.1,
        beta: float = 1.0,
        l1: float = 0.0,
        l2: float = 1.0,
        epochs: int = 10,
        random_state: int = 0,
    ) -> None:
        self.alpha = alpha
        self.beta = beta
        self.l1 = l1
        self.l2 = l2
        self.epochs = epochs
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.sparse = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> ClickClassifier:
        """Learn from rows and what happened on each of them, of two kinds; the second in order is the click."""
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=numpy.float32)
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y")
        if kind != "binary":
            raise ValueError(f"Only binary classification is supported. The type of the target is {kind}.")
        self.classes_, clicks = numpy.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"Classifier can't train when only one class is present: {self.classes_[0]}")
        weights = _check_sample_weight(sample_weight, X, dtype=numpy.float32, ensure_non_negative=True)
        rows = csr_matrix(X)
        coefficients, intercept = fit_clicks(
            rows.indptr.astype(numpy.int64).tobytes(),
            rows.indices.astype(numpy.uint32).tobytes(),
            rows.data.astype(numpy.float32).tobytes(),
            clicks.astype(numpy.uint8).tobytes(),
            weights.tobytes(),
            rows.shape[1],
            (float(self.alpha), float(self.beta), float(self.l1), float(self.l2)),
            int(self.epochs),
            int(self.random_state),
        )
        self.coef_ = numpy.frombuffer(coefficients)[None, :].copy()
        self.intercept_ = numpy.array([intercept])
        return self

    def decision_function(self, X: Any) -> Any:
        """The log-odds of a click."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=numpy.float64, reset=False)
        return numpy.asarray(X @ self.coef_[0]).ravel() + self.intercept_[0]

    def predict_proba(self, X: Any) -> Any:
        """The probability of either kind, in the order of ``classes_``."""
        odds = numpy.exp(-numpy.logaddexp(0.0, -self.decision_function(X)))
        return numpy.column_stack([1.0 - odds, odds])

    def predict(self, X: Any) -> Any:
        """The more probable kind."""
        clicks = self.decision_function(X) > 0
        return self.classes_[clicks.astype(int)]
