"""Shares of the variance, where each input's part is known."""

import numpy as np
import pytest
from formula_posteriors import SteepPosterior, WolfPosterior
from stars_for_tests import CENTER, DISTANCE, star_table, write

from stargas.config.observation import ObservationConfig
from stargas.inference.infer import infer
from stargas.observed.observation import observe_galaxy

EXACT = {"distance_kpc": DISTANCE, "center": CENTER, "R_hl_kpc": 0.3}


def inferred(tmp_path, error_kms=0.0, posterior=None, **changes):
    table = star_table()
    table["v_los_error"] = error_kms
    path = write(table, tmp_path, ".csv")
    galaxy = observe_galaxy(ObservationConfig(stars=str(path), **{**EXACT, **changes}))
    return infer(galaxy, posterior or WolfPosterior(), n_draws=1600)


def test_only_inputs_with_an_error_have_a_share(tmp_path):
    exact, uncertain = inferred(tmp_path), inferred(tmp_path, posterior=SteepPosterior(), R_hl_error_kpc=0.06)
    assert exact.n_realizations == 1
    assert all(not share.any() for name, share in exact.variance_shares.items() if name != "posterior")
    np.testing.assert_array_equal(exact.variance_shares["posterior"], 1)
    for name in ("distance", "velocities", "HI noise"):
        np.testing.assert_array_equal(uncertain.variance_shares[name], 0)
    np.testing.assert_allclose(uncertain.variance_shares["posterior"] + uncertain.variance_shares["R_hl"], 1)


def test_the_share_is_that_of_the_variance_that_the_input_causes(tmp_path):
    error = 0.2
    share = inferred(tmp_path, posterior=SteepPosterior(), R_hl_error_kpc=error * 0.3).variance_shares["R_hl"]
    caused, own = (error / np.log(10)) ** 2, SteepPosterior.scatter**2
    np.testing.assert_allclose(share, caused / (caused + own), atol=0.2)
    # negative control: this mass inside a fixed radius does not depend on R_hl
    assert np.abs(inferred(tmp_path, R_hl_error_kpc=error * 0.3).variance_shares["R_hl"]).max() < 0.01


def test_velocity_errors_have_a_share(tmp_path):
    assert (inferred(tmp_path, error_kms=5.0).variance_shares["velocities"] > 0.05).all()


def test_several_inputs_share_the_variance(tmp_path):
    changes = {"R_hl_error_kpc": 0.03, "distance_error_kpc": 0.05 * DISTANCE}
    shares = inferred(tmp_path, error_kms=5.0, posterior=SteepPosterior(), **changes).variance_shares
    assert sum(shares.values()) == pytest.approx(np.ones(10), abs=0.35)
    assert shares["distance"].any()
