"""The estimator keeps scikit-learn's contract."""

from __future__ import annotations

import pytest

sklearn = pytest.importorskip("sklearn")
numpy = pytest.importorskip("numpy")

from acquaint.sklearn import ClickClassifier  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402


def not_applying(estimator):
    """A row of weight 2 moves the weights once and twice as far, two rows move them one after the other."""
    why = "learns from one row after the other"
    names = ("dense_data", "sparse_data")
    return {f"check_sample_weight_equivalence_on_{name}": why for name in names}


@parametrize_with_checks([ClickClassifier()], expected_failed_checks=not_applying)
def test_contract(estimator, check):
    check(estimator)


def test_probabilities_are_those_of_the_rows():
    random = numpy.random.default_rng(1)
    column = random.integers(0, 2, 20_000)
    clicks = random.random(20_000) < numpy.where(column == 1, 0.3, 0.05)
    model = ClickClassifier(l2=0.0).fit(column[:, None], clicks)
    none, one = model.predict_proba([[0], [1]])[:, 1]
    assert none == pytest.approx(0.05, abs=0.01)
    assert one == pytest.approx(0.3, abs=0.02)
