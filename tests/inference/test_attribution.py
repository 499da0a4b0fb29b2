"""What a result rests on, as one number beside its statistical width."""

import numpy as np
import pytest

from stargas.inference.attribution import Attribution

R_KPC = np.array([1.0, 2.0, 4.0])
QUANTILES = np.add.outer([-0.2, -0.1, 0.0, 0.1, 0.2], np.array([8.0, 8.5, 9.0]))


def attribution(left_out=None, priors=None):
    return Attribution(R_KPC, QUANTILES, left_out or {}, priors or {}, None)


def test_what_moves_nothing_is_no_systematic():
    same = attribution({"gas": QUANTILES}, {None: QUANTILES, "bursty": QUANTILES})
    assert same.systematic_dex == pytest.approx([0, 0, 0])
    assert attribution().systematic_dex == pytest.approx([0, 0, 0])


def test_it_is_the_rms_change_of_the_median():
    moved = attribution({"gas": QUANTILES + 0.3}, {"bursty": QUANTILES - 0.3, None: QUANTILES})
    assert moved.systematic_dex == pytest.approx(np.full(3, 0.3 * np.sqrt(2 / 3)))


def test_a_wider_posterior_of_the_same_median_is_no_systematic():
    wider = QUANTILES[2] + 3 * (QUANTILES - QUANTILES[2])
    assert attribution({"gas": wider}).systematic_dex == pytest.approx([0, 0, 0])
