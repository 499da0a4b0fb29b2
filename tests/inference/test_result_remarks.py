import numpy as np
import pytest
from disc_sample import Gaussian, disc_sample

from stargas.inference.result_remarks import FALLING_FRACTION, falling_remarks, range_remarks


def test_measurements_outside_the_training_set_are_named_if_the_model_sees_them():
    quantiles = np.full((5, 10), 8.0)
    posterior = Gaussian()
    text = " ".join(one.text for one in range_remarks(disc_sample(), quantiles, posterior))
    assert "sigma_kms = 10 lies outside the training set (1 to 5)" in text
    assert "v_cold_kms = 30 lies outside" in text
    assert "R_HI" not in text
    assert "v_cold" not in " ".join(one.text for one in range_remarks(disc_sample(), quantiles, Gaussian(n_tracers=1)))


@pytest.mark.parametrize(("median", "n_outside"), [(8.0, 0), (8.3, 10)])
def test_masses_outside_the_training_set_are_counted(median, n_outside):
    text = " ".join(one.text for one in range_remarks(disc_sample(), np.full((5, 10), median), Gaussian()))
    assert (f"At {n_outside} of 10 radii" in text) is (n_outside > 0)


def test_draws_that_fall_are_counted():
    rising = np.tile(np.linspace(7, 8, 10), (100, 1))
    falling = rising.copy()
    n = round(100 * FALLING_FRACTION) + 1
    falling[:n] = falling[:n, ::-1]
    assert falling_remarks(rising) == []
    assert falling_remarks(falling[1:]) != []
    assert falling_remarks(falling[2:]) == []
    (remark,) = falling_remarks(falling)
    assert f"In {n} % of the draws" in remark.text
