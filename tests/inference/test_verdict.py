"""The verdict and what limits a result, for results whose numbers are known."""

from dataclasses import replace

import numpy as np
import pytest
from disc_sample import disc_sample
from formula_posteriors import WolfPosterior

from stargas.inference.attribution import Attribution
from stargas.inference.infer import infer
from stargas.inference.verdict import limitations, verdict
from stargas.validity.neighbors import Deviation
from stargas.validity.result import NO_REFERENCE, ValidityResult

USUAL = ValidityResult(0.4)


def quantiles(median, half_width=0.1):
    """A Gaussian's, at ten radii."""
    return median + half_width * np.array([-1.96, -1, 0, 1, 1.96])[:, None] + np.zeros(10)


@pytest.fixture(scope="module")
def result():
    return replace(infer(disc_sample(), WolfPosterior("stargas"), n_draws=400, seed=1), validity=USUAL)


def with_attribution(result, left_out=None, priors=None):
    attribution = Attribution(result.r_kpc, quantiles(8.0), left_out or {}, priors or {}, None)
    return replace(result, attribution=attribution)


def limitation(result, name):
    return next((one for one in limitations(result) if one.name == name), None)


def test_a_result_is_trusted_where_nothing_stands_out(result):
    assert verdict(result).level == "trusted"
    assert str(verdict(result)).startswith("Trusted. No measurement stands out. 40 % of galaxies")


def test_what_stands_out_among_its_kind_is_named_and_is_no_reason_for_distrust(result):
    deviations = (Deviation("HI rotation", -4.2), Deviation("offset of the light", 3.3), Deviation("HI radius", 3.1))
    found = verdict(replace(result, validity=replace(USUAL, deviations=deviations)))
    assert found.level == "trusted"
    assert "the HI rotation (-4.2σ) and the offset of the light (+3.3σ) stand out. 40 % of" in found.reason
    assert "HI radius" not in found.reason


def test_the_measurement_that_stands_out_comes_first(result):
    reasons = ("R_HI_kpc is 10 times the radius.", "v_cold_kms is 3 times the rotation.")
    found = verdict(replace(result, validity=ValidityResult(1e-3, reasons)))
    assert found.level == "not trusted"
    assert found.reason.startswith(reasons[0])
    assert "0.1 %" in found.reason
    assert reasons[1] not in found.reason


def test_a_model_without_a_reference_gives_no_verdict(result):
    assert verdict(replace(result, validity=ValidityResult(None))) == verdict(result).__class__(
        "not checked", NO_REFERENCE
    )
    alone = ValidityResult(None, ("The model learned from no galaxies with gas alone.",))
    assert verdict(replace(result, validity=alone)).level == "not trusted"


def test_priors_that_disagree_beyond_the_stated_error_call_for_care(result):
    shifted = quantiles(8.0)
    shifted[:, 7] += 0.25
    apart = with_attribution(result, priors={None: quantiles(8.05), "bursty": quantiles(8.0), "smooth": shifted})
    text = limitation(apart, "prior").sentence
    for piece in (
        f"{result.r_kpc[7]:.3g} kpc",
        "8.05 for all suites, 8.00 for bursty (cored halos, disturbed gas), 8.25 for smooth (cuspy halos, calm gas)",
        "0.25",
        "±0.10",
    ):
        assert piece in text
    assert verdict(apart).level == "with care"
    assert "with care (p = " in repr(apart)
    assert "With care. The result depends" in apart._repr_html_()
    assert limitation(apart, "prior").claim in verdict(apart).reason
    close = with_attribution(
        result, priors={None: quantiles(8.05), "bursty": quantiles(8.0), "smooth": quantiles(8.09)}
    )
    assert not limitation(close, "prior").matters
    assert verdict(close).level == "trusted"
    assert limitation(with_attribution(result), "prior") is None


@pytest.mark.parametrize(("apart", "matters"), [(0.27, False), (-0.3, True)])
def test_tracers_are_compared_by_the_error_of_their_difference(result, apart, matters):
    of_stars, of_gas = quantiles(8.0, 0.1), quantiles(8.0 + apart, 0.1)
    found = limitation(with_attribution(result, left_out={"stars": of_gas, "gas": of_stars}), "tracers")
    assert found.matters is matters
    assert f"{abs(apart) / np.hypot(0.1, 0.1):.1f} standard deviations" in found.claim
    assert f"{abs(apart):.2f} dex {'more' if apart > 0 else 'less'}" in found.detail


def test_percentages_are_between_0_and_100(result):
    shares = {"posterior": 0.9, "distance": -0.02, "R_hl": 1.3, "velocities": 0.0}
    found = limitation(
        replace(result, variance_shares={name: np.full(10, share) for name, share in shares.items()}), "inputs"
    )
    assert "cause 100 % of the variance" in found.claim
    assert found.detail == "R_hl 100 %"
    exact = {"posterior": np.ones(10), "distance": np.zeros(10)}
    assert limitation(replace(result, variance_shares=exact), "inputs") is None
