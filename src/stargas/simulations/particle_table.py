"""The particle table: one galaxy in one HDF5 file (the format is described in docs/formats.md)."""

import contextlib
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from stargas import __version__
from stargas.errors import DamagedFileError, InputError
from stargas.galaxy import FloatArray, Galaxy, Gas, MassProfile, Particles
from stargas.reading import one_sentence
from stargas.simulations.bounds import require_physical
from stargas.simulations.hdf5_files import open_hdf5, require_stored
from stargas.storage import write_atomically

FORMAT = "stargas-galaxy"
"""Value of the root attribute ``format`` that marks a particle table."""

FORMAT_VERSION = 1
"""Version of the format that is written; newer ones are not read."""

UNITS = {
    "mass_msun": "Msun",
    "position_kpc": "kpc",
    "velocity_kms": "km/s",
    "hi_mass_msun": "Msun",
    "temperature_K": "K",
    "hsm_kpc": "kpc",
    "r_kpc": "kpc",
}
"""Every data set of the format and the only unit that it may have."""

PARTICLES = ("mass_msun", "position_kpc", "velocity_kms")
GAS = (*PARTICLES, "hi_mass_msun", "temperature_K", "hsm_kpc")
PROFILE = ("r_kpc", "mass_msun")

FARTHEST_FROM_ZERO = 10.0
"""How far the middle of stars in their own frame may be from zero, in units of their spread; mergers have two."""

COMPONENTS = ("stars", "gas", "dark")
"""Groups that every particle table has; an empty one says that the galaxy has none of it."""


@dataclass(frozen=True)
class TableHeader:
    """What a particle table says of its galaxy before the particles.

    Parameters
    ----------
    id, host_id, suite, redshift, properties, provenance
        As in `stargas.galaxy.Galaxy`.
    own_frame
        Whether the particles are in the galaxy's own frame.
    """

    id: str
    host_id: str = ""
    suite: str = ""
    redshift: float = 0.0
    own_frame: bool = False
    properties: Mapping[str, float] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)


def write_galaxy(galaxy: Galaxy, path: str | PathLike[str], *, own_frame: bool = True, overwrite: bool = False) -> None:
    """Write a galaxy as a particle table; the file appears complete or not at all.

    Parameters
    ----------
    galaxy
        What to write.
    path
        Where to; the folder must exist.
    own_frame
        Say that the particles are in the galaxy's own frame; with False `read_galaxy` brings them there.
    overwrite
        Replace an existing file.

    Raises
    ------
    InputError
        If the file exists and may not be replaced, if its folder is missing, or if it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import stargas as sg
    >>> galaxy = sg.mock_suite("smooth", n_galaxies=3, seed=1)[0]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_galaxy(galaxy, f"{folder}/galaxy.hdf5")
    ...     len(sg.read_galaxy(f"{folder}/galaxy.hdf5").stars) == len(galaxy.stars)
    True
    """
    path = Path(path)
    if path.exists() and not overwrite:
        raise InputError(f"{path} exists: choose another name, or overwrite=True to replace it.")
    if not path.parent.is_dir():
        raise InputError(f"the folder {path.parent} does not exist: make it before a galaxy is written there.")
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        _write(file, galaxy, own_frame=own_frame)
    try:
        write_atomically(path, content.getvalue())
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error}.") from error


def _write(file: h5py.File, galaxy: Galaxy, *, own_frame: bool) -> None:
    file.attrs["format"] = FORMAT
    file.attrs["format_version"] = FORMAT_VERSION
    file.attrs["written_by"] = f"stargas {__version__}"
    file.attrs["own_frame"] = own_frame
    for name in ("id", "host_id", "suite", "redshift"):
        file.attrs[name] = getattr(galaxy, name)
    file.create_group("properties").attrs.update({key: float(value) for key, value in galaxy.properties.items()})
    file.create_group("provenance").attrs.update({key: str(value) for key, value in galaxy.provenance.items()})
    for component in COMPONENTS:
        group = file.create_group(component)
        part = getattr(galaxy, component)
        if part is None or (isinstance(part, Particles) and not len(part)):
            continue
        for name in PROFILE if isinstance(part, MassProfile) else GAS if isinstance(part, Gas) else PARTICLES:
            # The checksum finds a flipped bit, which HDF5 does not notice otherwise.
            dataset = group.create_dataset(name, data=getattr(part, name), fletcher32=True)
            dataset.attrs["unit"] = UNITS[name]


