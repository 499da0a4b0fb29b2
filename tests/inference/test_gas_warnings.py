"""Gas that may be miscounted is said to be, and that of mock galaxies is miscounted where it is said."""

from dataclasses import replace

import numpy as np
import pytest
from cube_files import BEAM_KPC, DISTANCE_KPC, disc_cube, header_of, in_jy_per_beam, write_cube, write_moments
from formula_posteriors import WolfPosterior
from hi_for_tests import R_HI_KPC
from samples_for_tests import hand_made, map_settings

import stargas as sg
from stargas.config import HIMapConfig, ModelConfig
from stargas.inference.baryons import gas_mass
from stargas.inference.dark_matter import OutweighedError, contradicted
from stargas.inference.gas_warnings import MISCOUNT, NEAR_EDGE_ON_DEG, NEGLIGIBLE, SCALE_LENGTHS_IN_R_HI, gas_warnings
from stargas.observed.hi import observe_hi
from stargas.report.observed import describe_galaxy
from stargas.sky.hi_maps import moment_maps
from stargas.sky.hi_scalars import measure_hi
from stargas.sky.projection import HIMaps

R_HL = 0.3
RADII = R_HL * np.linspace(0.6, 2.4, 10)


def result_of(R_HI=1.5, beam=0.0, inclinations=None):
    """An inference of a galaxy with a mass of 10^8 Msun inside every radius."""
    sample = hand_made(
        map_settings(4),
        scalars=np.array([R_HL, 10.0, R_HI, 30.0, 8.0]),
        tracers=np.array([True, True]),
        quality=np.array([100.0, 0.0, beam, 0.0]),
        r_kpc=RADII,
    )
    made = sg.infer(sample, WolfPosterior(), n_draws=50, occlusion=False)
    draws = {} if inclinations is None else {"cos_inclination": np.cos(np.radians(inclinations))}
    return replace(made, log10_mass=np.full((50, 10), 8.0), further=draws)


GAS = np.full(10, 1.23e7)


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_known_inclination_is_said_beyond_the_limit_alone(sign):
    said = gas_warnings(result_of(), GAS, 0.0, NEAR_EDGE_ON_DEG + 0.6 * sign)
    assert len(said) == (sign > 0)
    assert all("inclination is 71°" in one and "12.3 % of all matter there" in one for one in said)
    assert all("to either side" in one for one in said)


def test_without_one_it_is_the_median_of_the_posterior():
    """Two of five draws above the limit are none, as many as a posterior has that knows nothing."""
    limit = NEAR_EDGE_ON_DEG
    edge_on, unsure = (result_of(inclinations=np.repeat([limit - 9, limit + 9], n)) for n in ([20, 30], [30, 20]))
    (said,) = gas_warnings(edge_on, GAS, 0.0)
    assert "inclination is 79°" in said
    assert "too high, in some galaxies twofold" in said
    assert gas_warnings(unsure, GAS, 0.0) == ()
    assert gas_warnings(edge_on, GAS, 0.0, 30.0) == ()  # what is known counts first
    assert gas_warnings(result_of(), GAS, 0.0) == ()  # a model of masses alone


@pytest.mark.parametrize(("R_HI", "limit"), [(1.5, 1.5 / SCALE_LENGTHS_IN_R_HI), (0.6, R_HL), (0.0, R_HL)])
def test_a_beam_is_said_where_it_is_wider_than_both(R_HI, limit):
    result = result_of(R_HI)
    (said,) = gas_warnings(result, GAS, 1.01 * limit)
    assert f"wider than {limit:.3g} kpc" in said
    assert "12.3 % of all matter there, and counts as dark matter." in said
    assert gas_warnings(result, GAS, 0.99 * limit) == ()
    (unknown,) = gas_warnings(result, GAS, None)
    assert unknown.startswith(f"The HI data name no beam, which may be wider than {limit:.3g} kpc")
    assert gas_warnings(result, GAS, 0.0) == ()


@pytest.mark.parametrize(("share", "n"), [(0.99, 0), (1.01, 2)])
def test_where_gas_hardly_counts_nothing_is_said(share, n):
    gas = np.full(10, share * NEGLIGIBLE * 1e8)
    assert len(gas_warnings(result_of(), gas, None, 85.0)) == n


def test_maps_that_are_given_have_the_beam_of_the_sample():
    column = 10 * np.ones((20, 20))
    hi = HIMaps(np.stack([column, 0 * column, 0 * column]), 2.0)
    wide, sharp = (sg.dark_matter(result_of(beam=beam), "1e6 0.1dex", hi=hi) for beam in (0.6, 0.4))
    assert any("The beam of the HI, 0.6 kpc" in text for text in wide.warnings)
    assert sharp.gas_warnings == ()
    assert sg.dark_matter(result_of(beam=0.6), "1e6 0.1dex").gas_warnings == ()  # none is taken off


def test_masses_that_stars_and_gas_outweigh_name_the_gas_where_it_may_be_miscounted():
    column = 10 * np.ones((20, 20))
    hi = HIMaps(np.stack([column, 0 * column, 0 * column]), 2.0)
    result = result_of()
    for inclination, named in ((80.0, True), (60.0, False)):
        with pytest.raises(OutweighedError, match="check the stellar mass") as refusal:
            sg.dark_matter(result, "1e10 0.1dex", hi=hi, inclination_deg=inclination)
        assert ("The inclination is 80°" in str(refusal.value)) is named
        assert ("The inclination is 80°" in contradicted(result, refusal.value).verdict.reason) is named


