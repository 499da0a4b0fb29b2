"""A posterior is asked about every side of every galaxy that it can be asked about."""

from dataclasses import replace

import numpy as np
import pytest

from stargas.errors import InputError
from stargas.experiments.others.galaxies import GalaxyOfOthers, traced
from stargas.experiments.others.predictions import DENSITY_KPC, predict, predict_from_stars, sides_of
from stargas.experiments.others.spheres import analytic_sphere
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
    with pytest.raises(InputError, match="no galaxy has the"):
        predict(load_model(), [few], None, 10, report=lines.append)
    assert lines == ["few has 3 stars, too few for the model: left out."]
