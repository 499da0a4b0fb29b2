"""Mock galaxies that no model has learned from, to be set beside galaxies of others."""

from collections.abc import Iterator

from stargas.experiments.default import TEST_SEED, TEST_SETS
from stargas.experiments.others.galaxies import GalaxyOfOthers
from stargas.simulations.mock_suites.suites import mock_suite

DISK, SPHEROID = "disk", "dispersion-supported"
"""Kinds of galaxies: those with more than half of their stars in a disk, and all others."""


def held_out_galaxies(suite: str = "broad") -> Iterator[GalaxyOfOthers]:
    """Make the galaxies of one of the data sets that the pretrained model is tested on, one after the other.

    Parameters
    ----------
    suite
        Key of `stargas.experiments.default.TEST_SETS`.
    """
    galaxies = mock_suite(suite, TEST_SETS[suite], TEST_SEED)
    for number in range(len(galaxies)):
        galaxy = galaxies[number]
        kind = DISK if galaxy.properties["disk_fraction"] > 0.5 else SPHEROID
        yield GalaxyOfOthers(galaxy, suite, kind)
