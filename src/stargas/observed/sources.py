"""Where the data of an observation come from: files, or tables and cubes in memory."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from stargas.config.observation import ObservationConfig
from stargas.errors import InputError
from stargas.observed.catalogue import StarCatalogue, read_stars
from stargas.observed.cube import HICube, read_cube
from stargas.observed.moment_files import read_moments
from stargas.observed.moments import MomentMaps
from stargas.observed.photometry import PhotometricCatalog, read_photometry

if TYPE_CHECKING:
    from astropy.table import Table
    from pandas import DataFrame

StarSource: TypeAlias = "str | PathLike[str] | Table | DataFrame | Mapping[str, Any] | StarCatalogue"
"""A table of stars: its path, a table or columns in memory, or a catalogue that is read already."""

PhotometrySource: TypeAlias = "str | PathLike[str] | Table | DataFrame | Mapping[str, Any] | PhotometricCatalog"
"""A photometric catalog: its path, a table or columns in memory, or one that is read already."""

HISource: TypeAlias = "str | PathLike[str] | Sequence[str | PathLike[str]] | HICube | MomentMaps"
"""HI data: the path of a cube, the paths of moment maps, or data that are read already."""


_Catalog = TypeVar("_Catalog", StarCatalogue, PhotometricCatalog)


def read_sources(
    config: ObservationConfig,
    stars: "StarCatalogue | Table | DataFrame | Mapping[str, Any] | None" = None,
    hi: HICube | MomentMaps | None = None,
    photometry: "PhotometricCatalog | Table | DataFrame | Mapping[str, Any] | None" = None,
) -> tuple[StarCatalogue | None, HICube | MomentMaps | None, PhotometricCatalog | None]:
    """Return stars, HI and photometric catalog of an observation, each None where there is none.

    Parameters
    ----------
    config
        The files, and how their columns are named.
    stars, hi, photometry
        Data in memory, in place of the files of ``config``.

    Raises
    ------
    InputError, DamagedFileError
        As the readers of each, and if moment maps are not complete or stand beside a cube.
    """
    return (
        _read_catalog(config.stars if stars is None else stars, StarCatalogue, read_stars, config),
        _read_hi_of(config) if hi is None else hi,
        _read_catalog(
            config.photometry if photometry is None else photometry, PhotometricCatalog, read_photometry, config
        ),
    )


def _read_catalog(
    source: Any,  # noqa: ANN401 (a path, a table, columns, a catalog or nothing)
    kind: type[_Catalog],
    read: Callable[..., _Catalog],
    config: ObservationConfig,
) -> _Catalog | None:
    """Read a catalog; one that is read already, and None, are returned as they are."""
    if source is None or isinstance(source, kind):
        return source
    return read(source, config.columns, missing_values=config.missing_values)


def read_hi(
    cube_or_moment0: str | PathLike[str],
    moment1: str | PathLike[str] | None = None,
    moment2: str | PathLike[str] | None = None,
) -> HICube | MomentMaps:
    """Read an HI cube, or moment maps.

    Parameters
    ----------
    cube_or_moment0
        Path of a cube, or of moment 0 where there is a moment 1.
    moment1, moment2
        Paths of the mean velocity and the dispersion.

    Raises
    ------
    InputError, DamagedFileError
        As `stargas.observed.cube.read_cube` and `stargas.observed.moment_files.read_moments`.

    Examples
    --------
    >>> import stargas as sg
    >>> cube = read_hi(sg.example("hi")["hi"])
    >>> cube.unit
    'Jy / beam'
    """
    if moment1 is None:
        return read_cube(cube_or_moment0)
    return read_moments(cube_or_moment0, moment1, moment2)


def _read_hi_of(config: ObservationConfig) -> HICube | MomentMaps | None:
    maps = (config.moment0, config.moment1, config.moment2)
    if config.hi_cube is not None:
        if any(maps):
            raise InputError("give an HI cube or moment maps, not both.")
        return read_hi(config.hi_cube)
    if not any(maps):
        return None
    if config.moment0 is None or config.moment1 is None:
        raise InputError("HI moment maps need moment 0 and moment 1: give both (moment 2 is optional).")
    return read_hi(config.moment0, config.moment1, config.moment2)


def with_absolute_paths(config: ObservationConfig) -> ObservationConfig:
    """Return the same settings, which name the same files from any folder."""
    paths = {
        name: getattr(config, name) for name in ("stars", "photometry", "hi_cube", "moment0", "moment1", "moment2")
    }
    absolute: dict[str, Any] = {name: str(Path(path).resolve()) for name, path in paths.items() if path is not None}
    return dataclasses.replace(config, **absolute)
