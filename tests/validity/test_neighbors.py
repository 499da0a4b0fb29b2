"""The nearest galaxies of a reference: p-values are those of the reference, and what stands out is named."""

from dataclasses import replace

import numpy as np
import pytest

from stargas.errors import InputError
from stargas.validity.neighbors import MEASUREMENTS, N_NEAREST, Deviation, fit_neighborhood

N, K = 1500, 6
MIXED = np.random.default_rng(0).standard_normal((K, K))


def drawn(n, seed):
    """Contexts of correlated columns, widths that depend on them, and measurements that follow the first of them."""
    rng = np.random.default_rng(seed)
    contexts = rng.standard_normal((n, K)) @ MIXED
    widths = 0.05 * contexts[:, 0] + 0.1 * rng.standard_normal(n)
    measurements = contexts[:, :1] + 0.3 * rng.standard_normal((n, len(MEASUREMENTS)))
    return contexts, widths, measurements


@pytest.fixture(scope="module")
def neighborhood():
    return fit_neighborhood([str(i) for i in range(N)], *drawn(N, 1))


def p_values(neighborhood, contexts, widths):
    return np.array([neighborhood.p_value(c, w) for c, w in zip(contexts, widths, strict=True)])


def test_p_values_of_new_galaxies_are_uniform(neighborhood):
    contexts, widths, _ = drawn(2000, 2)
    found = p_values(neighborhood, contexts, widths)
    for level in (0.005, 0.1, 0.5):
        assert np.mean(found <= level) == pytest.approx(level, abs=3.5 * np.sqrt(level / 2000))


def test_what_is_far_or_uncertain_has_a_small_p_value(neighborhood):
    contexts, widths, _ = drawn(50, 3)
    usual = np.median(p_values(neighborhood, contexts, widths))
    assert np.median(p_values(neighborhood, 4 * contexts, widths)) < 0.1 * usual
    assert np.median(p_values(neighborhood, contexts, widths + 0.5)) < 0.3 * usual
    assert p_values(neighborhood, 20 * contexts, widths + 2).max() == pytest.approx(1 / (N + 1))


def test_views_of_one_galaxy_are_no_neighbors():
    contexts, widths, measurements = (np.repeat(array, 3, axis=0) for array in drawn(200, 4))
    together = fit_neighborhood([str(i // 3) for i in range(600)], contexts, widths, measurements)
    apart = fit_neighborhood([str(i) for i in range(600)], contexts, widths, measurements)
    assert together.distances.min() > 0
    assert np.median(apart.distances) < 0.95 * np.median(together.distances)


def test_distances_are_those_of_a_direct_count(neighborhood):
    i = 7
    apart = np.sort(np.linalg.norm(neighborhood.places - neighborhood.places[i], axis=1))[1 : N_NEAREST + 1]
    assert neighborhood.distances[i] == pytest.approx(apart.mean(), rel=1e-6)


def test_a_measurement_is_compared_with_galaxies_of_the_same_kind(neighborhood):
    contexts, _, measurements = drawn(40, 5)
    usual = [neighborhood.deviations(*row) for row in zip(contexts, measurements, strict=True)]
    assert np.mean([len(found) for found in usual]) < 0.05 * len(MEASUREMENTS)
    # as all galaxies go it is ordinary, among its neighbors it is not
    i = int(np.argmin(np.abs(contexts[:, 0] + 2 * np.std(contexts[:, 0]))))
    kind, wrong = contexts[i], measurements[i].copy()
    wrong[3] = -kind[0]
    assert wrong[3] < np.quantile(neighborhood.measurements[:, 3], 0.99)
    (found,) = [one for one in neighborhood.deviations(kind, wrong) if one.name == list(MEASUREMENTS.values())[3]]
    assert found.sigmas > 3
    assert str(Deviation("HI rotation", -3.24)) == "HI rotation (-3.2σ)"


def test_what_is_not_known_is_not_compared(neighborhood):
    contexts, _, measurements = drawn(1, 6)
    assert neighborhood.deviations(contexts[0], np.full(len(MEASUREMENTS), np.nan)) == ()
    empty = replace(neighborhood, measurements=np.full_like(neighborhood.measurements, np.nan))
    assert empty.deviations(contexts[0], measurements[0] + 99) == ()


def test_a_column_that_never_varies_changes_nothing():
    contexts, widths, measurements = drawn(300, 7)
    ids = [str(i) for i in range(300)]
    more = fit_neighborhood(ids, np.column_stack([contexts, np.full(300, 2.0)]), widths, measurements)
    np.testing.assert_allclose(
        more.distances, fit_neighborhood(ids, contexts, widths, measurements).distances, rtol=1e-6
    )


def test_arrays_that_do_not_fit_are_refused(neighborhood):
    neighborhood.require_fitting()
    for name in ("axes", "widths", "measurements"):
        with pytest.raises(InputError, match="do not fit"):
            replace(neighborhood, **{name: getattr(neighborhood, name)[:-1]}).require_fitting()
    with pytest.raises(InputError, match="not finite"):
        replace(neighborhood, places=neighborhood.places * np.nan).require_fitting()
