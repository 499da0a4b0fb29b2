"""Members and contaminants: the dispersion of known galaxies, with and without what is no member of them."""

import numpy as np
import pytest

from stargas.observed.membership import fit_members
from stargas.observed.velocities import fit_velocities
from stargas.sky.star_maps import velocity_dispersion

SIGMA = 9.2


def plummer_radii(rng, n, edge=4.0):
    """Projected radii of a Plummer sphere in units of its scale, inside an edge."""
    return 1 / np.sqrt(1 / rng.uniform(0, edge**2 / (1 + edge**2), n) - 1)


def radial_plummer(rng, n, anisotropy_radius=0.76):
    """Projected radii and velocities of a Plummer sphere with radial orbits outside.

    The distribution function of Osipkov and Merritt (Merritt 1985, AJ 90, 1027), f(Q) ∝ Q^(7/2) (1 - 1/a² + 7/(16 a²
    Q²)) in units of scale and potential, drawn by inversion; as radial as it can be without becoming negative.
    """
    a = anisotropy_radius
    r = 1 / np.sqrt(rng.uniform(0, 1, n) ** (-2 / 3) - 1)
    psi = 1 / np.sqrt(1 + r**2)
    share = np.linspace(0, 1, 400)[1:-1]
    speed = share * np.sqrt(2 * psi)[:, None]
    q = np.maximum(psi[:, None] - speed**2 / 2, 1e-12)
    density = np.cumsum(speed**2 * q**3.5 * (1 - 1 / a**2 + 7 / (16 * a**2 * q**2)), axis=1)
    drawn = rng.uniform(0, density[:, -1])
    w = speed[np.arange(n), (density < drawn[:, None]).sum(axis=1)]
    cos = rng.uniform(-1, 1, n)
    radial, tangential = w * cos, w * np.sqrt(1 - cos**2) / np.sqrt(1 + r**2 / a**2)
    mu, phi = rng.uniform(-1, 1, n), rng.uniform(0, 2 * np.pi, n)
    v = radial * mu + tangential * np.sqrt(1 - mu**2) * np.cos(phi)
    return r * np.sqrt(1 - mu**2), SIGMA * v / np.std(v)


def with_contaminants(rng, R, v, n, mean=-100.0, width=60.0):
    """Add stars that are spread evenly over the field, and measure everything."""
    R = np.append(R, R.max() * np.sqrt(rng.uniform(0, 1, n)))
    error = rng.uniform(1, 3, len(R))
    return np.append(v, rng.normal(mean, width, n)) + rng.normal(0, error), error, R


def mean_ratio(make, n_galaxies=12, **options):
    """Mean and standard error of the fitted over the true dispersion of galaxies of known velocities."""
    ratios = []
    for seed in range(n_galaxies):
        truth, (v, error, R) = make(np.random.default_rng(seed))
        ratios.append(fit_members(v, error, radius=R, **options).fit.sigma_kms / truth)
    return np.mean(ratios), np.std(ratios) / np.sqrt(n_galaxies)


def clipped(v, error, n_sigma=3.0):
    """Dispersion of the stars within three standard deviations of the bulk."""
    kept, width = np.ones(len(v), dtype=bool), 1.4826 * np.median(np.abs(v - np.median(v)))
    for _ in range(20):
        kept = np.abs(v - np.median(v[kept])) < n_sigma * width
        width = np.std(v[kept])
    return fit_velocities(v[kept], error[kept]).sigma_kms


def test_radial_orbits_are_not_cut():
    def make(rng):
        R, v = radial_plummer(rng, 2000)
        return np.std(v), with_contaminants(rng, R, v, 0)

    mean, error = mean_ratio(make)
    assert abs(mean - 1) < 4 * error + 0.003
    v, e, _ = make(np.random.default_rng(0))[1]
    assert clipped(v, e) < 0.975 * SIGMA


def test_a_tenth_of_large_but_honest_errors_changes_nothing():
    def make(rng):
        v, error = rng.normal(0, SIGMA, 400), np.where(np.arange(400) < 40, 25.0, 2.0)
        return SIGMA, (v + rng.normal(0, error), error, plummer_radii(rng, 400))

    mean, error = mean_ratio(make, 20)
    assert abs(mean - 1) < 4 * error + 0.003
    v, e, _ = make(np.random.default_rng(0))[1]
    assert fit_velocities(v).sigma_kms > 1.1 * fit_velocities(v, e).sigma_kms  # without the errors


@pytest.mark.parametrize(("mean_kms", "tolerance"), [(-100.0, 0.015), (0.0, 0.03)])
def test_a_tenth_of_contaminants_is_recognized(mean_kms, tolerance):
    def make(rng):
        v = rng.normal(0, SIGMA, 400)
        return SIGMA, with_contaminants(rng, plummer_radii(rng, 400), v, 40, mean_kms)

    mean, error = mean_ratio(make, 20)
    assert abs(mean - 1) < 3 * error + tolerance
    v, e, R = make(np.random.default_rng(0))[1]
    assert fit_velocities(v, e).sigma_kms > 2 * SIGMA  # without a second population
    membership = fit_members(v, e, radius=R)
    assert membership.n_contaminants == pytest.approx(40, abs=15)
    assert membership.p_member[:400].mean() > 0.94
    assert membership.p_member[400:].mean() < 0.2


