"""Which galaxies enter a data set (§2.3 of the paper), and why the others do not."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from os import PathLike
from pathlib import Path

import numpy as np

from stargas.config import SelectionConfig
from stargas.errors import InputError, NoGalaxyError, StargasError
from stargas.galaxy import Galaxy
from stargas.simulations.source import Source

HIGH_RESOLUTION_FRACTION = "high_resolution_fraction"
"""Name of the property of a galaxy that tells the share of its mass in high-resolution particles."""

EXCLUDED = "on the exclusion list"
"""Reason of a rejection by id."""


@dataclass(frozen=True, eq=False)
class Verdict:
    """What became of one galaxy of a source.

    Parameters
    ----------
    index
        Its place in the source.
    galaxy_id
        Its id.
    reason
        Why it was rejected; None if it was accepted.
    galaxy
        The galaxy if it was accepted.
    """

    index: int
    galaxy_id: str
    reason: str | None
    galaxy: Galaxy | None = None

    @property
    def accepted(self) -> bool:
        """Whether the galaxy enters the data set."""
        return self.reason is None


def _log10(mass_msun: float) -> float:
    return float(np.log10(mass_msun)) if mass_msun > 0 else -np.inf


def in_cold_gas_set(galaxy: Galaxy, config: SelectionConfig) -> bool:
    """Whether a galaxy has the cold gas that the paper asks for from its Fig. 5 on.

    Returns
    -------
    bool
        M_HI above 10^``min_log10_cold_gas_mass`` and above ``min_cold_gas_fraction`` of M*.
    """
    enough = _log10(galaxy.hi_mass_msun) > config.min_log10_cold_gas_mass
    return enough and galaxy.hi_mass_msun > config.min_cold_gas_fraction * galaxy.stellar_mass_msun


def rejection(galaxy: Galaxy, config: SelectionConfig) -> str | None:
    """Say why a galaxy is left out of a data set.

    Parameters
    ----------
    galaxy
        Any galaxy. Its property ``high_resolution_fraction`` is looked at if it has one.
    config
        The limits.

    Returns
    -------
    str or None
        The first limit that the galaxy fails, in words; None if it is accepted.
    """
    return next(_failures(galaxy, config), None)


def _failures(galaxy: Galaxy, config: SelectionConfig) -> Iterator[str]:
    if galaxy.id in config.exclude:
        yield EXCLUDED
    log_mass, low, high = _log10(galaxy.stellar_mass_msun), config.min_log10_stellar_mass, config.max_log10_stellar_mass
    if not low <= log_mass <= high:
        yield f"log10 M* is {log_mass:.2f}, outside {low:g} to {high:g}"
    if len(galaxy.stars) < config.min_stars:
        yield f"{len(galaxy.stars)} star particles, fewer than {config.min_stars}"
    n_gas = 0 if galaxy.gas is None else len(galaxy.gas)
    if n_gas < config.min_gas:
        yield f"{n_gas} gas particles, fewer than {config.min_gas}"
    fraction, least = galaxy.properties.get(HIGH_RESOLUTION_FRACTION), config.min_high_resolution_fraction
    if fraction is not None and not fraction >= least:
        yield f"{fraction:.1%} of the mass in high-resolution particles, less than {least:.1%}"
    if config.cold_gas_cut and not in_cold_gas_set(galaxy, config):
        yield (
            f"not in the cold-gas set: log10 M_HI is {_log10(galaxy.hi_mass_msun):.2f} and M_HI/M* "
            f"{galaxy.hi_mass_msun / galaxy.stellar_mass_msun:.3f}, needed are more than "
            f"{config.min_log10_cold_gas_mass:g} and {config.min_cold_gas_fraction:g}"
        )


def selected_galaxy(source: Source, index: int, config: SelectionConfig) -> Galaxy:
    """Read a galaxy of a source that enters a data set.

    Parameters
    ----------
    source
        Galaxies; those on the exclusion list are not read.
    index
        Place of the galaxy in the source.
    config
        The limits.

    Raises
    ------
    NoGalaxyError
        If the galaxy is left out, with the reason.
    """
    if source.galaxy_id(index) in config.exclude:
        raise NoGalaxyError(EXCLUDED)
    galaxy = source[index]
    reason = rejection(galaxy, config)
    if reason is not None:
        raise NoGalaxyError(reason)
    return galaxy


def select(source: Source, config: SelectionConfig, indices: Iterable[int] | None = None) -> Iterator[Verdict]:
    """Judge galaxies of a source.

    Parameters
    ----------
    source
        Galaxies; those on the exclusion list are not read.
    config
        The limits.
    indices
        Places of the galaxies in the source; all, in the order of its groups, if None.

    Yields
    ------
    Verdict
        A galaxy that cannot be read is rejected with the error as its reason.
    """
    for index in chain.from_iterable(source.groups()) if indices is None else indices:
        galaxy_id = source.galaxy_id(index)
        try:
            yield Verdict(index, galaxy_id, None, selected_galaxy(source, index, config))
        except StargasError as error:
            yield Verdict(index, galaxy_id, str(error))


def read_exclusions(path: str | PathLike[str]) -> tuple[str, ...]:
    """Read a list of galaxies to leave out.

    Parameters
    ----------
    path
        Text file with one galaxy id per line. What follows a ``#`` after white space or at the start of a line is a
        comment; empty lines do not count.

    Returns
    -------
    tuple of str
        The ids in the order of the file, for ``SelectionConfig.exclude``.

    Raises
    ------
    InputError
        If the file cannot be read as text, or names a galaxy twice.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the exclusion list {path} cannot be read as text: {error}.") from error
    ids = [f" {line}".partition(" #")[0].strip() for line in (line.replace("\t", " ") for line in lines)]
    ids = [galaxy_id for galaxy_id in ids if galaxy_id]
    twice = {galaxy_id for galaxy_id in ids if ids.count(galaxy_id) > 1}
    if twice:
        raise InputError(f"the exclusion list {path} names {min(twice)!r} twice: name each galaxy once.")
    return tuple(ids)
