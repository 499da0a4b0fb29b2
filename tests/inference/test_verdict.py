"""The verdict and what limits a result, for results whose numbers are known."""

from dataclasses import replace

import numpy as np
import pytest
from disc_sample import disc_sample
from formula_posteriors import WolfPosterior
from stars_for_tests import DISTANCE, star_table

from stargas.inference.attribution import Attribution
from stargas.inference.infer import infer
from stargas.inference.verdict import MAX_NAMED, limitations, other_warnings, verdict
from stargas.observed.observation import observe
from stargas.remarks import EFFECTS, Remark
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


@pytest.mark.parametrize("kind", EFFECTS)
def test_each_kind_of_a_remark_does_to_the_verdict_what_the_table_says(result, kind):
    effect = EFFECTS[kind]
    remarked = replace(result, remarks=(Remark(kind, "the data have a flaw: mend it."),))
    found = verdict(remarked)
    assert found.level == ("with care" if effect.lowers else "trusted")
    assert found.reason.startswith("The data have a flaw: mend it.") == effect.lowers
    assert ("This holds if" in found.reason) == bool(effect.condition)
    assert effect.condition in found.reason
    assert other_warnings(remarked) == (() if effect.lowers else ("the data have a flaw: mend it.",))


def test_a_flaw_of_the_data_stands_in_a_verdict_of_distrust_too_and_never_twice(result):
    flaw, reason = Remark("another size", "the given R_hl is 10 times that of the stars."), "The HI is elsewhere."
    remarks = (flaw, Remark("validity", reason))
    distrusted = replace(result, validity=ValidityResult(1e-3, (reason,)), remarks=remarks)
    assert verdict(distrusted).reason.startswith("The HI is elsewhere. The given R_hl is 10 times that of the stars.")
    assert other_warnings(distrusted) == ()
    same = replace(distrusted, remarks=(Remark("measurement outside the training set", reason),))
    assert verdict(same).reason.count(reason) == 1
    unchecked = verdict(replace(distrusted, validity=ValidityResult(None)))
    assert unchecked.level == "not checked"
    assert "10 times" in unchecked.reason


def test_flaws_beyond_those_that_are_named_are_left_to_the_warnings(result):
    remarks = tuple(Remark("strip", f"flaw {number}.") for number in range(MAX_NAMED + 1))
    found = replace(result, remarks=remarks)
    assert "Flaw 1." in verdict(found).reason
    assert "Flaw 2." not in verdict(found).reason
    assert other_warnings(found) == ("flaw 2.",)


@pytest.mark.parametrize(
    ("change", "level", "words"),
    [
        ({"R_hl_kpc": 1.0}, "trusted", None),
        ({"R_hl_kpc": 10.0}, "with care", "kpc is 10 times the radius of"),
        ({"R_hl_kpc": 0.1}, "with care", "kpc is 0.1 times the radius of"),
        ({}, "trusted", "This holds if the stars with velocities follow the light."),
        ({"R_hl_kpc": 1.0, "v_los_error": None}, "trusted", "This holds if the velocity errors are small beside"),
    ],
)
def test_what_is_remarked_on_the_data_reaches_the_verdict(result, change, level, words):
    table = star_table()
    table.remove_columns([name for name, value in change.items() if value is None])
    size = observe(star_table(), distance_kpc=DISTANCE).R_hl_kpc
    known = {name: value * size for name, value in change.items() if value is not None}
    remarks = observe(table, distance_kpc=DISTANCE, **known).remarks
    found = verdict(replace(result, remarks=remarks))
    assert found.level == level
    assert words in found.reason if words else found.reason.startswith("No measurement stands out.")
    assert ("No measurement stands out." in found.reason) == (level == "trusted")


def test_priors_beyond_the_stated_interval_call_for_care(result):
    shifted = quantiles(8.0)
    shifted[:, 7] += 0.25
    apart = with_attribution(result, priors={None: quantiles(8.05), "bursty": quantiles(8.0), "smooth": shifted})
    text = limitation(apart, "prior").sentence
    for piece in (
        f"{result.r_kpc[7]:.3g} kpc",
        "8.05 for all suites, 8.00 for bursty (cored halos, disturbed gas), 8.25 for smooth (cuspy halos, calm gas)",
        "beyond its 95 % interval, by 0.20 dex",
        "±0.10",
    ):
        assert piece in text
    assert verdict(apart).level == "with care"
    assert "with care (p = " in repr(apart)
    assert "With care. The result depends" in apart._repr_html_()
    assert limitation(apart, "prior").claim in verdict(apart).reason
    close = with_attribution(
        result, priors={None: quantiles(8.05), "bursty": quantiles(7.9), "smooth": quantiles(8.2)}
    )  # 0.3 dex apart, and the answer without a prior holds both
    assert not limitation(close, "prior").matters
    assert "but within its 95 % interval, by 0.15 dex" in limitation(close, "prior").claim
    assert verdict(close).level == "trusted"
    assert limitation(with_attribution(result), "prior") is None


def test_a_stated_interval_without_width_is_no_division_by_zero(result):
    """As it is where something known leaves a single draw; the largest difference is the one that is named."""
    single, other = np.full((5, 10), 8.0), np.full((5, 10), 8.0)
    other[:, 7] += 0.2
    named = limitation(with_attribution(result, priors={None: single, "bursty": other}), "prior")
    assert f"by 0.20 dex inside {result.r_kpc[7]:.3g} kpc" in named.claim
    assert named.matters


@pytest.mark.parametrize(("apart", "matters"), [(0.27, False), (-0.3, True)])
def test_tracers_are_compared_by_the_error_of_their_difference(result, apart, matters):
    of_stars, of_gas = quantiles(8.0, 0.1), quantiles(8.0 + apart, 0.1)
    found = limitation(with_attribution(result, left_out={"stars": of_gas, "gas": of_stars}), "tracers")
    assert found.matters is matters
    assert f"{abs(apart) / np.hypot(0.1, 0.1):.1f} standard deviations" in found.claim
    assert f"{abs(apart):.2f} dex {'more' if apart > 0 else 'less'}" in found.detail


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        ({}, "No error of the distance and R_hl is given, so both count as exact"),
        ({"distance_error_kpc": 30.0}, "No error of R_hl is given, so it counts as exact"),
        ({"distance_error_kpc": 30.0, "R_hl_error_kpc": 0.01}, None),
    ],
)
def test_what_counts_as_exact_is_named(result, errors, words):
    galaxy = observe(star_table(), distance_kpc=DISTANCE, R_hl_kpc=0.3, **errors)
    found = limitation(replace(result, galaxy=galaxy), "exact")
    assert (None if found is None else found.claim) == words
    assert limitation(result, "exact") is None


def test_percentages_are_between_0_and_100(result):
    shares = {"posterior": 0.9, "distance": -0.02, "R_hl": 1.3, "velocities": 0.0}
    found = limitation(
        replace(result, variance_shares={name: np.full(10, share) for name, share in shares.items()}), "inputs"
    )
    assert "cause 100 % of the variance" in found.claim
    assert found.detail == "R_hl 100 %"
    exact = {"posterior": np.ones(10), "distance": np.zeros(10)}
    assert limitation(replace(result, variance_shares=exact), "inputs") is None
