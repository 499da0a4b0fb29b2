"""A posterior is asked about every side of every galaxy that it can be asked about."""

from dataclasses import replace

import numpy as np

from stargas.experiments.others.galaxies import GalaxyOfOthers, traced
from stargas.experiments.others.predictions import predict_from_stars
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
    few = replace(one, galaxy=traced("few", np.eye(3), np.eye(3), one.galaxy.dark, "theirs"))
    assert len(predict_from_stars(Exact(), [few, one], config, 10).galaxy) == 12
