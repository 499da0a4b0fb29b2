"""Each limit of the selection rejects what fails it and lets the same galaxy through just above."""

import dataclasses

import numpy as np
import pytest
from analytic import plummer_galaxy, star_gas_galaxy
from sources_for_tests import AnalyticSource, BadSource

from stargas.config import SelectionConfig
from stargas.errors import InputError
from stargas.galaxy import Gas
from stargas.simulations.selection import in_cold_gas_set, read_exclusions, rejection, select


def galaxy_with(log_stars=8.0, n_stars=200, log_hi=8.0, n_gas=150, **properties):
    galaxy = star_gas_galaxy(n_stars, n_gas, hi_mass_msun=10**log_hi)
    stars = dataclasses.replace(galaxy.stars, mass_msun=np.full(n_stars, 10**log_stars / n_stars))
    return dataclasses.replace(galaxy, stars=stars, properties=properties)


@pytest.mark.parametrize(
    ("fails", "passes", "reason", "config"),
    [
        ({"log_stars": 5.49}, {"log_stars": 5.51}, r"log10 M\* is 5.49, outside 5.5 to 11", {}),
        ({"log_stars": 11.01}, {"log_stars": 10.99}, r"log10 M\* is 11.01", {}),
        ({"n_stars": 99}, {"n_stars": 100}, "99 star particles, fewer than 100", {}),
        ({"n_gas": 99}, {"n_gas": 100}, "99 gas particles, fewer than 100", {"min_gas": 100}),
        (
            {"high_resolution_fraction": 0.949},
            {"high_resolution_fraction": 0.951},
            "94.9% of the mass in high-resolution particles, less than 95.0%",
            {},
        ),
        ({"log_hi": 7.49}, {"log_hi": 7.51}, "not in the cold-gas set", {"cold_gas_cut": True}),
        ({"log_hi": 7.9, "log_stars": 9}, {"log_hi": 8.1, "log_stars": 9}, "not in the cold", {"cold_gas_cut": True}),
    ],
)
def test_each_limit_from_both_sides(fails, passes, reason, config):
    import re

    found = rejection(galaxy_with(**fails), SelectionConfig(**config))
    assert found is not None
    assert re.search(reason, found)
    assert rejection(galaxy_with(**passes), SelectionConfig(**config)) is None


def test_gas_free_galaxies_pass_without_the_cold_gas_cut():
    galaxy = plummer_galaxy(200)
    assert rejection(galaxy, SelectionConfig()) is None
    assert "0 gas particles" in rejection(galaxy, SelectionConfig(min_gas=100))
    assert "cold-gas" in rejection(galaxy, SelectionConfig(cold_gas_cut=True))
    assert not in_cold_gas_set(galaxy, SelectionConfig())


def test_hot_gas_does_not_count_as_cold():
    galaxy = galaxy_with(log_hi=9)
    assert in_cold_gas_set(galaxy, SelectionConfig())
    gas = galaxy.gas
    hot = Gas(gas.mass_msun, gas.position_kpc, gas.velocity_kms, 0 * gas.mass_msun, gas.temperature_K, gas.hsm_kpc)
    assert not in_cold_gas_set(dataclasses.replace(galaxy, gas=hot), SelectionConfig())


def test_a_source_is_judged_galaxy_by_galaxy():
    config = SelectionConfig(exclude=("galaxy-1",))
    verdicts = list(select(BadSource(8, damaged=(2,)), config))
    assert [verdict.index for verdict in verdicts] == list(range(8))
    reasons = {verdict.galaxy_id: verdict.reason for verdict in verdicts if not verdict.accepted}
    assert reasons == {
        "galaxy-1": "on the exclusion list",
        "galaxy-2": "file-2 is truncated.",
        "galaxy-6": "50 star particles, fewer than 100",
    }
    assert all((verdict.galaxy is not None) == verdict.accepted for verdict in verdicts)


def test_excluded_galaxies_are_not_read():
    class Unreadable(AnalyticSource):
        def __getitem__(self, index):
            raise AssertionError("read")

    source = Unreadable(1)
    assert [verdict.reason for verdict in select(source, SelectionConfig(exclude=("galaxy-0",)))] == [
        "on the exclusion list"
    ]


def test_an_exclusion_list_is_plain_text(tmp_path):
    path = tmp_path / "exclude.txt"
    path.write_text("# mergers\nhalo#12\n\n  g1.08e11_3   # tidal tail\nhalo 5\t# shell\n")
    assert read_exclusions(path) == ("halo#12", "g1.08e11_3", "halo 5")
    path.write_text("a\nb\na\n")
    with pytest.raises(InputError, match="'a' twice"):
        read_exclusions(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read as text"):
        read_exclusions(path)
    with pytest.raises(InputError, match="cannot be read as text"):
        read_exclusions(tmp_path / "none.txt")
