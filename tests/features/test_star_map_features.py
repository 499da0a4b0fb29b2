import numpy as np
import pytest

from stargas.features.hi_features import SHAPE
from stargas.features.star_map_features import BIN, N_BINS, STAR_MAP_FEATURES, measure_star_maps

N_PIXELS = 64
NODE = np.linspace(-1, 1, N_PIXELS)
HERE = np.array([True])
OF_XY = [i for i, name in enumerate(STAR_MAP_FEATURES) if name.startswith("xy_")]
OF_RV = [i for i, name in enumerate(STAR_MAP_FEATURES) if name.startswith("Rv_")]


def ellipse(axis_ratio, turn_deg=0.0, center=(0.0, 0.0), sigma=0.2):
    """Gaussian density on the sky, rows y, whose major axis has a width ``sigma`` of half a side."""
    x, y = np.meshgrid(NODE - center[0], NODE - center[1])
    angle = np.radians(turn_deg)
    along, across = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    return np.exp(-0.5 * (along**2 + (across / axis_ratio) ** 2) / sigma**2)


def in_radius_and_velocity(sigma, share=1.0, mean=0.0):
    """Density in the R-v plane, rows v: Gaussian in v; arguments are numbers or functions of R in 0 … 1."""
    R = (NODE + 1) / 2
    sigma, share, mean = (f(R) if callable(f) else np.full(N_PIXELS, f) for f in (sigma, share, mean))
    return share * np.exp(-0.5 * ((NODE[:, None] - mean) / sigma) ** 2) / sigma


def measured(xy=None, Rv=None):
    blank = ellipse(1.0)
    maps = np.stack([blank if one is None else one for one in (xy, Rv)])[None].astype(np.float32)
    return dict(zip(STAR_MAP_FEATURES, measure_star_maps(maps, HERE)[0], strict=True))


def bins(found, name):
    return np.array([found[f"Rv_{name}_{k + 1}"] for k in range(N_BINS)])


