import numpy as np
import pytest
from hi_for_tests import CENTER, SIZE, disk, gaussian

from stargas.features.hi_features import HI_FEATURES, RING_EDGES, measure_hi_maps

SCALARS = (4.0, 30.0, 9.0)
"""R_HI [kpc], v_cold and sigma_cold [km/s]."""


def measured(moment0=0.0, moment1=0.0, moment2=0.0, scalars=SCALARS, present=True):
    moments = np.zeros((1, 3, SIZE, SIZE), np.float32)
    moments[0, 0], moments[0, 1], moments[0, 2] = moment0, moment1, moment2
    found = measure_hi_maps(moments, np.array([present]), *(np.array([value]) for value in scalars))
    assert found.shape == (1, len(HI_FEATURES))
    return dict(zip(HI_FEATURES, found[0], strict=True))


def as_array(numbers):
    return np.array(list(numbers.values()))


@pytest.mark.parametrize("axis_ratio", [0.3, 0.6, 1.0])
@pytest.mark.parametrize("angle_deg", [0, 37, 90])
def test_axis_ratio_of_an_elliptical_gaussian(axis_ratio, angle_deg):
    found = measured(gaussian(axis_ratio, angle_deg), moment2=1.0)
    assert found["axis_ratio"] == pytest.approx(axis_ratio, abs=0.01)
    assert found["asymmetry"] == pytest.approx(0, abs=1e-6)
    assert found["offset"] == pytest.approx(0, abs=1e-6)


def test_a_shifted_blob_is_lopsided():
    shifted = measured(np.roll(gaussian(1.0), 6, axis=1), moment2=1.0)
    assert shifted["offset"] == pytest.approx(6 * 2 / SIZE, rel=0.03)
    assert shifted["asymmetry"] > 0.2


def test_light_inside_apertures_of_a_round_gaussian():
    found = measured(gaussian(1.0), moment2=1.0)
    inside = [1 - np.exp(-0.5 * (r / 0.25) ** 2) for r in (0.25, 0.5, 0.75, 1.0)]
    shares = [found[f"share_{r}"] for r in (25, 50, 75)]
    assert shares == pytest.approx(np.array(inside[:3]) / inside[3], abs=0.015)
    assert found["quadrupole"] == pytest.approx(0, abs=1e-3)
    assert measured(gaussian(0.5), moment2=1.0)["quadrupole"] > 0.2


@pytest.mark.parametrize("angle_deg", [0, 25, 130])
def test_harmonics_of_a_rotating_disk(angle_deg):
    found = measured(**disk(angle_deg=angle_deg))
    amplitude = 40 * np.sin(np.radians(60))
    for ring in range(1, len(RING_EDGES) - 2):
        assert 10 ** found[f"log_amplitude_ring_{ring}"] == pytest.approx(amplitude, rel=0.02)
        assert found[f"misalignment_ring_{ring}"] == pytest.approx(0, abs=0.03)
        assert found[f"residual_ring_{ring}"] == pytest.approx(0, abs=1.0)
        assert found[f"dispersion_ring_{ring}"] == pytest.approx(8)
    assert found["inclination"] == pytest.approx(np.degrees(np.arcsin(np.sqrt(0.75 / 0.96))), abs=1)
    assert found["gradient_misalignment"] == pytest.approx(0, abs=0.02)
    assert found["v_mean"] == pytest.approx(0, abs=0.1)


def test_a_twisted_velocity_field_is_misaligned():
    found = measured(**disk(inclination_deg=40, turn_deg=30))
    assert found["misalignment_ring_2"] == pytest.approx(np.radians(30), abs=0.02)
    assert 10 ** found["log_amplitude_ring_2"] == pytest.approx(40 * np.sin(np.radians(40)), rel=0.02)


def test_column_in_rings_is_that_of_the_map():
    x, y = np.meshgrid(CENTER, CENTER)
    falling = 10 * np.exp(-np.hypot(x, y) / 0.3)
    found = measured(falling, moment2=8.0)
    for ring in range(1, len(RING_EDGES) - 1):
        radius = np.linspace(RING_EDGES[ring], RING_EDGES[ring + 1], 200)
        mean = np.average(10 * np.exp(-radius / 0.3), weights=radius)
        assert 10 ** found[f"log_column_ring_{ring}"] == pytest.approx(mean, rel=0.05)


def test_width_of_a_line_of_known_velocities():
    """Half the mass approaches and half recedes at 20 km/s with a dispersion of 6."""
    x, _ = np.meshgrid(CENTER, CENTER)
    found = measured(gaussian(1.0), 20 * np.sign(x), 6.0)
    assert found["width_total"] == pytest.approx(np.hypot(20, 6), rel=1e-5)
    assert found["width_68"] == pytest.approx(20, rel=0.02)
    assert found["v_largest"] == pytest.approx(20)


def test_physical_numbers_are_the_formulas():
    found = measured(**disk())
    G = 4.300917270e-6
    sine2 = 0.75 / 0.96  # axis ratio 0.5 of a disc of thickness 0.2
    assert found["hi"] == pytest.approx(np.log10(30**2 * 4 / G), abs=1e-5)
    assert found["hi_inclination"] - found["hi"] == pytest.approx(-np.log10(sine2), abs=0.01)
    pressure = np.log10((30**2 / sine2 + 3 * 9**2) * 4 / G)
    assert found["hi_pressure"] == pytest.approx(pressure, abs=0.01)
    assert found["hi_width"] == pytest.approx(np.log10(found["width_total"] ** 2 * 4 / G), abs=1e-5)
    # ∫ 10 exp(-...) over an ellipse of width 0.25 half sides of 8 kpc and axis ratio 0.5, in Msun
    assert found["log_hi_mass"] == pytest.approx(np.log10(10 * 2 * np.pi * 0.5 * (0.25 * 8e3) ** 2), abs=0.01)


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("sign", [1, -1])
def test_sides_and_signs_change_nothing(quarter_turns, mirrored, sign):
    rng = np.random.default_rng(3)
    maps = disk(angle_deg=20)
    maps["moment1"] = maps["moment1"] + rng.normal(0, 2, (SIZE, SIZE))
    turned = {name: np.rot90(image, quarter_turns) for name, image in maps.items()}
    if mirrored:
        turned = {name: image[:, ::-1] for name, image in turned.items()}
    turned["moment1"] = sign * turned["moment1"]
    one, other = as_array(measured(**maps)), as_array(measured(**turned))
    assert np.isfinite(one).all()
    assert np.allclose(one, other, rtol=1e-3, atol=1e-3)
    apart = as_array(measured(**{**maps, "moment1": np.rot90(maps["moment1"])}))
    assert not np.allclose(one, apart, rtol=1e-3, atol=1e-3)


def test_what_is_not_there_has_no_numbers():
    assert np.isnan(as_array(measured(**disk(), present=False))).all()
    empty = as_array(measured())
    assert not np.isinf(empty).any()
    assert np.isnan(empty[: HI_FEATURES.index("width_total")]).all()


def test_galaxies_do_not_mix():
    maps = [disk(angle_deg=20), disk(inclination_deg=40)]
    moments = np.array([[m["moment0"], m["moment1"], m["moment2"]] for m in maps], np.float32)
    scalars = [np.array([value, 2 * value]) for value in SCALARS]
    both = measure_hi_maps(moments, np.array([True, True]), *scalars)
    first = measure_hi_maps(moments, np.array([True, False]), *scalars)
    assert np.array_equal(both[0], first[0])
    assert np.isnan(first[1]).all()
    assert not np.allclose(both[0], both[1])
