"""p-values are uniform on galaxies like those of the reference, and its file holds what was fitted."""

import json

import numpy as np
import pytest

from stargas.errors import DamagedFileError, InputError
from stargas.inference.predictive_reference import (
    FILE,
    LEVELS,
    N_RINGS,
    PredictiveReference,
    fit_deviations,
    fit_residuals,
    load_predictive,
    star_class,
)

N = 3000


def deviations(seed, stretch=1.0):
    """Correlated, off center, of unequal scatter, some rings missing."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(N, 1))
    made = 0.4 + stretch * (common + rng.normal(size=(N, N_RINGS)) * np.linspace(0.5, 2, N_RINGS))
    made[rng.random(made.shape) < 0.2] = np.nan
    return made, np.exp(rng.uniform(np.log(30), np.log(10_000), N))


@pytest.fixture(scope="module")
def fitted():
    return fit_deviations(*deviations(0))


def p_values(fitted, seed, **changes):
    return np.array([fitted.p_value(row, n) for row, n in zip(*deviations(seed, **changes), strict=True)])


def test_p_values_of_other_galaxies_of_the_kind_are_uniform(fitted):
    for level in (0.01, 0.1, 0.5, 0.9):
        assert np.mean(p_values(fitted, 1) < level) == pytest.approx(level, abs=0.025)


def test_galaxies_that_deviate_more_have_small_ones(fitted):
    assert np.mean(p_values(fitted, 1, stretch=1.5) < 0.01) > 0.1
    assert np.mean(p_values(fitted, 1, stretch=1.02) < 0.01) < 0.03


def test_a_deviation_against_the_correlation_counts_more(fitted):
    along, against = np.full(N_RINGS, 2.4), 0.4 + 2.0 * (-1.0) ** np.arange(N_RINGS)
    assert fitted.p_value(against, 300) < fitted.p_value(along, 300)


def test_outliers_do_not_hide_others(fitted):
    rows, n_stars = deviations(0)
    rows[:30] = 1e6
    assert np.all(fit_deviations(rows, n_stars).scatter < 1.15 * fitted.scatter)


def test_beyond_the_last_galaxy_the_p_value_goes_on_falling(fitted):
    far, further = (fitted.p_value(np.full(N_RINGS, z) * (-1.0) ** np.arange(N_RINGS), 300) for z in (4.0, 5.0))
    assert 0 <= further < far < LEVELS[-1]


def test_nothing_measured_is_nothing_that_deviates(fitted):
    assert fitted.p_value(np.full(N_RINGS, np.nan), 300) == 1.0


def test_classes_of_stars():
    assert [star_class(n) for n in (0, 99, 100, 999, 1000, 1e5)] == [0, 0, 1, 1, 2, 2]


class TestFile:
    @pytest.fixture
    def folder(self, fitted, tmp_path):
        (tmp_path / "model.json").write_text(json.dumps({"weights_sha256": "abc"}))
        share, order = np.random.default_rng(0).uniform(0, 1, (2, 500))
        PredictiveReference({"stars": fitted}, {"gas": fit_residuals(share, order)}).save(tmp_path)
        return tmp_path

    def test_it_holds_what_was_fitted_in_a_few_kilobytes(self, fitted, folder):
        read = load_predictive(folder).distributions["stars"]
        rows, n_stars = deviations(2)
        for row, n in zip(rows[:50], n_stars, strict=False):
            assert read.p_value(row, n) == pytest.approx(fitted.p_value(row, n), rel=0.01)
        assert load_predictive(folder).residuals["gas"].larger_fraction(0.3, 0.5) == pytest.approx(0.7, abs=0.05)
        assert (folder / FILE).stat().st_size < 12_000

    def test_a_model_without_one_has_none(self, tmp_path):
        assert load_predictive(tmp_path) is None

    def test_that_of_another_model_is_refused(self, folder):
        (folder / "model.json").write_text(json.dumps({"weights_sha256": "def"}))
        with pytest.raises(DamagedFileError, match="does not belong to the model beside it"):
            load_predictive(folder)

    @pytest.mark.parametrize(
        ("name", "value"),
        [("center", [0.0]), ("scatter", [-1.0] * N_RINGS), ("correlation", "all"), ("exceeded", None)],
    )
    def test_a_damaged_one_ends_in_a_sentence(self, folder, name, value):
        stored = json.loads((folder / FILE).read_text())
        stored["distributions"]["stars"][name] = value
        (folder / FILE).write_text(json.dumps(stored))
        with pytest.raises(DamagedFileError, match="is damaged"):
            load_predictive(folder)

    @pytest.mark.parametrize("exceeded", [[0.0], [[1.0, *([0.5] * 16)]] * 4, [[None] * 17] * 4])
    def test_damaged_residuals_end_in_a_sentence(self, folder, exceeded):
        stored = json.loads((folder / FILE).read_text())
        stored["residuals"]["gas"]["exceeded"] = exceeded
        (folder / FILE).write_text(json.dumps(stored))
        with pytest.raises(DamagedFileError, match="is damaged"):
            load_predictive(folder)

    def test_one_without_residuals_says_nothing_of_them(self, folder):
        stored = json.loads((folder / FILE).read_text())
        del stored["residuals"]
        (folder / FILE).write_text(json.dumps(stored))
        assert load_predictive(folder).residuals == {}

    def test_a_later_version_is_refused(self, folder):
        stored = json.loads((folder / FILE).read_text())
        (folder / FILE).write_text(json.dumps(stored | {"format_version": 99}))
        with pytest.raises(InputError, match="update stargas"):
            load_predictive(folder)
