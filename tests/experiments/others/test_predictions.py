"""A posterior is asked about every side of every galaxy that it can be asked about."""

from dataclasses import replace

import numpy as np
import pytest

from stargas.errors import InputError
from stargas.experiments.others.galaxies import GalaxyOfOthers, traced
from stargas.experiments.others.predictions import DENSITY_KPC, predict, predict_from_stars, sides_of, summarize_draws
from stargas.experiments.others.spheres import analytic_sphere
from stargas.galaxy import MassProfile
from stargas.model.files import load_model


def test_another_posterior_is_scored_on_the_same_views():
    config = load_model().data_config
    one = GalaxyOfOthers(
        traced("one", *analytic_sphere("cusp", "Plummer", "isotropic", 150, np.random.default_rng(1)), "theirs"),
        "theirs",
        "sphere",
    )

    class Exact:
        def sample(self, samples, n, _):
            return np.repeat([sample.log10_mass for sample in samples], n, axis=0).reshape(len(samples), n, -1)

    found = predict_from_stars(Exact(), [one], config, 10)
    assert found.quantiles.shape == (12, 5, 4)
    assert np.abs(found.error).max() < 1e-5
    assert set(found.tracers) == {"stars"}
    assert np.nanmax(np.abs(found.density_quantiles - found.log10_density[:, None])) < 1e-5
    for side, true in zip(sides_of(one, config), found.log10_density, strict=True):
        r = np.array([side.sample.scalars[0], DENSITY_KPC])
        step = 1.02
        shell = one.galaxy.enclosed_mass(r * step) - one.galaxy.enclosed_mass(r / step)
        density = np.log10(shell / (4 * np.pi / 3 * r**3 * (step**3 - step**-3)))
        known = (side.sample.r_kpc[0] <= r) & (r <= side.sample.r_kpc[-1])
        assert np.array_equal(np.isfinite(true), known)
        assert np.abs(true - density)[known].max() < 0.02
    few = replace(one, galaxy=traced("few", np.eye(3), np.eye(3), one.galaxy.dark, "theirs"))
    assert len(predict_from_stars(Exact(), [few, one], config, 10).galaxy) == 12
    lines = []
    with pytest.raises(InputError, match="no galaxy is left"):
        predict(load_model(), [few], None, 10, report=lines.append)
    assert lines == ["few has 3 stars, too few for the model: left out."]


def sphere(name, first_kpc=0.0, last_kpc=np.inf, n=150):
    """An analytic sphere whose mass is tabulated between two radii alone."""
    position, velocity, total = analytic_sphere("cusp", "Plummer", "isotropic", n, np.random.default_rng(1))
    inside = (total.r_kpc > first_kpc) & (total.r_kpc < last_kpc)
    total = MassProfile(total.r_kpc[inside], total.mass_msun[inside])
    return GalaxyOfOthers(traced(name, position, velocity, total, "theirs"), "theirs", "sphere")


def test_masses_that_are_not_tabulated_are_compared_with_none():
    model = load_model()

    def needed(name):
        R_hl = [side.sample.scalars[0] for side in sides_of(sphere(name), model.data_config)]
        return 0.6 * min(R_hl), 2.4 * max(R_hl)

    low, high = needed("enough")
    galaxies = [
        sphere("enough", 0.9 * low, 1.1 * high),
        sphere("begins late", first_kpc=1.1 * needed("begins late")[0]),
        sphere("ends early", last_kpc=0.9 * needed("ends early")[1]),
    ]
    lines = []
    found = predict(model, galaxies, None, 10, report=lines.append)
    assert set(found.galaxy) == {"enough"}
    for line, name in zip(lines, ("begins late", "ends early"), strict=True):
        low, high = needed(name)
        assert line.startswith(f"{name} is left out: its masses are tabulated")
        assert f"{low:.3g} to {high:.3g} kpc" in line


def test_the_density_is_not_known_inside_of_the_table():
    config = load_model().data_config
    density = {}
    for name, first_kpc in {"known": 0.9 * DENSITY_KPC, "not known": 1.1 * DENSITY_KPC}.items():
        one = sphere(name, first_kpc)
        samples = [side.sample for side in sides_of(one, config)]
        draws = np.array([sample.log10_mass for sample in samples])[:, None]
        radii = np.asarray(config.truth.radii)
        density[name] = summarize_draws(one, samples, radii, draws, "stars").log10_density
    assert np.isfinite(density["known"]).all()
    assert np.isfinite(density["not known"]).all(axis=0).tolist() == [True, False]


def test_stars_in_a_plane_cost_their_galaxy_alone():
    flat, lines = sphere("flat"), []
    stars = flat.galaxy.stars
    on_a_line = replace(stars, position_kpc=stars.position_kpc * [1.0, 0.0, 0.0])
    flat = replace(flat, galaxy=replace(flat.galaxy, stars=on_a_line))
    found = predict(load_model(), [flat, sphere("round")], None, 10, report=lines.append)
    assert set(found.galaxy) == {"round"}
    assert "flat is left out" in lines[0]
