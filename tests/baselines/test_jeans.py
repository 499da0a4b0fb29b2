"""Jeans fits find the mass of spheres that obey their model, with intervals of the right width."""

import math
import sys

import numpy as np
import pytest

from stargas.baselines import jeans as module
from stargas.baselines.jeans import HIGH, LN10, LOW, PRIORS, JeansLikelihood, JeansPosterior, fit_jeans, model_moments
from stargas.baselines.jeans_moments import LOG_PROJECTED, LOG_R, PROJECTION
from stargas.constants import G
from stargas.errors import InputError

pytest.importorskip("emcee")

NAMES = [prior.name for prior in PRIORS]
PLAIN = {
    "light_log10_scale": 0.0,
    "light_sharpness": 2.0,
    "light_outer_slope": 5.0,
    "light_inner_slope": 0.01,
    "log10_mass": 0.0,
    "mass_log10_scale": 0.5,
    "mass_sharpness": 1.0,
    "mass_outer_slope": 3.0,
    "mass_inner_slope": 1.0,
    "beta_central": 0.0,
    "beta_outer": 0.0,
    "beta_log10_radius": 0.0,
    "beta_sharpness": 2.0,
    "systemic_velocity": 0.0,
}


def sphere(theta, n, rng, edge=10.0):
    """Radii [R_hl] and velocities of stars of a model, in units of the square root of the mass unit over 4."""
    log_mass, Sigma, s2 = np.empty(len(LOG_R)), np.empty(len(LOG_PROJECTED)), np.empty(len(LOG_PROJECTED))
    model_moments(theta, PROJECTION, log_mass, Sigma, s2)
    x = np.linspace(LOG_PROJECTED[0], math.log(edge), 4000)
    weight = np.exp(np.interp(x, LOG_PROJECTED, np.log(Sigma)) + 2 * x)
    log_R = np.interp(rng.uniform(0, 1, n), np.cumsum(weight) / weight.sum(), x)
    sigma = np.sqrt(4 * 10 ** theta[4] * np.interp(log_R, LOG_PROJECTED, s2))
    return np.exp(log_R), sigma * rng.standard_normal(n) + theta[13], log_mass


def true_log10_mass(theta, log_mass, r):
    """Of a galaxy whose R_hl is 1 kpc, where the velocities have a unit of 1 km/s."""
    return np.interp(np.log(r), LOG_R, log_mass) / LN10 + theta[4] + math.log10(4 / G)


def plain(**changes):
    return np.array([{**PLAIN, **changes}[name] for name in NAMES])


@pytest.fixture(scope="module")
def fitted():
    theta = plain()
    R, v, log_mass = sphere(theta, 200, np.random.default_rng(1))
    return R, v, true_log10_mass(theta, log_mass, [0.6, 1.0, 1.7, 2.4]), fit_jeans(R, v, 1.0, n_draws=500, seed=1)


def test_a_fit_finds_the_mass(fitted):
    _, _, truth, posterior = fitted
    draws = posterior.log10_mass([0.6, 1.0, 1.7, 2.4])
    assert draws.shape == (500, 4)
    width = draws.std(axis=0)
    assert np.all(np.abs(draws.mean(axis=0) - truth) < 3 * width)
    assert 0.01 < width[2] < 0.12
    assert posterior.converged
    assert np.all((posterior.parameters > LOW) & (posterior.parameters < HIGH))
    assert np.all(np.diff(posterior.log10_mass(np.geomspace(0.1, 10, 9)), axis=1) > 0)


def test_units_scale_the_mass_and_seeds_repeat(fitted, monkeypatch):
    shorten(monkeypatch)
    R, v, *_ = fitted
    posterior, again, other = (
        fit_jeans(scale * R, speed * v + shift, scale, n_draws=100, seed=seed)
        for scale, speed, shift, seed in ((1.0, 1.0, 0.0, 1), (3.0, 2.0, 50.0, 1), (1.0, 1.0, 0.0, 2))
    )
    assert again.log10_mass(3.0) == pytest.approx(posterior.log10_mass(1.0) + math.log10(12), abs=1e-6)
    assert other.log10_mass(1.0) != pytest.approx(posterior.log10_mass(1.0), abs=1e-6)