class Heavy:
    """A mass of 10^9 Msun inside 1 kpc, in proportion to the radius."""

    def __init__(self):
        self.config, self.about = ModelConfig(tracers="gas"), {}

    def sample(self, samples, n=1000, seed=0):  # noqa: ARG002 (as every posterior)
        return np.stack([np.tile(9 + np.log10(sample.r_kpc), (n, 1)) for sample in samples])


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    path = write_cube(tmp_path_factory.mktemp("cube") / "disc.fits", in_jy_per_beam(disc_cube()[0]))
    return sg.read_hi(path)


def observed(hi):
    result = sg.infer(hi=hi, distance_kpc=DISTANCE_KPC, R_hl_kpc=R_HL, model=Heavy(), n_draws=40, occlusion=False)
    return sg.dark_matter(result, "1e6 0.1dex"), describe_galaxy(result.galaxy)[-1]


def test_the_beam_of_a_cube_reaches_the_dark_matter(cube):
    assert R_HI_KPC / SCALE_LENGTHS_IN_R_HI > BEAM_KPC
    dark, described = observed(cube)
    assert dark.gas_warnings == ()
    assert described.endswith("beam 0.6 kpc.")
    wide = replace(cube, beam=replace(cube.beam, major_arcsec=4 * cube.beam.major_arcsec))
    assert f"The beam of the HI, {2 * BEAM_KPC:.3g} kpc" in observed(wide)[0].warnings[-1]


def test_so_does_that_of_moment_maps_and_where_they_name_none_it_is_said(tmp_path, cube):
    maps, wide = observe_hi(cube, DISTANCE_KPC).moment_maps, np.degrees(2 * BEAM_KPC / DISTANCE_KPC)
    for cards, said in (({}, None), ({"BMAJ": wide, "BMIN": wide}, "The beam of the HI, 1.2 kpc"), (None, "no beam")):
        header = header_of(cube.data.shape, **({"BMAJ": "absent", "BMIN": "absent"} if cards is None else {}))
        dark, described = observed(sg.read_hi(*write_moments(tmp_path, maps, header, **(cards or {}))))
        assert ("beam not known" in described) is (cards is None)
        assert len(dark.gas_warnings) == (said is not None)
        assert said is None or said in dark.warnings[-1]


VIEWS = {"edge-on": (80.0, 0.0), "tilted": (32.0, 0.0)} | {beam: (50.0, beam) for beam in (0.0, 0.6, 1.5, 2.5)}
"""Name of a view → inclination [deg], and FWHM of the beam over the limit of a warning."""

N_GALAXIES, SETTINGS = 60, HIMapConfig(n_pixels=96)


def counted(galaxy, azimuth):
    """Gas inside R_hl as it is counted in each view over that of the particles; None where there is hardly any."""
    found = []
    for inclination, beam in VIEWS.values():
        sky = sg.project(galaxy, sg.View(inclination, azimuth))
        half_width = 1.5 * float(np.quantile(np.hypot(sky.gas.x_kpc, sky.gas.y_kpc), 0.99))
        measured = measure_hi(moment_maps(sky.gas, half_width, SETTINGS), half_width)
        inside = galaxy.gas.hi_mass_msun[np.linalg.norm(galaxy.gas.position_kpc, axis=1) < sky.R_hl_kpc].sum()
        if measured is None or not inside:
            return None
        limit = max(sky.R_hl_kpc, measured.R_HI_kpc / SCALE_LENGTHS_IN_R_HI)
        seen = moment_maps(sky.gas, half_width, replace(SETTINGS, beam_fwhm_kpc=beam * limit))
        found.append(gas_mass(HIMaps(seen.astype(float), half_width), [sky.R_hl_kpc])[0] / (1.33 * inside))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("suite", "edge_on", "tilted"), [("broad", 42, 13), ("bursty", 75, 25), ("smooth", 79, 17)])
def test_mock_galaxies_are_miscounted_where_the_documentation_says(suite, edge_on, tilted):
    """Near edge-on and not, in percent of the galaxies; and with a beam on both sides of its limit."""
    galaxies = (one for one in sg.mock_suite(suite, n_galaxies=N_GALAXIES, seed=2718) if one.gas is not None)
    found = [counts for n, one in enumerate(galaxies) if (counts := counted(one, 77.0 * n)) is not None]
    views = dict(zip(VIEWS, np.array(found).T, strict=True))
    off = {name: 100 * np.mean(abs(views[name] - 1) > MISCOUNT) for name in ("edge-on", "tilted")}
    assert off["edge-on"] == pytest.approx(edge_on, abs=15)
    assert off["tilted"] == pytest.approx(tilted, abs=15)
    narrow, wide, wider = (np.mean(views[beam] / views[0.0] < 1 - MISCOUNT) for beam in (0.6, 1.5, 2.5))
    assert narrow < 0.1
    assert 0.3 < wide < 0.85
    assert wider > 0.7