@contextlib.contextmanager
def _opened(path: str | PathLike[str]) -> Iterator[h5py.File]:
    """Open a particle table; every failure of HDF5 becomes one sentence."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no file {path}: give the path of a particle table.")
    if not h5py.is_hdf5(path):
        raise DamagedFileError(f"{path} is not an HDF5 file: a particle table is one (see the page on file formats).")
    with one_sentence(path, "a particle table"), open_hdf5(path) as file:
        _check_format(file)
        yield file


def _check_format(file: h5py.File) -> None:
    path = file.filename
    if _attribute(file, "format", "") != FORMAT:
        raise InputError(f"{path} is an HDF5 file but not a particle table: its attribute 'format' is not {FORMAT!r}.")
    version = _attribute(file, "format_version", 0)
    if not isinstance(version, int | np.integer) or not 1 <= version <= FORMAT_VERSION:
        raise InputError(
            f"{path} has version {version} of the particle table, this stargas reads up to {FORMAT_VERSION}: install "
            "a newer stargas or write the file again."
        )


def _attribute(file: h5py.Group, name: str, default: Any) -> Any:  # noqa: ANN401 (attributes of any type)
    value = file.attrs.get(name, default)
    return value.decode() if isinstance(value, bytes) else value


def _number(path: str, name: str, value: Any) -> float:  # noqa: ANN401 (attributes of any type)
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: the attribute {name!r} must be a number, got {value!r}.") from error
    if not math.isfinite(number):
        raise InputError(f"{path}: the attribute {name!r} must be finite, got {value!r}.")
    return number


def _truth(path: str, name: str, value: Any) -> bool:  # noqa: ANN401 (attributes of any type)
    if not isinstance(value, bool | np.bool_ | int | np.integer) or value not in (0, 1):
        raise InputError(f"{path}: the attribute {name!r} must be true or false, got {value!r}.")
    return bool(value)


def _header(file: h5py.File) -> TableHeader:
    path = file.filename
    galaxy_id = _attribute(file, "id", "")
    if isinstance(galaxy_id, int | np.integer) and not isinstance(galaxy_id, bool):
        galaxy_id = str(galaxy_id)  # as halo catalogs number their galaxies
    if not isinstance(galaxy_id, str) or not galaxy_id:
        raise InputError(f"{path}: the attribute 'id' must be a name that is not empty, got {galaxy_id!r}.")
    texts = {name: str(_attribute(file, name, "")) for name in ("host_id", "suite")}
    redshift = _number(path, "redshift", _attribute(file, "redshift", 0.0))
    properties = file["properties"].attrs.items() if "properties" in file else ()
    provenance = file["provenance"].attrs.items() if "provenance" in file else ()
    return TableHeader(
        galaxy_id,
        texts["host_id"],
        texts["suite"],
        redshift,
        own_frame=_truth(path, "own_frame", _attribute(file, "own_frame", False)),
        properties={name: float(np.ravel(value)[0]) for name, value in properties},
        provenance={name: value.decode() if isinstance(value, bytes) else str(value) for name, value in provenance},
    )


def read_column(dataset: h5py.Dataset, name: str) -> FloatArray:
    """Read one data set, whose attribute ``unit`` or ``units``, where it has one, is the unit of its name.

    Parameters
    ----------
    dataset
        The data set.
    name
        One of `UNITS`.

    Raises
    ------
    InputError
        If it states another unit.
    DamagedFileError
        If it declares more values than it stores.
    """
    for attribute in ("unit", "units"):
        unit = _attribute(dataset, attribute, UNITS[name])
        if not _is_unit(unit, UNITS[name]):
            raise InputError(
                f"{name} has the unit {unit!r}, expected {UNITS[name]!r}: convert the numbers before they are written."
            )
    require_stored(dataset, dataset.file.filename)
    values: FloatArray = dataset[()]
    return values


def _is_unit(stated: Any, expected: str) -> bool:  # noqa: ANN401 (attributes of any type)
    """Whether an attribute states a unit, in any spelling that astropy knows (``km s-1``, ``solMass``)."""
    if isinstance(stated, str) and stated == expected:
        return True
    from astropy.units import Unit

    try:
        return bool(Unit(stated) == Unit(expected))
    except (TypeError, ValueError):
        return False


def _columns(file: h5py.File, component: str, names: tuple[str, ...]) -> dict[str, FloatArray]:
    path, group = file.filename, file[component]
    columns: dict[str, FloatArray] = {}
    for name in names:
        if name not in group:
            raise InputError(
                f"{path}: group {component!r} has no data set {name!r}; it needs {', '.join(names)}, found "
                f"{', '.join(group) or 'none'}."
            )
        columns[name] = read_column(group[name], name)
    return columns


def _component(file: h5py.File, component: str) -> Particles | MassProfile | None:
    """Read one group; None if it is empty."""
    path = file.filename
    if component not in file:
        raise InputError(
            f"{path} has no group {component!r}; a particle table has {', '.join(COMPONENTS)}: write an empty group "
            "if the galaxy has none."
        )
    group = file[component]
    unknown = sorted(set(group) - set(GAS if component == "gas" else (*PARTICLES, *PROFILE)))
    if unknown:
        raise InputError(
            f"{path}: group {component!r} has an unknown data set {unknown[0]!r}; known are "
            f"{', '.join(GAS if component == 'gas' else PARTICLES)}."
        )
    if not len(group):
        return None
    try:
        if component == "dark" and "r_kpc" in group:
            return MassProfile(**_columns(file, component, PROFILE))
        if component == "gas":
            return Gas(**_columns(file, component, GAS))
        return Particles(**_columns(file, component, PARTICLES))
    except InputError as error:
        message = str(error)
        raise InputError(message if message.startswith(path) else f"{path}: {component}: {message}") from error


def read_header(path: str | PathLike[str]) -> TableHeader:
    """Read what a particle table says of its galaxy, without the particles.

    Raises
    ------
    InputError
        If the file is missing, is not a particle table, is of a newer version, or an attribute has a wrong type.
    DamagedFileError
        If the file is truncated or damaged.
    """
    with _opened(path) as file:
        return _header(file)


def read_table(path: str | PathLike[str]) -> Galaxy:
    """Read a galaxy from a particle table.

    Parameters
    ----------
    path
        File that `write_galaxy` or another program wrote.

    Returns
    -------
    Galaxy
        With particles as they are stored; `read_galaxy` brings them to the galaxy's own frame if they are not in it.

    Raises
    ------
    InputError
        If the file is missing, is not a particle table, is of a newer version, lacks a group or data set, or holds a
        wrong unit, shape or value.
    DamagedFileError
        If the file is truncated or damaged.
    """
    with _opened(path) as file:
        header = _header(file)
        parts = {component: _component(file, component) for component in COMPONENTS}
    stars, gas = parts["stars"], parts["gas"]
    if not isinstance(stars, Particles):
        raise InputError(f"{path}: the group 'stars' holds no star particles; a galaxy needs at least one.")
    galaxy = Galaxy(
        header.id,
        stars,
        gas if isinstance(gas, Gas) else None,
        parts["dark"],
        host_id=header.host_id,
        suite=header.suite,
        redshift=header.redshift,
        properties=header.properties,
        provenance=header.provenance,
    )
    require_physical(galaxy, path)
    if header.own_frame:
        _require_own_frame(stars, path)
    return galaxy


def _require_own_frame(stars: Particles, path: str | PathLike[str]) -> None:
    """Refuse stars that are declared to be in the galaxy's own frame but lie or move far from its zero."""
    for name, unit in (("position_kpc", "kpc"), ("velocity_kms", "km/s")):
        values = getattr(stars, name)
        middle = np.median(values, axis=0)
        offset, spread = np.linalg.norm(middle), np.median(np.linalg.norm(values - middle, axis=1))
        if offset > FARTHEST_FROM_ZERO * spread > 0:
            raise InputError(
                f"{path} says that it is in the galaxy's own frame, but the median of its {name.partition('_')[0]} is "
                f"{offset:.3g} {unit} from zero and its spread {spread:.3g}: write own_frame as false."
            )
