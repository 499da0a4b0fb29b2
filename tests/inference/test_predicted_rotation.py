"""The rotation of HI is predicted as a disk has it that turns with the circular velocity."""

import numpy as np
import pytest
from analytic import plummer_stars, rotating_gas

from stargas.constants import G
from stargas.galaxy import Galaxy
from stargas.inference.predicted_rotation import HI_RINGS, compare_rotation, predict_rotation
from stargas.map_settings import pretrained_settings
from stargas.profiles import ProfileDraws
from stargas.sample import make_sample
from stargas.sky.projection import project
from stargas.sky.view import View

R = np.geomspace(0.2, 20.0, 12)
FLAT = ProfileDraws(R, np.log10(60.0**2 * R / G)[None])
"""The mass in which gas goes around at 60 km/s everywhere."""


@pytest.fixture(scope="module")
def sample():
    stars = plummer_stars(500, 1e9, 1.0, np.random.default_rng(0))
    galaxy = Galaxy("disk", stars, rotating_gas())
    return make_sample(project(galaxy, View(60.0)), np.random.default_rng(0), pretrained_settings())


def test_a_disk_turns_as_its_mass_says_and_not_as_that_of_another(sample):
    compared = compare_rotation(sample, FLAT, np.array([0.5]))
    assert compared.r_kpc.shape == (HI_RINGS,)
    offset = np.log(compared.observed_kms / compared.predicted_kms[0])[1:]  # the beam of pixels hides the first ring
    assert np.abs(offset).max() < 0.1
    heavier = ProfileDraws(R, FLAT.log10_mass + 0.3)
    wrong = np.log(compared.observed_kms / compare_rotation(sample, heavier, np.array([0.5])).predicted_kms[0])[1:]
    assert (wrong < -0.2).all()


@pytest.mark.parametrize(("cosine", "share"), [(0.0, 1.0), (0.5, 0.75**0.5), (-0.5, 0.75**0.5)])
def test_it_is_seen_at_its_inclination(cosine, share):
    seen = predict_rotation(np.array([2.0]), FLAT, np.array([cosine]), 0.0, 3.0)
    assert seen[0, 0] == pytest.approx(60 * share, rel=1e-6)


def test_pressure_slows_the_rotation_most_outside_and_never_stops_it():
    cold, warm, hot = (predict_rotation(np.array([1.0, 3.0]), FLAT, np.zeros(1), s, 3.0)[0] for s in (0, 10, 500))
    lost = cold**2 - warm**2
    assert lost[1] == pytest.approx(3 * lost[0])
    assert lost[0] > 0
    assert (hot > 0).all()


def test_rings_beyond_the_masses_are_left_out(sample):
    near = ProfileDraws(R[R < 1.5], FLAT.log10_mass[:, R < 1.5])
    inside, everywhere = (compare_rotation(sample, draws, np.array([0.5])) for draws in (near, FLAT))
    assert everywhere.known.all()
    assert np.array_equal(inside.known, inside.r_kpc <= near.r_kpc[-1])
