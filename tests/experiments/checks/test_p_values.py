"""Masses that the data contradict have small p-values, true ones have not, and the summary counts them."""

from dataclasses import replace

import numpy as np
import pytest
from analytic import plummer_galaxy, star_gas_galaxy

from stargas.errors import InputError
from stargas.experiments.checks import p_values as module
from stargas.experiments.checks.p_values import (
    BOTH,
    EXCHANGED,
    HI,
    SHIFTS,
    STARS,
    CheckedView,
    Checker,
    check_galaxies,
    compare_masses,
    distance_from_uniform,
    rows_of,
    with_hi_of,
    write_p_values,
)
from stargas.experiments.measurement import Origin
from stargas.experiments.others.galaxies import GalaxyOfOthers
from stargas.inference.predictive_check import ALARM
from stargas.model.files import load_model
from stargas.report.checks_page import p_values_page
from stargas.sample import make_sample
from stargas.sky.projection import project
from stargas.sky.view import View


@pytest.fixture(scope="module")
def model():
    return load_model()


def sample_of(model, galaxy, inclination_deg=60.0):
    return make_sample(project(galaxy, View(inclination_deg)), np.random.default_rng(0), model.data_config)


def test_a_sphere_in_equilibrium_passes_and_wrong_masses_are_found(model):
    samples = [[sample_of(model, plummer_galaxy(3000, seed=seed))] for seed in range(2)]
    for view in check_galaxies(Checker.of(model), samples, with_errors=True):
        assert view.tracers == STARS
        assert view.p_value > 0.05
        assert max(view.p_shifted[0], view.p_shifted[-1]) < ALARM
        assert min(view.p_shifted[1:3]) < view.p_value


def test_each_tracer_and_the_hi_of_the_galaxy_before_are_checked(model):
    slow, fast = (
        sample_of(model, star_gas_galaxy(1000, 4000, galaxy_id=str(v), v_rot_kms=v), 70.0) for v in (30.0, 90.0)
    )
    views = list(check_galaxies(Checker.of(model), [[slow], [fast]], with_errors=True))
    assert [(view.galaxy, view.tracers) for view in views] == [
        *(("30.0", tracers) for tracers in (BOTH, STARS, HI)),
        *(("90.0", tracers) for tracers in (BOTH, STARS, HI, EXCHANGED)),
    ]
    assert [len(view.p_shifted) for view in views] == [len(SHIFTS)] * 6 + [0]
    assert not any(view.p_shifted for view in check_galaxies(Checker.of(model), [[slow], [fast]]))


def test_hi_is_exchanged_and_stars_are_not(model):
    slow, fast = (sample_of(model, star_gas_galaxy(500, 2000, v_rot_kms=v, seed=int(v))) for v in (30.0, 90.0))
    mixed = with_hi_of(slow, fast)
    assert (mixed.maps[:2] == slow.maps[:2]).all()
    assert (mixed.maps[2:] == fast.maps[2:]).all()
    assert (mixed.scalars[:2] == slow.scalars[:2]).all()
    assert (mixed.scalars[2:] == fast.scalars[2:]).all()
    assert mixed.row["half_width_kpc"] == fast.row["half_width_kpc"]
    assert mixed.row["R_hl_kpc"] == slow.row["R_hl_kpc"]


def test_a_truth_outside_of_its_interval_is_missed(model):
    sample = sample_of(model, plummer_galaxy(500))
    draws = sample.log10_mass + 0.1 * np.random.default_rng(0).standard_normal((500, 1))
    missed, error = compare_masses(model, sample, draws)
    assert not missed
    assert error == pytest.approx(0.0, abs=0.02)
    off = draws.copy()
    off[:, 4] += 0.3
    missed, error = compare_masses(model, sample, off)
    assert missed
    assert error == pytest.approx(0.15, abs=0.02)  # at one of four radii
    unseen = draws.copy()
    unseen[:, 13] += 0.3  # at 4 R_hl, where nothing is asked
    assert not compare_masses(model, sample, unseen)[0]


def test_uniform_numbers_are_uniform_and_their_squares_are_not():
    assert distance_from_uniform((np.arange(100) + 0.5) / 100) == pytest.approx(0.005)
    drawn = np.random.default_rng(0).random(1000)
    assert distance_from_uniform(drawn) < 1.5 / np.sqrt(1000)
    assert distance_from_uniform(drawn**2) == pytest.approx(0.25, abs=0.05)
    assert distance_from_uniform(np.ones(7)) == 1.0


def test_shares_are_counted_by_tracers():
    views = [
        CheckedView(str(k // 4), tracers, 0.001 if k % 4 == 0 else 0.5, k % 2 == 0, (0.001, 0.5, 0.5, 0.5))
        for tracers in (STARS, BOTH)
        for k in range(40)
    ]
    stars, both = rows_of([*views, CheckedView("0", BOTH, 0.5, False, (0.5,) * 4)])
    assert (stars["tracers"], both["tracers"]) == (STARS, BOTH)
    assert (stars["n_views"], stars["n_galaxies"], both["n_views"]) == (40, 10, 41)
    assert stars["small"] == [0.25, 0.0]  # one view of each galaxy: nothing to scatter
    assert (stars["n_missed"], stars["n_found"], stars["small_rest"]) == (20, 10, [0.0, 0.0])
    assert [share for share, _ in stars["small_shifted"]] == [1.0, 0.0, 0.0, 0.0]
    assert both["small"][0] < 0.25 < both["small"][0] + 0.05


def test_a_model_without_a_reference_is_refused(model):
    with pytest.raises(InputError, match="need a model with a predictive reference"):
        Checker.of(replace(model, folder=None))


def test_the_page_is_written_from_the_file(model, tmp_path, monkeypatch):
    galaxies = [
        GalaxyOfOthers(star_gas_galaxy(400, 1500, seed=seed, galaxy_id=str(seed)), "broad", "disk") for seed in (1, 2)
    ]
    monkeypatch.setattr(module, "held_out_galaxies", lambda: iter(galaxies))
    monkeypatch.setattr(module, "read_galaxies_of_others", lambda _: iter(galaxies[:1]))
    as_seen = replace(model.data_config, degradation=replace(model.data_config.degradation, share=0.5))
    origin = Origin("stargas experiment checks p_values")
    write_p_values(model, tmp_path, 2, [tmp_path], as_seen, origin, lambda _: None)
    _, table, _, power = p_values_page(tmp_path).parts
    assert [row[1:4] for row in table.rows] == [
        *([STARS, "2", "8"], [HI, "2", "8"], [BOTH, "2", "8"], [EXCHANGED, "1", "4"]),
        *([STARS, "2", "8"], [HI, "2", "8"], [BOTH, "2", "8"]),
        *([STARS, "1", "6"], [HI, "1", "6"], [BOTH, "1", "6"]),
    ]
    assert [row[0] for row in power.rows] == [STARS, HI, BOTH]