def test_probabilities_are_right_on_average():
    """Of the stars with probabilities between 0.2 and 0.8, about that fraction are members."""
    p, is_member = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        v, e, R = with_contaminants(rng, plummer_radii(rng, 300), rng.normal(0, SIGMA, 300), 300, 0.0, 40.0)
        p.append(fit_members(v, e, radius=R).p_member)
        is_member.append(np.arange(600) < 300)
    p, is_member = np.concatenate(p), np.concatenate(is_member)
    doubtful = (p > 0.2) & (p < 0.8)
    assert np.count_nonzero(doubtful) > 300
    assert is_member[doubtful].mean() == pytest.approx(p[doubtful].mean(), abs=0.12)
    assert is_member[p > 0.95].mean() > 0.94


def test_a_raw_catalogue_of_mostly_foreground_shows_its_galaxy():
    rng = np.random.default_rng(3)
    v, e, R = with_contaminants(rng, plummer_radii(rng, 500), rng.normal(0, SIGMA, 500), 800)
    membership = fit_members(v, e, radius=R)
    assert membership.fit.sigma_kms == pytest.approx(SIGMA, rel=0.12)
    assert membership.n_contaminants == pytest.approx(800, rel=0.05)
    # without radii the peak is no proof, and is reported
    alone = fit_members(v, e)
    assert alone.fit.sigma_kms > 3 * SIGMA
    assert alone.narrow_peak.sigma_kms == pytest.approx(SIGMA, rel=0.2)
    # with probabilities as priors it is
    prior = np.where(np.arange(1300) < 500, 0.7, 0.3)
    assert fit_members(v, e, prior=prior).fit.sigma_kms == pytest.approx(SIGMA, rel=0.12)


@pytest.mark.parametrize("rotation_over_sigma", [0.0, 3.0, 10.0])
def test_a_cold_disc_is_one_population(rotation_over_sigma):
    """Its velocities have two peaks, of which neither is the galaxy."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        v = 10 * rotation_over_sigma * np.cos(rng.uniform(0, 2 * np.pi, 500)) + rng.normal(0, 10, 500)
        membership = fit_members(v, np.full(500, 2.0), radius=plummer_radii(rng, 500))
        assert membership.fit.sigma_kms == pytest.approx(velocity_dispersion(v), rel=0.03)
        assert membership.n_contaminants < 2


def test_a_member_for_certain_stays_one_and_a_likely_one_need_not():
    rng = np.random.default_rng(0)
    v = np.append(rng.normal(0, SIGMA, 300), 400.0)
    certain, likely = (fit_members(v, prior=np.append(np.full(300, 0.97), p)) for p in (1.0, 0.97))
    assert certain.p_member[-1] == 1
    assert certain.fit.sigma_kms > 2 * SIGMA
    assert likely.p_member[-1] < 0.01
    assert likely.fit.sigma_kms == pytest.approx(SIGMA, rel=0.1)


def test_half_a_weight_for_each_of_two_measurements_is_one_star():
    rng = np.random.default_rng(0)
    v, e, R = with_contaminants(rng, plummer_radii(rng, 300), rng.normal(0, SIGMA, 300), 30)
    once = fit_members(v, e, radius=R)
    twice = fit_members(np.repeat(v, 2), np.repeat(e, 2), radius=np.repeat(R, 2), weight=np.full(660, 0.5))
    assert twice.fit.sigma_kms == pytest.approx(once.fit.sigma_kms, rel=1e-4)
    assert twice.fit.sigma_error_kms == pytest.approx(once.fit.sigma_error_kms, rel=1e-3)


@pytest.mark.parametrize("shift_and_scale", [(100.0, 1.0), (0.0, 3.0)])
def test_shift_and_scale_of_velocities(shift_and_scale):
    shift, scale = shift_and_scale
    rng = np.random.default_rng(0)
    v, e, R = with_contaminants(rng, plummer_radii(rng, 300), rng.normal(0, SIGMA, 300), 60)
    one, other = fit_members(v, e, radius=R), fit_members(scale * v + shift, scale * e, radius=7 * R)
    np.testing.assert_allclose(other.p_member, one.p_member, atol=1e-3)
    assert other.fit.sigma_kms == pytest.approx(scale * one.fit.sigma_kms, rel=1e-4)
    assert other.fit.mean_kms == pytest.approx(scale * one.fit.mean_kms + shift, abs=0.01)


def test_many_stars_take_the_way_of_few():
    """Above some thousand stars the way to the solution is found with every k-th of them."""
    rng = np.random.default_rng(0)
    v, e, R = with_contaminants(rng, plummer_radii(rng, 18_000), rng.normal(0, SIGMA, 18_000), 2000)
    membership = fit_members(v, e, radius=R)
    assert membership.fit.sigma_kms == pytest.approx(SIGMA, rel=0.02)
    assert membership.n_contaminants == pytest.approx(2000, rel=0.05)
