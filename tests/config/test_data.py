import dataclasses

import numpy as np
import pytest

from stargas.config import DataConfig, DegradationConfig, StarMapConfig, TruthConfig
from stargas.config.data import PAPER_RADII


def test_radii_of_the_paper_are_those_of_linspace_to_the_last_bit():
    """Data sets hold R_hl times these numbers, so another last bit would be another data set."""
    assert list(PAPER_RADII) == np.linspace(0.6, 2.4, 10).tolist()
    assert [0.6 + 0.2 * k for k in range(10)] != list(PAPER_RADII)
    assert TruthConfig().radii == PAPER_RADII


@pytest.mark.parametrize("radii", [(1.0, 1.0), (0.0, 1.0), (-1.0,), (), (1.0, float("inf"))])
def test_radii_are_positive_finite_and_rise(radii):
    with pytest.raises(ValueError, match=r"data\.truth\.radii must be"):
        TruthConfig(radii=radii)


def test_fewest_stars_of_a_sample_are_those_of_degraded_ones():
    degraded = DegradationConfig(share=0.5, min_stars=30)
    assert DataConfig(degradation=degraded).min_stars == 30
    assert DataConfig(degradation=dataclasses.replace(degraded, share=0.0)).min_stars == 100
    assert DataConfig(stars=StarMapConfig(min_stars=20), degradation=degraded).min_stars == 20
