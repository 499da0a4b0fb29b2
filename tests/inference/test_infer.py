"""Simulated and observed galaxies through a posterior that is the formula of Wolf et al. (2010)."""

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table
from disc_sample import disc_sample
from formula_posteriors import SteepPosterior, WolfPosterior
from models_for_tests import untrained
from stars_for_tests import CENTER, DISTANCE, plummer_stars, star_table, write
from toy import toy_dataset

import stargas as sg
from stargas.config.observation import ObservationConfig
from stargas.errors import InputError
from stargas.inference.infer import infer, infer_in_steps
from stargas.model.files import save_model
from stargas.observed.observation import observe_galaxy
from stargas.observed.tangent_plane import sky_position
from stargas.sky.projection import SkyGalaxy
from stargas.validity.reference import fit_validity
from stargas.validity.result import NO_REFERENCE

EXACT = {"distance_kpc": DISTANCE, "center": CENTER, "R_hl_kpc": 0.3}


@pytest.fixture
def table():
    stars = star_table()
    stars["v_los_error"] = 1e-9
    return stars


def observed(tmp_path, table, **changes):
    path = write(table, tmp_path, ".csv")
    return observe_galaxy(ObservationConfig(stars=str(path), **{**EXACT, **changes}))


def inferred(tmp_path, table, n_draws=400, **changes):
    return infer(observed(tmp_path, table, **changes), WolfPosterior(), n_draws=n_draws)


class TestObserved:
    def test_masses_are_proportional_to_the_distance(self, tmp_path, table):
        near, far = (inferred(tmp_path, table, distance_kpc=DISTANCE * f, R_hl_kpc=0.3 * f) for f in (1.0, 1.1))
        np.testing.assert_allclose(far.quantiles() - near.quantiles(), np.log10(1.1), atol=1e-4)
        np.testing.assert_allclose(far.r_kpc, 1.1 * near.r_kpc)

    def test_a_turned_sky_and_shuffled_rows_change_nothing(self, tmp_path):
        xi, eta, v = plummer_stars(150, np.random.default_rng(3))
        turned = 0.6 * xi - 0.8 * eta, 0.8 * xi + 0.6 * eta
        tables = [
            Table(dict(zip(("ra", "dec"), sky_position(*p, CENTER), strict=True)) | {"v_los": v})
            for p in ((xi, eta), turned)
        ]
        tables.append(tables[0][np.random.default_rng(4).permutation(150)])
        as_is, rotated, shuffled = (inferred(tmp_path, one).quantiles() for one in tables)
        np.testing.assert_allclose(rotated, as_is, atol=1e-6)
        np.testing.assert_allclose(shuffled, as_is, atol=1e-6)

    def test_the_first_step_has_the_masses_and_the_last_one_all(self, tmp_path, table):
        galaxy, posterior = observed(tmp_path, table, R_hl_error_kpc=0.03), WolfPosterior()
        first, last = infer_in_steps(galaxy, posterior, n_draws=64, n_realizations=4)
        assert first.log10_mass is last.log10_mass
        assert first.variance_shares == {}
        assert last.variance_shares["R_hl"].any()
        whole = infer(galaxy, posterior, n_draws=64, n_realizations=4)
        np.testing.assert_array_equal(whole.log10_mass, last.log10_mass)
        np.testing.assert_array_equal(whole.variance_shares["R_hl"], last.variance_shares["R_hl"])
        assert whole.warnings == last.warnings

    def test_few_stars_are_warned_of_and_too_few_refused(self, tmp_path, table):
        result = inferred(tmp_path, table[:40])
        assert any("the model learned from samples of 100 stars" in text for text in result.warnings)
        assert any("40 members only" in text for text in result.warnings)
        with pytest.raises(InputError, match="at least 30 are needed"):
            inferred(tmp_path, table[:29])

    def test_a_model_of_another_tracer_is_refused(self, tmp_path, table):
        with pytest.raises(InputError, match="give them, or another model"):
            infer(observed(tmp_path, table), WolfPosterior("gas"))

    def test_impossible_numbers_are_refused(self, tmp_path, table):
        galaxy = observed(tmp_path, table)
        for name in ("n_draws", "n_realizations"):
            with pytest.raises(InputError, match="an inference has 1 to"):
                infer(galaxy, WolfPosterior(), **{name: 0})
            with pytest.raises(InputError, match="an inference has 1 to"):
                infer(galaxy, WolfPosterior(), **{name: 10**9})


