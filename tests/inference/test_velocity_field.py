"""A velocity field is predicted as a cold disk has it, and what is no such disk leaves residuals."""

from dataclasses import replace

import numpy as np
import pytest
from analytic import plummer_stars, rotating_gas

from stargas.constants import G
from stargas.galaxy import Galaxy
from stargas.inference.predictive_reference import ORDERS, fit_residuals
from stargas.inference.velocity_field import MIN_PIXELS, compare_velocity_field
from stargas.map_settings import pretrained_settings
from stargas.profiles import ProfileDraws
from stargas.sample import MAPS, QUALITY, make_sample
from stargas.sky.hi_scalars import pixel_centers
from stargas.sky.projection import project
from stargas.sky.view import View

R = np.geomspace(0.2, 20.0, 12)
FLAT = ProfileDraws(R, np.log10(60.0**2 * R / G)[None])
"""The mass in which gas goes around at 60 km/s everywhere."""

HEAVY = ProfileDraws(R, FLAT.log10_mass + 0.6)
"""Four times that mass."""

MOMENT1 = MAPS.index("moment1")


def disk(inclination=60.0, angle=35.0, engine="fast", beam_kpc=0.5):
    """A disk that recedes at an angle, counterclockwise from +x, on the maps of a telescope whose beam is known."""
    settings = pretrained_settings()
    settings = replace(settings, gas=replace(settings.gas, engine=engine, beam_fwhm_kpc=beam_kpc))
    galaxy = Galaxy("disk", plummer_stars(500, 1e9, 1.0, np.random.default_rng(0)), rotating_gas(40_000))
    sample = make_sample(project(galaxy, View(inclination, 0.0, angle)), np.random.default_rng(0), settings)
    return with_beam(sample, beam_kpc)


def with_beam(sample, beam_kpc):
    """The same maps, whose beam is stated to be another one."""
    quality = sample.quality.copy()
    quality[QUALITY.index("beam_fwhm_kpc")] = beam_kpc
    return replace(sample, quality=quality)


def compared(sample, inclination=60.0, draws=FLAT):
    return compare_velocity_field(sample, draws, np.array([np.cos(np.radians(inclination))]))


def with_velocity(sample, change):
    """The same HI with another velocity field: a function of x and y in halves of the side, and moment 1."""
    maps = sample.maps.copy()
    maps[MOMENT1] = change(*pixel_centers(maps.shape[-1], 1.0), maps[MOMENT1])
    return replace(sample, maps=maps)


@pytest.fixture(scope="module")
def sample():
    return disk()


@pytest.mark.parametrize(("inclination", "angle"), [(20.0, 35.0), (50.0, 160.0), (60.0, 35.0), (60.0, 250.0), (80, 80)])
def test_a_cold_disk_is_as_predicted_wherever_it_is_seen_from(inclination, angle):
    field = compared(disk(inclination, angle), inclination)
    assert np.abs((field.axis_deg - angle + 180) % 360 - 180) < 3
    slower = np.sin(np.radians(max(inclination, 30))) / np.sin(np.radians(inclination))  # as the rings of such a view
    assert field.residual_share < (0.06 if slower == 1 else slower - 0.9)


def test_what_is_left_of_a_cold_disk_is_its_noise(sample):
    noise = np.random.default_rng(1).normal(0, 5, sample.maps[0].shape)
    calm, noisy = compared(sample), compared(with_velocity(sample, lambda _x, _y, v: v + noise))
    assert noisy.rms_kms == pytest.approx(np.hypot(calm.rms_kms, 5), rel=0.1)
    known = np.isfinite(noisy.residual_kms)
    assert known.sum() > 500
    assert np.corrcoef(noisy.residual_kms[known], noise[known])[0, 1] > 0.9


@pytest.mark.parametrize(
    "change",
    [
        lambda _x, _y, v: np.rot90(v),
        lambda _x, _y, v: v[:, ::-1],
        lambda _x, _y, v: v[::-1],
        lambda x, y, v: v * (1 + 0.8 * (np.cos(np.radians(35)) * x + np.sin(np.radians(35)) * y)),
        lambda x, y, v: v + 25 * np.hypot(x, y),
    ],
    ids=["turned by 90°", "mirrored in x", "mirrored in y", "one side faster", "outskirts that recede"],
)
def test_another_velocity_field_leaves_residuals(sample, change):
    assert compared(with_velocity(sample, change)).residual_share > 2 * compared(sample).residual_share
    assert compared(with_velocity(sample, change)).residual_share > 0.15