def bin_of_column():
    """Bin of each column of the map."""
    return np.searchsorted([k * N_PIXELS // N_BINS for k in range(1, N_BINS)], np.arange(N_PIXELS), side="right")


def test_names_are_as_many_as_numbers():
    assert len(STAR_MAP_FEATURES) == len(set(STAR_MAP_FEATURES)) == len(SHAPE) + len(BIN) * N_BINS + 2 == 36
    maps = np.stack([ellipse(0.6), in_radius_and_velocity(0.3)])[None].astype(np.float32)
    numbers = measure_star_maps(maps, HERE)
    assert numbers.shape == (1, len(STAR_MAP_FEATURES))
    assert np.isfinite(numbers).all()


@pytest.mark.parametrize("turn_deg", [0, 30, 90, 121])
@pytest.mark.parametrize("axis_ratio", [0.3, 0.6, 1.0])
def test_axis_ratio_of_a_gaussian_is_that_of_its_axes(axis_ratio, turn_deg):
    found = measured(ellipse(axis_ratio, turn_deg))
    assert found["xy_axis_ratio"] == pytest.approx(axis_ratio, abs=0.01)
    assert found["xy_offset"] == pytest.approx(0, abs=1e-6)
    assert found["xy_asymmetry"] == pytest.approx(0, abs=1e-6)
    quadrupole = found["xy_quadrupole"]
    assert quadrupole == pytest.approx(0, abs=1e-3) if axis_ratio == 1 else quadrupole > 0.2


def test_shares_inside_circles_of_a_round_gaussian():
    """Light inside r of a Gaussian: 1 − exp(−r²/2σ²)."""
    found = measured(ellipse(1.0, sigma=0.25))
    inside = [1 - np.exp(-0.5 * (r / 0.25) ** 2) for r in (0.25, 0.5, 0.75, 1.0)]
    for percent, share in zip((25, 50, 75), inside, strict=False):
        assert found[f"xy_share_{percent}"] == pytest.approx(share / inside[-1], abs=0.02)
    assert 10 ** found["xy_log_total"] == pytest.approx(2 * np.pi * 0.25**2 / 4, rel=0.05)  # of a square of side 2


def test_a_shifted_gaussian_is_off_and_lopsided():
    found = measured(ellipse(1.0, center=(0.15, -0.2)))
    assert found["xy_offset"] == pytest.approx(0.25, abs=0.005)
    assert found["xy_asymmetry"] > 0.3


def lopsided():
    return ellipse(0.5, 20) + 0.3 * ellipse(0.8, 70, center=(0.3, 0.25), sigma=0.1)


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_quarter_turns_and_mirrors_of_the_sky_change_nothing(quarters, mirrored):
    seen = np.rot90(lopsided(), quarters)
    one, other = measured(lopsided()), measured(seen[:, ::-1] if mirrored else seen)
    assert list(other.values()) == pytest.approx(list(one.values()), rel=1e-5, abs=1e-6)


def test_a_stretch_does_change_them():
    """Negative control of the turns."""
    one, other = (
        list(measured(image).values())
        for image in (lopsided(), lopsided()[N_PIXELS // 4 : -N_PIXELS // 4].repeat(2, axis=0))
    )
    assert np.abs(np.subtract(one, other))[OF_XY].max() > 0.05


def test_sigma_of_each_bin_is_that_of_the_density():
    """A dispersion that falls outward; columns count by their share of the stars."""
    sigma, share = (lambda R: 0.22 - 0.1 * R), (lambda R: np.exp(-2 * R))
    found = measured(Rv=in_radius_and_velocity(sigma, share))
    R, own = (NODE + 1) / 2, bin_of_column()
    for k in range(N_BINS):
        weight = share(R[own == k])
        expected = np.sqrt(np.average(sigma(R[own == k]) ** 2, weights=weight))
        assert bins(found, "sigma")[k] == pytest.approx(expected, rel=2e-3)
        assert bins(found, "share")[k] == pytest.approx(weight.sum() / share(R).sum(), rel=2e-3)
        assert bins(found, "kurtosis")[k] == pytest.approx(3, abs=0.06)
    assert bins(found, "mean") == pytest.approx(np.zeros(N_BINS), abs=1e-6)
    assert bins(found, "share").sum() == pytest.approx(1)
    assert found["Rv_sigma"] == pytest.approx(np.sqrt(np.average(sigma(R) ** 2, weights=share(R))), rel=2e-3)
    assert (np.diff(bins(found, "sigma")) < 0).all()


def test_slope_is_that_of_v2_over_its_mean():
    """σ² = a + b R with the same share at every radius: v² grows by b/(a + b/2)."""
    flat = measured(Rv=in_radius_and_velocity(0.25))
    rising = measured(Rv=in_radius_and_velocity(lambda R: np.sqrt(0.02 + 0.04 * R)))
    falling = measured(Rv=in_radius_and_velocity(lambda R: np.sqrt(0.06 - 0.04 * R)))
    assert flat["Rv_slope"] == pytest.approx(0, abs=1e-5)
    assert rising["Rv_slope"] == pytest.approx(1, rel=5e-3)
    assert falling["Rv_slope"] == pytest.approx(-1, rel=5e-3)


def test_mean_velocities_are_taken_out_of_the_dispersion():
    found = measured(Rv=in_radius_and_velocity(0.15, mean=lambda R: 0.4 * R))
    R, own = (NODE + 1) / 2, bin_of_column()
    for k in range(N_BINS):
        drift = 0.4 * R[own == k]
        assert bins(found, "mean")[k] == pytest.approx(drift.mean(), rel=1e-3)
        assert bins(found, "sigma")[k] == pytest.approx(np.hypot(0.15, drift.std()), rel=1e-3)


def test_reversed_velocities_change_means_alone():
    Rv = in_radius_and_velocity(0.2, mean=lambda R: 0.3 * R - 0.1)
    one, other = measured(Rv=Rv), measured(Rv=Rv[::-1])
    for name in STAR_MAP_FEATURES:
        sign = -1 if name.startswith("Rv_mean") else 1
        assert other[name] == pytest.approx(sign * one[name], rel=1e-4, abs=1e-6)


def test_the_unit_of_the_density_changes_nothing_but_densities():
    one, other = (measured(f * lopsided(), f * in_radius_and_velocity(0.3)) for f in (1, 7))
    for name in STAR_MAP_FEATURES:
        grown = np.log10(7) if name in {"xy_log_total", "xy_log_center"} else 0
        assert other[name] - one[name] == pytest.approx(grown, abs=1e-5)


def test_each_map_has_numbers_of_its_own():
    one = np.array(list(measured(ellipse(0.5), in_radius_and_velocity(0.3)).values()))
    sky = np.array(list(measured(ellipse(0.9), in_radius_and_velocity(0.3)).values()))
    speeds = np.array(list(measured(ellipse(0.5), in_radius_and_velocity(0.1)).values()))
    assert np.array_equal(one[OF_RV], sky[OF_RV])
    assert np.array_equal(one[OF_XY], speeds[OF_XY])
    assert not np.array_equal(one[OF_XY], sky[OF_XY])
    assert not np.array_equal(one[OF_RV], speeds[OF_RV])


def test_galaxies_without_stars_have_no_numbers_and_leave_others_alone():
    maps = np.stack([ellipse(0.6), in_radius_and_velocity(0.3)])[None].repeat(3, axis=0).astype(np.float32)
    numbers = measure_star_maps(maps, np.array([True, False, True]))
    assert np.isnan(numbers[1]).all()
    assert np.array_equal(numbers[[0, 2]], measure_star_maps(maps, np.array([True, True, True]))[[0, 2]])


def test_a_blank_map_of_a_galaxy_with_stars_has_none_either():
    assert np.isnan(measure_star_maps(np.zeros((1, 2, N_PIXELS, N_PIXELS), np.float32), HERE)).all()


def test_an_empty_bin_has_a_share_of_zero_and_nothing_else():
    found = measured(Rv=in_radius_and_velocity(0.2, share=lambda R: (R > 0.5).astype(float)))
    assert bins(found, "share")[:3] == pytest.approx(0)
    for name in BIN[1:]:
        assert np.isnan(bins(found, name)[:3]).all()
        assert np.isfinite(bins(found, name)[3:]).all()


def test_negative_densities_count_as_zero():
    Rv = in_radius_and_velocity(0.2)
    one, other = measured(Rv=np.where(Rv < 0.1, 0, Rv)), measured(Rv=np.where(Rv < 0.1, -3, Rv))
    assert list(one.values()) == list(other.values())