class TestErrorsOfR_hl:  # noqa: N801 (the field's own name)
    """M(<r) ∝ r²/R_hl at a fixed radius, so a lognormal error of R_hl makes a lognormal error of the mass."""

    ERROR = 0.2
    N_SEEDS = 12

    def results(self, tmp_path, table, n_realizations):
        galaxy = observed(tmp_path, table, R_hl_error_kpc=self.ERROR * 0.3)
        return [
            infer(galaxy, SteepPosterior(), n_draws=480, n_realizations=n_realizations, seed=seed)
            for seed in range(self.N_SEEDS)
        ]

    @pytest.mark.parametrize("n_realizations", [2, 16])
    def test_medians_are_unbiased_and_widths_grow_in_quadrature(self, tmp_path, table, n_realizations):
        exact = infer(observed(tmp_path, table), SteepPosterior(), n_draws=480)
        results = self.results(tmp_path, table, n_realizations)
        added = self.ERROR / np.log(10)
        for result in results:
            np.testing.assert_allclose(result.r_kpc, exact.r_kpc)
            assert result.n_realizations == n_realizations
        shift = np.mean([result.log10_mass.mean(axis=0) for result in results], axis=0) - exact.log10_mass.mean(axis=0)
        assert np.abs(shift).max() < 3.5 * added / np.sqrt(n_realizations * self.N_SEEDS)
        variance = np.mean([result.log10_mass.var(axis=0) for result in results], axis=0)
        expected = SteepPosterior.scatter**2 + (1 - 1 / n_realizations) * added**2
        np.testing.assert_allclose(variance, expected, rtol=0.35 if n_realizations == 16 else 0.8)
        assert (variance > 1.5 * SteepPosterior.scatter**2).all()

    def test_draws_that_reach_a_radius_alone_would_be_biased(self, tmp_path, table):
        """Negative control: at the first radius only realizations with a small R_hl have a mass of their own."""
        galaxy = observed(tmp_path, table, R_hl_error_kpc=self.ERROR * 0.3)
        from stargas.inference.realizations import make_realizations

        exact = infer(observed(tmp_path, table), SteepPosterior(), n_draws=480).log10_mass.mean(axis=0)
        shifts = []
        for seed in range(self.N_SEEDS):
            realizations = make_realizations(galaxy, SteepPosterior(), 16, seed)
            reaching = [s for s in realizations.mixed if s.r_kpc[0] <= realizations.nominal.r_kpc[0]]
            masses = [np.interp(realizations.nominal.r_kpc[0], s.r_kpc, SteepPosterior().masses(s)) for s in reaching]
            shifts.append(np.mean(np.log10(masses)) - exact[0])
        assert np.mean(shifts) > 0.04

    def test_the_fraction_of_continued_draws_is_in_one_warning(self, tmp_path, table):
        (result, *_) = self.results(tmp_path, table, 16)
        assert sum("are continued as power laws by more than 20 %" in text for text in result.warnings) == 1
        small = inferred(tmp_path, table, R_hl_error_kpc=0.003)
        assert not any("power laws" in text for text in small.warnings)

    def test_an_error_as_large_as_R_hl_is_not_refused(self, tmp_path, table):  # noqa: N802 (the same)
        result = inferred(tmp_path, table, R_hl_error_kpc=0.3)
        assert np.isfinite(result.log10_mass).all()


class TestSamples:
    def test_draws_are_those_of_the_posterior(self):
        sample = disc_sample()
        result = infer(sample, WolfPosterior("stargas"), n_draws=300, seed=3)
        np.testing.assert_array_equal(result.log10_mass, WolfPosterior().sample([sample], 300, 3)[0])
        np.testing.assert_allclose(result.r_kpc, sample.r_kpc)
        assert result.n_realizations == 1
        np.testing.assert_array_equal(result.variance_shares["posterior"], 1)

    def test_several_galaxies_give_one_result_each_that_does_not_depend_on_the_others(self):
        samples = [disc_sample(30.0), disc_sample(90.0)]
        results = infer(samples, WolfPosterior("stargas"), n_draws=50)
        alone = infer(samples[1], WolfPosterior("stargas"), n_draws=50)
        assert [result.view for result in results] == ["i = 30°", "i = 90°"]
        np.testing.assert_array_equal(results[1].log10_mass, alone.log10_mass)

    def test_a_galaxy_on_the_sky_is_made_a_sample(self, tmp_path, table):
        table["v_los_error"] = 0.0
        galaxy = observed(tmp_path, table)
        stars = galaxy.stars
        sky = SkyGalaxy.from_stars(stars.x_kpc, stars.y_kpc, stars.v_los_kms, 0.3, stars.sigma_kms)
        one, other = (infer(each, WolfPosterior(), n_draws=100) for each in (sky, galaxy))
        np.testing.assert_allclose(one.quantiles(), other.quantiles(), atol=1e-6)
        assert one.galaxy is None

    def test_a_sample_without_a_half_light_radius_is_refused(self):
        sample = disc_sample()
        with pytest.raises(InputError, match="give R_hl_kpc"):
            infer(replace(sample, r_kpc=0 * sample.r_kpc), WolfPosterior("stargas"))


