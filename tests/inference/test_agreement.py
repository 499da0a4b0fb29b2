"""The data alone agree with what is known, or contradict it, or exclude it."""

from dataclasses import replace

import numpy as np
import pytest
from formula_posteriors import WolfPosterior
from models_for_tests import untrained
from stars_for_tests import CENTER, DISTANCE, star_table
from toy import toy_dataset

from stargas.errors import InputError
from stargas.inference.agreement import agreements
from stargas.inference.infer import infer
from stargas.inference.verdict import limitations, verdict
from stargas.observed.observation import observe
from stargas.validity.result import ValidityResult


@pytest.fixture(scope="module")
def data():
    data = toy_dataset(40)
    table = data.catalogues[0].copy()
    table["inclination_deg"] = np.linspace(5, 85, len(table))
    table["stellar_share"] = 0.5 + 0.05 * np.random.default_rng(0).standard_normal(len(table))
    return replace(data, catalogues=(table,))


@pytest.fixture(scope="module")
def posterior(data):
    return untrained(
        data, tracers="any", features=True, further_targets=("cos_inclination", "stellar_share"), priors=("a", "b")
    )


def _known(**angles):
    return observe(star_table(), distance_kpc=DISTANCE, center=CENTER, R_hl_kpc=0.3, **angles)


def test_what_the_data_say_is_that_of_the_posterior_without_it(data, posterior):
    (free,) = agreements(posterior.with_known(inclination_deg=(60.0, 90.0)), data[0], 4000, 0)
    (same,) = agreements(posterior.with_known(inclination_deg=(free.median, 5.0)), data[0], 4000, 0)
    assert (same.low, same.median, same.high) == (free.low, free.median, free.high)
    assert free.low < free.median < free.high
    assert free.effective_share > 0.9
    assert same.p_value > 0.9
    assert not same.contradicts
    assert agreements(posterior, data[0], 100, 0) == ()


def test_the_probability_is_that_of_the_tail(data, posterior):
    """An exact value at the 16th percentile has 16 % of the draws on one side; with an error it lies less far out."""
    (free,) = agreements(posterior.with_known(inclination_deg=(60.0, 90.0)), data[0], 4000, 0)
    (edge,) = agreements(posterior.with_known(inclination_deg=(free.low, 0.1)), data[0], 4000, 0)
    assert edge.p_value == pytest.approx(0.32, abs=0.02)
    (blurred,) = agreements(posterior.with_known(inclination_deg=(free.low, 20.0)), data[0], 4000, 0)
    assert blurred.p_value > edge.p_value + 0.05


class TestResult:
    def test_a_known_inclination_is_used_and_said(self, posterior):
        free = infer(_known(), posterior, n_draws=400)
        held = infer(_known(inclination_deg=60.0, inclination_error_deg=5.0), posterior, n_draws=400)
        assert not free.agreements
        assert not np.array_equal(free.log10_mass, held.log10_mass)
        (one,) = (one for one in limitations(held) if one.name == "known")
        assert "take the inclination of 60 ± 5 deg as given, and the data do not contradict it" in one.sentence
        assert "the data alone give" in one.sentence
        assert not one.matters
        assert not any(one.name == "known" for one in limitations(free))

    def test_each_tracer_and_prior_takes_it_too(self, data, posterior):
        free = infer(data[0], posterior, n_draws=400, occlusion=False).attribution
        held = infer(data[0], posterior.with_known(inclination_deg=(60.0, 5.0)), n_draws=400, occlusion=False)
        for name, quantiles in held.attribution.conditions.items():
            assert not np.allclose(quantiles, free.conditions[name])

    @pytest.mark.parametrize(("sigmas", "contradicts"), [(1.0, False), (3.0, True)])
    def test_a_contradiction_is_warned_of_and_needs_care(self, data, posterior, sigmas, contradicts):
        draws = posterior.sample_targets(data[0], 4000)[0, :, -1]
        far = float(draws.mean() + sigmas * draws.std())
        known = posterior.with_known(stellar_share=(far, 0.2 * draws.std()))
        result = infer(data[0], known, n_draws=2000, occlusion=False)
        assert any("and the data contradict it" in text for text in result.warnings) == contradicts
        trusted = replace(result, validity=ValidityResult(0.5))
        assert ("the data contradict it" in verdict(trusted).reason) == contradicts

    def test_what_the_data_exclude_is_refused(self, data, posterior):
        draws = posterior.sample_targets(data[0], 4000)[0, :, -1]
        far = float(draws.mean() + 6 * draws.std())
        known = posterior.with_known(stellar_share=(far, 0.2 * draws.std()))
        with pytest.raises(InputError, match=r"the data exclude the share of the stars .* as the data alone give"):
            infer(data[0], known, n_draws=2000, occlusion=False)

    def test_a_formula_cannot_take_it(self):
        with pytest.raises(InputError, match="cannot be conditioned on an inclination: leave out inclination_deg"):
            infer(_known(inclination_deg=60.0, inclination_error_deg=5.0), WolfPosterior())
