"""Galaxies that are as the predictions assume deviate by the noise alone; wrong masses deviate by more."""

from dataclasses import replace

import numpy as np
import pytest
from analytic import plummer_galaxy

from stargas.experiments.checks import exactness as module
from stargas.experiments.checks.exactness import MIN_VIEWS, RingRatios, rows_of, sides, views_of, write_exactness
from stargas.experiments.measurement import Origin
from stargas.experiments.others.galaxies import GalaxyOfOthers
from stargas.experiments.others.predictions import N_VIEWS
from stargas.experiments.others.rotation_curves import thin_disks
from stargas.map_settings import pretrained_settings
from stargas.report.checks_page import exactness_page
from stargas.sample import make_sample
from stargas.sky.projection import project
from stargas.sky.view import View


def seen(galaxy, **changes):
    sample = make_sample(project(galaxy, View(60.0)), np.random.default_rng(0), pretrained_settings())
    return replace(sample, **{name: change(getattr(sample, name)) for name, change in changes.items()})


def by_half(log10_mass):
    return log10_mass + np.log10(1.5)


def test_an_isotropic_sphere_is_predicted_within_noise_and_half_more_mass_is_not():
    (true,), (heavy,) = (
        views_of([seen(plummer_galaxy(8000), **changes)])["stars"] for changes in ({}, {"log10_mass": by_half})
    )
    assert np.abs(true.ln_ratio / true.error).max() < 3.5
    assert np.abs(true.ln_ratio).max() < 0.1
    assert np.median(heavy.ln_ratio - true.ln_ratio) == pytest.approx(-0.5 * np.log(1.5), abs=0.01)
    assert (heavy.ln_ratio < -4 * heavy.error).any()
    assert true.rotation == pytest.approx(1 / 6, abs=0.03)


def test_a_cold_disk_turns_as_predicted_and_with_half_more_mass_it_does_not():
    (disk,) = thin_disks(1)
    (true,), (heavy,) = (views_of([seen(disk.galaxy, **changes)])["HI"] for changes in ({}, {"log10_mass": by_half}))
    inner = slice(1, 4)
    assert np.abs(true.ln_ratio[inner]).max() < 0.08
    assert (heavy.ln_ratio[inner] < -0.12).all()
    assert true.rotation > 3


def test_views_with_few_stars_are_left_out():
    sample = seen(plummer_galaxy(8000))
    few = replace(sample, row={**sample.row, "n_stars": module.MIN_STARS - 1})
    assert len(views_of([sample, few])["stars"]) == 1


def test_galaxies_are_seen_from_all_sides():
    assert sorted(side for number in range(6) for side in sides(number)) == list(range(N_VIEWS))


def ratios(n, center, inclination_deg, rotation):
    rng = np.random.default_rng(0)
    return [
        RingRatios(
            f"{center}-{k}", center + 0.1 * rng.standard_normal(7), np.full(7, 0.05), inclination_deg, rotation, 0.2
        )
        for k in range(n)
    ]


def test_rows_are_those_of_their_kind():
    rows = rows_of(
        {"stars": [*ratios(400, 0.0, 80.0, 0.2), *ratios(400, 0.3, 80.0, 0.8), *ratios(MIN_VIEWS - 1, 1, 20.0, 0.8)]}
        | {"HI": [*ratios(50, -0.5, 60.0, 1.0), *ratios(50, 9.0, 20.0, 1.0)]}
    )
    found = {(row["tracer"], row["views"]): row for row in rows}
    assert list(found) == [
        ("stars", "all"),
        ("stars", "κ_co < 0.4"),
        ("stars", "κ_co > 0.4, above 70°"),
        ("HI", "v/σ < 1.5"),
    ]
    slow, fast = found["stars", "κ_co < 0.4"], found["stars", "κ_co > 0.4, above 70°"]
    assert slow["median"] == pytest.approx([0.0] * 7, abs=0.03)
    assert fast["median"] == pytest.approx([0.3] * 7, abs=0.03)
    assert slow["half_width"] == pytest.approx([0.1] * 7, abs=0.02)
    assert slow["noise"] == [0.05] * 7
    assert np.subtract(slow["median_without_factor"], slow["median"]) == pytest.approx([0.2] * 7)
    assert (slow["n_views"], found["HI", "v/σ < 1.5"]["n_views"]) == (400, 50)


def test_rings_that_few_views_measured_have_no_number():
    views = ratios(30, 0.0, 80.0, 0.2)
    for view in views[MIN_VIEWS - 1 :]:
        view.ln_ratio[6] = np.nan
    row = rows_of({"stars": views, "HI": []})[0]
    assert row["median"][6] is None
    assert row["median"][5] is not None


def test_the_page_is_written_from_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(
        module, "held_out_galaxies", lambda: (GalaxyOfOthers(plummer_galaxy(600), "broad", "s") for _ in range(6))
    )
    write_exactness(pretrained_settings(), tmp_path, 5, Origin("stargas experiment checks"), lambda _: None)
    text, stars = exactness_page(tmp_path).parts
    assert "of 5 galaxies of `broad`" in text.markdown
    assert stars.rows[0][:3] == ["all", "median", "10"]
