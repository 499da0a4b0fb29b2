import numpy as np

from stargas.evaluation.strata import standard_strata


def test_strata_divide_samples_and_none_is_empty_or_all():
    catalogue = {
        "log10_stellar_mass": [7.0, 9.4, 9.5, 10.0],
        "kappa_co": [0.2, 0.5, 0.6, 0.1],
        "inclination_deg": [90.0, 60.0, 120.0, 10.0],
        "n_stars": [0, 299, 300, 2000],
        "has_gas": [True, True, True, True],
        "suite": ["bursty", "smooth", "smooth", "bursty"],
    }
    found = {name: np.flatnonzero(mask).tolist() for name, mask in standard_strata(catalogue).items()}
    assert found == {
        "M* < 10^9.5": [0, 1],
        "M* > 10^9.5": [2, 3],
        "kappa_co < 0.5": [0, 3],
        "kappa_co > 0.5": [1, 2],
        "edge-on": [0],
        "i = 60°": [1, 2],
        "< 300 stars": [1],
        "300-2000 stars": [2],
        "> 2000 stars": [3],
        "without stars": [0],
        "suite bursty": [0, 3],
        "suite smooth": [1, 2],
    }