def test_masses_and_inclinations_of_another_galaxy_leave_residuals(sample):
    right, heavier = (compared(sample, draws=ProfileDraws(R, FLAT.log10_mass + dex)) for dex in (0.0, 0.4))
    assert heavier.residual_share > right.residual_share + 0.3
    assert compared(sample, inclination=30.0).residual_share > right.residual_share + 0.2


def test_signs_are_those_of_the_sky(sample):
    """The receding side is red where the disk recedes, and the residual of a faster disk is positive there."""
    field = compared(with_velocity(sample, lambda _x, _y, v: 1.3 * v))
    x, y = pixel_centers(len(field.observed_kms), 1.0)
    side = np.cos(np.radians(35)) * x + np.sin(np.radians(35)) * y
    for velocity in (field.observed_kms, field.predicted_kms, field.residual_kms):
        known = np.isfinite(velocity) & (np.abs(side) > 0.2)
        assert np.corrcoef(velocity[known], np.sign(side[known]))[0, 1] > 0.9


def test_a_systemic_velocity_is_taken_from_the_field(sample):
    shifted = compared(with_velocity(sample, lambda _x, _y, v: v + 7))
    np.testing.assert_allclose(shifted.residual_kms, compared(sample).residual_kms, atol=1e-3)
    assert np.nanmean(shifted.predicted_kms - compared(sample).predicted_kms) == pytest.approx(7, abs=1e-3)


def test_a_beam_spreads_the_prediction_as_it_spreads_the_hi():
    """Of maps with a beam, a prediction without one is worse."""
    seen = disk(beam_kpc=1.0)
    assert compared(seen).residual_share < 0.08
    assert compared(with_beam(seen, 0.0)).residual_share > 4 * compared(seen).residual_share


def test_pixels_beyond_the_masses_and_without_hi_are_left_out(sample):
    near = ProfileDraws(R[R < 3], FLAT.log10_mass[:, R < 3])
    inner, outer = compared(sample, draws=near), compared(sample)
    assert np.isfinite(inner.predicted_kms).sum() < np.isfinite(outer.predicted_kms).sum()
    np.testing.assert_array_equal(np.isnan(inner.observed_kms), sample.maps[MAPS.index("moment2")] <= 0)
    first = ProfileDraws(R[:4] / 50, FLAT.log10_mass[:, :4])
    assert compared(sample, draws=first) is None
    maps = sample.maps.copy()
    maps[:, :, MIN_PIXELS // 4 :] = 0
    maps[:, 4:] = 0
    assert compared(replace(sample, maps=maps)) is None


def test_martini_has_the_same_field():
    pytest.importorskip("martini")
    assert compared(disk(engine="martini")).residual_share < 0.05


class TestReference:
    """Fractions are those of the galaxies that were measured."""

    def test_fractions_are_uniform_on_the_galaxies_of_each_order(self):
        rng = np.random.default_rng(0)
        order = rng.uniform(0, 6, 40_000)
        share = np.exp(rng.normal(-order / 4, 0.5))
        fitted = fit_residuals(share[::2], order[::2])
        found = np.array([fitted.larger_fraction(*pair) for pair in zip(share[1::2], order[1::2], strict=True)])
        for low, high in zip((0, *ORDERS), (*ORDERS, 6), strict=True):
            own = found[(order[1::2] > low) & (order[1::2] < high)]
            assert np.mean(own < 0.1) == pytest.approx(0.1, abs=0.02)
            assert np.mean(own < 0.5) == pytest.approx(0.5, abs=0.03)

    def test_the_sentence_says_how_usual_it_is(self, sample):
        field = compared(sample)
        assert "no reference" in field.sentence
        assert field.deviation is None
        usual = replace(field, larger_fraction=0.16)
        assert "16 % of galaxies" in usual.sentence
        assert "(+1.0σ)" in usual.sentence
        assert f"{field.rms_kms:.2g} km/s rms" in usual.sentence
        assert "at most 0.2 %" in replace(field, larger_fraction=0.002).sentence

    def test_a_field_beyond_all_of_the_reference_has_finite_numbers(self, sample):
        """A cold disk has a smaller residual than disturbed galaxies, one that is predicted too fast a larger one."""
        disturbed = fit_residuals(np.linspace(0.2, 0.5, 1000), np.full(1000, 3.0))
        for field, bound in ((compared(sample), "at least 99 %"), (compared(sample, 60.0, HEAVY), "at most 0.2 %")):
            fraction = disturbed.larger_fraction(field.residual_share, field.order)
            judged = replace(field, larger_fraction=fraction)
            assert bound in judged.sentence
            assert abs(judged.deviation) < 3
            assert bound not in replace(field, larger_fraction=0.5).sentence
