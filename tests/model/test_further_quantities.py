import numpy as np
import pytest

from stargas.model.further_quantities import FURTHER_QUANTITIES, anisotropy, inclination_deg, share
from stargas.model.target import QUANTITIES


def test_every_target_of_a_model_is_shown():
    assert FURTHER_QUANTITIES.keys() == QUANTITIES.keys()


@pytest.mark.parametrize(("beta", "symmetrized"), [(0.0, 0.0), (0.5, 1 / 3), (-1.0, -1 / 3)])
def test_the_anisotropy_is_that_of_the_symmetrized_one(beta, symmetrized):
    assert anisotropy(np.array([symmetrized])) == pytest.approx(beta)
    assert anisotropy(np.array([1.1 * symmetrized + 0.01])) != pytest.approx(beta)


def test_draws_beyond_what_can_be_stay_finite():
    assert inclination_deg(np.array([1.2, 0.5, -0.5, 0.0])) == pytest.approx([0, 60, 60, 90])
    assert np.isfinite(anisotropy(np.array([-1.5, 1.5]))).all()
    assert share(np.array([-0.1, 0.4, 1.3])).tolist() == [0.0, 0.4, 1.0]
