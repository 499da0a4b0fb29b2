"""Circular velocity and slopes are drawn and tabulated where they belong."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from samples_for_tests import hand_made, map_settings

from stargas.constants import G
from stargas.errors import InputError
from stargas.inference.estimates import MassEstimate
from stargas.inference.infer import infer
from stargas.report.dynamics import DYNAMICS_COLUMNS, draw_dynamics, dynamics_table

RADII = np.linspace(0.6, 2.4, 10)
FLAT = np.log10(30**2 * RADII / G)
"""A rotation curve of 30 km/s."""


class FlatPosterior:
    """Rotation curves that are flat, 0.1 dex around the mass of one of 30 km/s."""

    config, about = SimpleNamespace(tracers="any"), {}

    def sample(self, samples, n=1000, seed=0):  # noqa: ARG002 (a posterior's own)
        masses = np.log10([30**2 * sample.r_kpc / G for sample in samples])
        return masses[:, None] + np.linspace(-0.1, 0.1, n)[:, None]


def flat_view(points=(), *, truth=True, scale=1.0):
    """A result whose draws are flat rotation curves about 30 km/s."""
    sample = hand_made(
        map_settings(4),
        scalars=np.array([scale, 0.0, 0.0, 0.0, 0.0]),
        tracers=np.array([True, False]),
        r_kpc=scale * RADII,
        log10_mass=FLAT + np.log10(scale) if truth else None,
    )
    result = infer(sample, FlatPosterior(), n_draws=101)
    return replace(result, estimates=points)


def speed_point(name, speed, r=1.0):
    return MassEstimate(name, name, r, speed**2 * r / G)


def lines(axes):
    return {line.get_label(): np.asarray(line.get_ydata()) for line in axes.lines}


def test_a_flat_curve_is_drawn_flat():
    upper, lower = draw_dynamics({"a": flat_view(points=(speed_point("wolf2010", 33.0),))}).axes
    np.testing.assert_allclose(lines(upper)["StarGas: median, 68 %, 95 %"], 30, rtol=1e-6)
    np.testing.assert_allclose(lines(upper)["truth"], 30, rtol=1e-6)
    np.testing.assert_allclose(lines(upper)["wolf2010"], 33)
    np.testing.assert_allclose(lines(lower)["truth"], -2, atol=5e-3)
    band = upper.collections[0].get_paths()[0].vertices[:, 1]
    assert band.max() == pytest.approx(30 * 10**0.0475, rel=1e-3)
    assert band.min() == pytest.approx(30 * 10**-0.0475, rel=1e-3)


def test_points_far_above_or_outside_do_not_squeeze_the_bands():
    points = (speed_point("a", 50.0), speed_point("b", 80.0), speed_point("c", 31.0, r=9.0))
    upper, _ = draw_dynamics({"view": flat_view(points=points)}).axes
    assert "a" in lines(upper)
    assert not {"b", "c"} & set(lines(upper))
    assert 50 < upper.get_ylim()[1] < 60


def test_views_share_their_axes_and_an_unknown_truth_is_left_out():
    figure = draw_dynamics({label: flat_view(truth=False) for label in "abcde"})
    visible = [axes for axes in figure.axes if axes.get_visible()]
    assert len(visible) == 10
    assert {axes.get_title(loc="left") for axes in visible} == {*"abcde", ""}
    assert len({axes.get_ylim() for axes in visible if axes.get_title(loc="left")}) == 1
    assert not any("truth" in lines(axes) for axes in visible)


def test_the_table_keeps_views_and_units_apart():
    table = dynamics_table({"near": flat_view(), "far": flat_view(truth=False, scale=2.0)}, radii_kpc=[1.3])
    assert list(table["view"]) == ["near"] * 11 + ["far"] * 11
    np.testing.assert_allclose(table["v_circ_kms_p50"], 30, rtol=1e-6)
    np.testing.assert_allclose(table["r_over_R_hl"][table["r_kpc"] == 1.3], [1.3, 0.65])
    assert np.isfinite(table["v_circ_kms_true"][:11]).all()
    assert np.isnan(table["v_circ_kms_true"][11:]).all()
    np.testing.assert_allclose(
        table["density_msun_kpc3_p50"], 30**2 / (4 * np.pi * G * np.asarray(table["r_kpc"]) ** 2), rtol=1e-5
    )
    for name, (_, unit) in DYNAMICS_COLUMNS.items():
        assert str(table[f"{name}_p16"].unit or "").replace(" ", "") == unit


def test_a_radius_outside_one_of_the_views_is_refused():
    with pytest.raises(InputError, match=r"between 1\.2 and 4\.8 kpc.*got 1 "):
        dynamics_table({"near": flat_view(), "far": flat_view(scale=2.0)}, radii_kpc=[1.0])