@pytest.fixture(scope="module")
def data():
    return toy_dataset(60)


@pytest.fixture(scope="module")
def posterior(data):
    return untrained(data, tracers="any", features=True, baseline="scalars", priors=("bursty", "smooth"))


class TestNetwork:
    """With a model of ours validity, attribution and prior sensitivity are part of the result."""

    def test_the_validity_reference_beside_the_model_is_used(self, data, posterior, tmp_path):
        assert infer(data[0], posterior, n_draws=20, occlusion=False).validity.summary == NO_REFERENCE
        save_model(posterior, tmp_path)
        fit_validity(posterior, data).save(tmp_path)
        loaded = sg.load_model(tmp_path)
        result = infer(data[0], loaded, n_draws=20, occlusion=False)
        assert result.validity.p_value is not None
        spoiled = replace(data[0], scalars=data[0].scalars * 1000)
        distrusted = infer(spoiled, loaded, n_draws=20, occlusion=False)
        assert not distrusted.validity.trusted
        assert set(distrusted.validity.reasons) <= set(distrusted.warnings)

    def test_occlusion_is_measured_unless_it_is_declined(self, data, posterior):
        assert infer(data[0], posterior, n_draws=20, occlusion=False).attribution.occlusion is None
        assert infer(data[0], posterior, n_draws=20).attribution.occlusion.patches.any()

    def test_a_formula_has_no_attribution(self):
        assert infer(disc_sample(), WolfPosterior("stargas"), n_draws=20).attribution is None


class TestKeywords:
    def test_a_path_a_table_and_quantities_are_the_same_observation(self, tmp_path, table):
        path = write(table, tmp_path, ".csv")
        columns = {"ra": table["ra"] * u.deg, "dec": table["dec"] * u.deg, "v_los": table["v_los"] * 1e3 * u.m / u.s}
        columns["v_los_error"] = table["v_los_error"] * u.km / u.s
        columns["p_member"] = table["p_member"]
        results = [
            infer(stars=stars, model=WolfPosterior(), n_draws=100, center=CENTER, R_hl_kpc=0.3, distance_kpc=distance)
            for stars, distance in ((path, DISTANCE), (table, DISTANCE), (columns, DISTANCE / 1e3 * u.Mpc))
        ]
        for result in results[1:]:
            np.testing.assert_allclose(result.log10_mass, results[0].log10_mass, atol=1e-6)
        assert results[0].galaxy.settings.stars == str(path.resolve())
        assert results[1].galaxy.settings is None
        assert results[0].name == path.name

    def test_a_galaxy_and_an_observation_are_one_too_many(self, tmp_path, table):
        with pytest.raises(InputError, match="there is a galaxy already: leave out distance_kpc"):
            infer(observed(tmp_path, table), WolfPosterior(), distance_kpc=3.0)
        with pytest.raises(InputError, match=r"needs its keyword: stars='mine\.csv'"):
            infer("mine.csv", WolfPosterior(), distance_kpc=3.0)
        with pytest.raises(InputError, match="needs stars, HI or both"):
            infer(model=WolfPosterior(), distance_kpc=3.0)
        with pytest.raises(InputError, match="did you mean distance_kpc"):
            infer(model=WolfPosterior(), distance=3.0)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"n_draws": "a"}, "an inference has 1 to .* draws, got 'a'"),
        ({"n_draws": 2.5}, "got 2.5"),
        ({"n_draws": True}, "got True"),
        ({"n_draws": None}, "got None"),
        ({"n_realizations": 1.5}, "an inference has 1 to .* realizations, got 1.5"),
        ({"seed": -1}, "the seed must be a whole number from 0 on, got -1"),
        ({"seed": "x"}, "got 'x'"),
        ({"seed": 1.5}, "got 1.5"),
        ({"model": "folder"}, "model must be what sg.load_model returns, got 'folder'"),
        ({"galaxy": "stars.csv"}, "a file of an observed galaxy needs its keyword: stars='stars.csv'"),
        ({"galaxy": 3}, "got 3: give files as stars="),
        ({"galaxy": ["a"]}, "got 'a': give files as stars="),
    ],
)
def test_arguments_of_other_types_are_refused_in_one_sentence(given, words):
    with pytest.raises(InputError, match=words):
        infer(**{"model": WolfPosterior(), "galaxy": None, **given})
