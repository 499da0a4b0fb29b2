import numpy as np

from stargas.evaluation.interpolation import mass_at


def test_masses_are_read_off_between_radii_and_never_beyond():
    r = np.geomspace(1, 4, 5)[None].repeat(4, axis=0)
    log_mass = 8 + 2 * np.log10(r)
    read = mass_at([1.0, 3.3, 4.0, 4.1], r, log_mass)
    np.testing.assert_allclose(read[:3], 8 + 2 * np.log10([1.0, 3.3, 4.0]))
    assert np.isnan(read[3])
    assert np.isnan(mass_at([0.9], r[:1], log_mass[:1])[0])
    assert mass_at([], r[:0], log_mass[:0]).shape == (0,)