def shorten(monkeypatch, max_steps=500):
    monkeypatch.setattr(module, "BLOCK", 500)
    monkeypatch.setattr(module, "MAX_STEPS", max_steps)


@pytest.mark.parametrize(("max_drift", "n_steps"), [(1e9, 500), (0.0, 1500)])
def test_a_chain_goes_on_until_its_halves_agree(fitted, monkeypatch, max_drift, n_steps):
    shorten(monkeypatch, 1500)
    monkeypatch.setattr(module, "MAX_DRIFT", max_drift)
    posterior = fit_jeans(*fitted[:2], 1.0, n_draws=100)
    assert posterior.n_steps == n_steps
    assert posterior.converged == (n_steps == 500)


def test_halves_of_a_chain_that_moves_differ():
    rng = np.random.default_rng(0)
    chain = np.tile(plain(), (200, 10, 1))
    chain[:, :, NAMES.index("log10_mass")] += 0.1 * rng.standard_normal((200, 10))
    assert module._drift(chain) < 0.15
    chain[100:, :, NAMES.index("log10_mass")] += 0.1
    assert module._drift(chain) == pytest.approx(1 / math.sqrt(1.25), abs=0.15)


@pytest.fixture(scope="module")
def many_stars():
    return sphere(plain(), 3000, np.random.default_rng(2))[:2]


def test_groups_of_stars_have_the_likelihood_of_single_stars(many_stars):
    R, v = many_stars
    rng = np.random.default_rng(0)
    thetas = np.array([plain(), plain(beta_outer=0.5), plain(log10_mass=0.1, systemic_velocity=0.05)])
    together = JeansLikelihood(R, v, np.zeros(len(R)))(thetas)
    # errors that differ by a millionth keep every star apart
    apart = JeansLikelihood(R, v, 1e-6 * (1 + rng.uniform(size=len(R))))(thetas)
    assert together - together[0] == pytest.approx(apart - apart[0], abs=0.1)


@pytest.mark.parametrize(
    "name", ["light_log10_scale", "light_outer_slope", "log10_mass", "systemic_velocity", "beta_outer"]
)
def test_the_likelihood_is_highest_near_the_truth(many_stars, name):
    log_prob = JeansLikelihood(*many_stars, np.zeros(len(many_stars[0])))
    step = {"light_outer_slope": 1.5, "beta_outer": 0.5}.get(name, 0.15)
    low, middle, high = log_prob(np.array([plain(**{name: PLAIN[name] + shift}) for shift in (-step, 0.0, step)]))
    assert middle > max(low, high) + 2


def test_errors_widen_the_velocities(many_stars):
    R, v = many_stars
    noisy = v + 1.2 * np.random.default_rng(3).standard_normal(len(v))
    masses = np.array([plain(log10_mass=value) for value in np.linspace(-0.4, 0.6, 21)])
    told = masses[np.argmax(JeansLikelihood(R, noisy, np.full(len(R), 1.2))(masses)), 4]
    untold = masses[np.argmax(JeansLikelihood(R, noisy, np.zeros(len(R)))(masses)), 4]
    assert told == pytest.approx(0.0, abs=0.11)
    assert untold > 0.25


def test_parameters_outside_the_prior_are_impossible(many_stars):
    log_prob = JeansLikelihood(*many_stars, np.zeros(len(many_stars[0])))
    assert np.isneginf(log_prob(np.array([plain(beta_outer=1.01)]))).all()


def test_no_draw_of_the_prior_breaks_the_likelihood(many_stars):
    drawn = np.random.default_rng(4).uniform(LOW, HIGH, (3000, len(PRIORS)))
    assert np.isfinite(JeansLikelihood(*many_stars, np.zeros(len(many_stars[0])))(drawn)).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"R_kpc": np.ones(5), "v_los_kms": np.arange(5.0)}, "at least 30 stars"),
        ({"v_los_kms": np.full(40, np.nan)}, "finite"),
        ({"v_los_kms": np.zeros(40)}, "velocities that differ"),
        ({"R_hl_kpc": 0.0}, "must be positive"),
        ({"v_los_error_kms": -1.0}, "not negative"),
    ],
)
def test_stars_that_cannot_be_fitted_get_one_sentence(changes, words):
    stars = {"R_kpc": np.ones(40), "v_los_kms": np.arange(40.0), "R_hl_kpc": 1.0, **changes}
    with pytest.raises(InputError, match=words):
        fit_jeans(**stars)


