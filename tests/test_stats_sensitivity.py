import numpy as np
import pytest

from equalcities.errors import UsageError
from equalcities.stats import sobol_indices


def ishigami(u):
    x = np.pi * (2 * u - 1)
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_ishigami():
    # Ishigami and Homma (1990), a = 7, b = 0.1: analytic values
    table = sobol_indices(ishigami, ["x1", "x2", "x3"], rng=0, n=4096, n_resamples=200)
    truth = np.array([0.3139, 0.4424, 0.0, 0.5576, 0.4424, 0.2437])
    np.testing.assert_allclose(table["value"], truth, atol=0.01)
    assert ((table["ci_low"] <= truth) & (truth <= table["ci_high"])).all()
    assert table["index"].tolist() == ["first"] * 3 + ["total"] * 3


def test_an_additive_model_has_no_interactions():
    table = sobol_indices(lambda u: u @ [1.0, 2.0], ["a", "b"], rng=1, n=1024, n_resamples=20)
    np.testing.assert_allclose(table["value"], [0.2, 0.8, 0.2, 0.8], atol=0.01)


def test_same_seed_same_answer():
    runs = [sobol_indices(ishigami, list("abc"), rng=4, n=64, n_resamples=20) for _ in range(2)]
    assert runs[0].equals(runs[1])


def test_bad_requests_are_refused():
    with pytest.raises(UsageError, match="power of two"):
        sobol_indices(ishigami, list("abc"), rng=1, n=1000)
    with pytest.raises(UsageError, match="does not vary"):
        sobol_indices(lambda u: np.zeros(len(u)), ["a"], rng=1, n=16)
