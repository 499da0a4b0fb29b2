"""HI recipes: the equations they solve, their limits, and which recipe is taken."""

import numpy as np
import pytest
from scipy.optimize import brentq

from stargas.errors import InputError
from stargas.simulations.neutral import (
    atomic_share,
    hydrogen_density,
    neutral_fraction,
    neutral_gas,
    temperature_from_energy,
)


def balance(eta, n, temperature, rate):
    """Ionizations minus recombinations per hydrogen nucleus (Rahmati et al. 2013, Eq. A1), n_e = (1-η) n."""
    inverse = 315_614 / temperature
    alpha = 1.269e-13 * inverse**1.503 / (1 + (inverse / 0.522) ** 0.47) ** 1.923
    collisions = 1.17e-10 * temperature**0.5 * np.exp(-157_809 / temperature) / (1 + np.sqrt(temperature / 1e5))
    return eta * rate + collisions * eta * (1 - eta) * n - alpha * (1 - eta) ** 2 * n


def test_the_neutral_fraction_balances_ionization_and_recombination():
    for n, temperature in ((1e-4, 1e4), (1e-3, 2e4), (1e-2, 1e4), (1e-1, 3e4), (10.0, 100.0)):
        shielded = 0.99 * (1 + (n / 10**-2.94) ** 1.29) ** -3.98 + 0.01 * (1 + n / 10**-2.94) ** -1.09
        rate = 8.34e-14 * shielded
        expected = brentq(balance, 1e-12, 1 - 1e-12, args=(n, temperature, rate), xtol=1e-15)
        found = neutral_fraction(np.array([n]), np.array([temperature]), 0.0)[0]
        assert found == pytest.approx(expected, rel=1e-6)
        assert abs(balance(1.01 * found, n, temperature, rate)) > 10 * abs(balance(found, n, temperature, rate))


def test_gas_shields_itself_where_it_is_known_to():
    """Half neutral a little above the self-shielding density of 1.1e-3/cm³ at z=0 (Table 2); hot gas is ionized."""
    density = np.geomspace(1e-5, 10, 400)
    found = neutral_fraction(density, np.full(400, 1e4), 0.0)
    assert np.all(np.diff(found) > 0)
    assert 1.1e-3 < density[np.searchsorted(found, 0.5)] < 1e-2
    assert found[0] < 1e-2
    assert found[-1] > 0.99
    assert neutral_fraction(np.array([1.0]), np.array([1e6]), 0.0)[0] < 1e-5


def test_a_stronger_background_ionizes_more():
    at = {z: neutral_fraction(np.array([3e-3]), np.array([1e4]), z)[0] for z in (0.0, 1.0, 2.0, 5.0, 9.0)}
    assert at[0.0] > at[1.0] > at[2.0]
    assert at[5.0] == at[9.0]


def test_temperature_of_an_ideal_gas():
    """Neutral primordial gas at 100 K has 1.02 (km/s)², ionized gas at 10⁶ K 2.1e4 (km/s)²."""
    x = np.array([0.76])
    k_over_mp = 1.380649e-23 / 1.67262192e-27 / 1e6
    for temperature, mu in ((100.0, 4 / (1 + 3 * 0.76)), (1e6, 4 / (3 + 5 * 0.76))):
        energy = np.array([1.5 * k_over_mp * temperature / mu])
        assert temperature_from_energy(energy, x)[0] == pytest.approx(temperature, rel=1e-6)
    neutral = temperature_from_energy(np.array([1.0]), x, np.array([0.0]))
    ionized = temperature_from_energy(np.array([1.0]), x, np.array([1.16]))
    assert ionized / neutral == pytest.approx((1 + 3 * 0.76) / (1 + 3 * 0.76 + 4 * 0.76 * 1.16))
    energies = np.geomspace(0.1, 1e5, 300)
    assert np.all(np.diff(temperature_from_energy(energies, np.full(300, 0.76))) >= 0)


def test_hydrogen_density():
    """1e9 Msun/kpc³ is 1 Msun/pc³, 40.5 protons per cm³ of pure hydrogen."""
    assert hydrogen_density(np.array([1e9]), np.array([1.0]))[0] == pytest.approx(40.46, rel=1e-3)


def test_pressure_makes_molecules():
    assert atomic_share(np.array([4.3e4]), "blitz2006")[0] == pytest.approx(0.5)
    assert atomic_share(np.array([1.7e4]), "leroy2008")[0] == pytest.approx(0.5)
    assert np.all(np.diff(atomic_share(np.geomspace(1e2, 1e7, 50), "blitz2006")) < 0)
    assert np.all(atomic_share(np.geomspace(1e2, 1e7, 50), "none") == 1)
    with pytest.raises(InputError, match="partition must be one of"):
        atomic_share(np.ones(1), "wrong")


def fields(**known):
    base = {"mass_msun": np.full(3, 1e4)}
    return base | {name: np.asarray(values, dtype=float) for name, values in known.items()}


def test_the_best_recipe_that_the_snapshot_allows_is_taken_and_recorded():
    cold = {"temperature_K": [100.0, 1e4, 1e6]}
    dense = {"density_msun_kpc3": [1e8, 1e4, 1e2]}
    cases = {
        "snapshot": fields(neutral_fraction=[1.0, 0.5, 0.0], **cold, **dense),
        "rahmati2013": fields(**cold, **dense),
        "temperature": fields(**cold),
    }
    for recipe, known in cases.items():
        found = neutral_gas(known, 0.0)
        assert found.provenance["hi_fraction"] == recipe
        assert np.all(np.diff(found.hi_mass_msun) <= 0)
        assert found.hi_mass_msun[0] > 0.3 * 1e4 * 0.76
        assert np.all(found.hi_mass_msun <= 0.76e4)
    with pytest.raises(InputError, match="hi='all'"):
        neutral_gas(fields(), 0.0)
    assert np.all(neutral_gas(fields(), 0.0, "all").hi_mass_msun == 0.76e4)
    with pytest.raises(InputError, match="lacks the fields"):
        neutral_gas(fields(**cold), 0.0, "rahmati2013")
    with pytest.raises(InputError, match="must be auto"):
        neutral_gas(fields(**cold), 0.0, "guess")


def test_hi_that_the_snapshot_knows_is_not_partitioned_again():
    known = fields(hi_fraction=[0.7, 0.2, 0.0], temperature_K=[100, 1e4, 1e6], density_msun_kpc3=[1e10, 1e8, 1e2])
    found = neutral_gas(known, 0.0)
    np.testing.assert_array_equal(found.hi_mass_msun, [7e3, 2e3, 0])
    assert found.provenance["molecular"] == "snapshot"


def test_star_forming_gas_on_an_equation_of_state_is_neutral():
    known = fields(density_msun_kpc3=[3e7, 3e7, 3e7], u_kms2=[900, 900, 900], star_formation_rate=[1.0, 0.0, 1.0])
    found = neutral_gas(known, 0.0, partition="none")
    assert found.temperature_K[0] == 1e4
    assert found.temperature_K[1] > 3e4
    assert found.hi_mass_msun[0] == 0.76e4
    assert found.hi_mass_msun[1] < 0.1 * found.hi_mass_msun[0]
    assert neutral_gas(known, 0.0, partition="blitz2006").hi_mass_msun[0] < 0.6 * found.hi_mass_msun[0]