def test_a_missing_sampler_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "emcee", None)
    with pytest.raises(InputError, match=r"pip install 'stargas\[peers\]'"):
        fit_jeans(np.ones(40), np.arange(40.0), 1.0)


def test_every_prior_states_its_source():
    assert all(prior.low < prior.high and prior.source for prior in PRIORS)


def weighted_quantile(values, weights, level):
    order = np.argsort(values)
    return np.interp(level, np.cumsum(weights[order]), values[order])


@pytest.mark.slow
def test_a_chain_has_the_posterior_of_weighted_draws_of_the_prior():
    """Medians and widths agree with importance sampling, which has no chain."""
    R, v, _ = sphere(plain(), 40, np.random.default_rng(6))
    chain = fit_jeans(R, v, 1.0, n_draws=3000, seed=6).log10_mass([1.0])[:, 0]

    scatter, rng = v.std(), np.random.default_rng(7)
    thetas = rng.uniform(LOW, HIGH, (400_000, len(PRIORS)))
    offset = rng.standard_normal(len(thetas))  # a Gaussian proposal, since the prior is far wider
    thetas[:, -1] = 0.25 * offset
    log_weight = JeansLikelihood(R, (v - v.mean()) / scatter, np.zeros(len(v)))(thetas) + offset**2 / 2
    weights = np.exp(log_weight - log_weight.max())
    weights /= weights.sum()
    assert 1 / np.sum(weights**2) > 300
    unit = {"R_hl_kpc": 1.0, "mass_unit_msun": 4 * scatter**2 / G, "n_steps": 0, "drift": 0.0, "seconds": 0.0}
    drawn = JeansPosterior(parameters=thetas, **unit).log10_mass([1.0])[:, 0]
    low, median, high = (weighted_quantile(drawn, weights, level) for level in (0.16, 0.5, 0.84))
    width = (high - low) / 2
    assert np.median(chain) == pytest.approx(median, abs=0.25 * width)
    assert np.diff(np.quantile(chain, [0.16, 0.84]))[0] / 2 == pytest.approx(width, rel=0.15)


def sphere_of_the_prior(rng, n):
    """A model of the prior and its stars; masses scale with the data, in whose units they are within their bounds."""
    while True:
        theta = rng.uniform(LOW, HIGH)
        theta[[NAMES.index("log10_mass"), NAMES.index("systemic_velocity")]] = 0
        R, v, log_mass = sphere(theta, n, rng)
        if abs(2 * math.log10(v.std())) < HIGH[NAMES.index("log10_mass")]:
            return theta, R, v, log_mass


@pytest.mark.slow
def test_ranks_of_the_truth_are_uniform_where_it_is_drawn_from_the_prior():
    """Simulation-based calibration (Talts et al. 2018): it tests likelihood and sampler, whatever the prior.

    A truth that is no draw of the prior, such as a corner of it, need not have a uniform rank."""
    rng, radii = np.random.default_rng(5), [0.6, 1.0, 1.7, 2.4]
    ranks, shifted = [], []
    for number in range(30):
        theta, R, v, log_mass = sphere_of_the_prior(rng, 150)
        truth = true_log10_mass(theta, log_mass, radii)
        draws = fit_jeans(R, v, 1.0, n_draws=400, seed=number).log10_mass(radii)
        ranks.append(np.mean(draws < truth, axis=0))
        shifted.append(np.mean(draws < truth + draws.std(axis=0), axis=0))
    off_center = np.abs(np.array(ranks) - 0.5)
    assert np.mean(off_center < 0.34) == pytest.approx(0.68, abs=0.2)
    assert np.mean(off_center < 0.475) >= 0.85
    three_sigma = 3 / math.sqrt(12 * len(ranks))
    assert np.mean(ranks, axis=0) == pytest.approx([0.5] * 4, abs=three_sigma)
    assert np.all(np.mean(shifted, axis=0) > 0.5 + three_sigma)
