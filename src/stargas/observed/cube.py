"""HI cubes: brightness over two axes on the sky and one of velocity."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stargas.errors import DamagedFileError, InputError
from stargas.galaxy import FloatArray
from stargas.observed.beams import SkyBeam, beam_of_header, beams_of_table
from stargas.observed.blanks import blank_flagged
from stargas.observed.brightness import column_per_brightness, parse_unit
from stargas.observed.fits import open_fits
from stargas.observed.fits_header import standard_header, stokes_index
from stargas.observed.sky_grid import SkyGrid
from stargas.observed.spectral_axis import Convention, channel_velocities
from stargas.representation import Described

MAX_VALUE = 1e12
"""Voxels beyond this, in any unit of brightness, are damaged and count as blank."""

BESIDE = re.compile("WEIGHT|WHT|MASK|NOISE|RMS|ERR|STAT|VAR|DQ|QUALITY", re.IGNORECASE)
"""Names of parts of a file that are no data."""

MIN_BEAM_PIXELS = 0.3
"""Smallest beam that an image can have [pixels]; useful ones are sampled by two."""


@dataclass(frozen=True, eq=False, repr=False)
class HICube(Described):
    """Cube of the 21-cm line.

    Parameters
    ----------
    data
        Brightness in ``unit``, shape (n_channel, n_y, n_x), float32; NaN where blank.
    unit
        ``Jy/beam``, ``K`` or another unit of brightness, as astropy writes it.
    velocity_kms
        Centers of the channels [km/s], rising, shape (n_channel,).
    convention
        Of the velocities.
    grid
        Where the pixels are on the sky.
    beam
        Of the middle channel; None where the file names none.
    beam_sr
        Area of each channel's beam [sr], shape (n_channel,); None without.

    Examples
    --------
    >>> import stargas as sg
    >>> cube = sg.read_hi(sg.example("hi")["hi"])
    >>> cube.data.shape == (len(cube.velocity_kms), *cube.grid.shape)
    True
    """

    data: NDArray[np.float32]
    unit: str
    velocity_kms: FloatArray
    convention: Convention
    grid: SkyGrid
    beam: SkyBeam | None = None
    beam_sr: FloatArray | None = None

    def __post_init__(self) -> None:
        """Check shapes, velocities and that there is anything."""
        if self.data.ndim != 3 or self.data.shape != (len(self.velocity_kms), *self.grid.shape):
            raise InputError(
                f"a cube needs data of shape (n_channel, n_y, n_x), got {self.data.shape} beside "
                f"{len(self.velocity_kms)} velocities and a sky of {self.grid.shape}."
            )
        if self.beam_sr is not None and np.shape(self.beam_sr) != np.shape(self.velocity_kms):
            raise InputError(f"a cube needs one beam per channel, got {np.shape(self.beam_sr)} of them.")
        if len(self.velocity_kms) < 3:
            raise InputError(f"a cube needs at least 3 channels, got {len(self.velocity_kms)}.")
        steps = np.diff(self.velocity_kms)
        if not np.isfinite(self.velocity_kms).all() or not (steps > 0).all():
            raise InputError("a cube needs rising, finite velocities: correct the spectral axis of its header.")
        if not any(np.isfinite(channel).any() for channel in self.data):
            raise InputError("all values of the cube are blank: give a cube that holds data.")
        check_beam(self.beam, self.grid)
        _ = self.column_per_unit

    def _facts(self) -> Mapping[str, str]:
        return {
            "channels": f"{len(self.data)} from {self.velocity_kms[0]:.4g} to {self.velocity_kms[-1]:.4g} km/s",
            **self.grid.facts(),
            "beam": "not known" if self.beam is None else f"{self.beam.fwhm_arcsec:.3g} arcsec",
            "unit": self.unit,
        }

    @cached_property
    def channel_width_kms(self) -> FloatArray:
        """Widths of the channels [km/s], shape (n_channel,)."""
        return np.asarray(np.gradient(self.velocity_kms))

    @cached_property
    def column_per_unit(self) -> FloatArray:
        """Column [Msun/pc²] of each channel for one ``unit`` in it, shape (n_channel,)."""
        unit = parse_unit(self.unit, "the cube")
        if self.beam_sr is None:
            return self.channel_width_kms * column_per_brightness(unit, None, "the cube")
        # units are slow: one call for all channels that share a beam
        areas, channel = np.unique(self.beam_sr, return_inverse=True)
        factors = np.array([column_per_brightness(unit, float(area), "the cube") for area in areas])
        return np.asarray(self.channel_width_kms * factors[channel])

    @property
    def beam_pixels(self) -> float:
        """FWHM of the beam [pixels]; that of a well-sampled image, 2, where the file names none."""
        return 2.0 if self.beam is None else self.beam.fwhm_arcsec / self.grid.pixel_arcsec


def check_beam(beam: SkyBeam | None, grid: SkyGrid) -> None:
    """Check that a beam is neither below a pixel nor beyond a map.

    Raises
    ------
    InputError
        If it is.
    """
    if beam is None:
        return
    pixels = beam.fwhm_arcsec / grid.pixel_arcsec
    if not MIN_BEAM_PIXELS <= pixels <= max(grid.shape):
        raise InputError(
            f"the beam is {pixels:.3g} pixels wide and the map {max(grid.shape)}: correct BMAJ and BMIN [deg] or CDELT "
            "in the header."
        )


def read_cube(
    path: str | PathLike[str],
    *,
    convention: Convention | None = None,
    unit: str | None = None,
    beam: SkyBeam | None = None,
) -> HICube:
    """Read an HI cube from FITS.

    Parameters
    ----------
    path
        FITS file, its first image of three axes or more whose name is not that of weights, noise or a mask; of Stokes
        parameters I is taken.
    convention
        Of the velocities of the answer. If None, that of the file; a frequency becomes a radio velocity.
    unit
        Of the data, in place of the header's BUNIT.
    beam
        In place of the header's (or the table BEAMS of the file).

    Returns
    -------
    HICube
        With rising velocities, in the frame that the file has them in (barycentric, LSR: it is not changed). What was
        not measured is blank, as `stargas.observed.blanks` finds it.

    Raises
    ------
    InputError
        If there is no such file, or it lacks an axis, a beam, a unit, or data.
    DamagedFileError
        If it is not FITS, truncated or damaged.

    Warns
    -----
    ObservationWarning
        If a unit is assumed, what was not measured is taken for blank, or the cube was masked.
    """
    with open_fits(path) as hdus:
        hdu = _cube_hdu(hdus, path)
        header = standard_header(hdu.header, path)
        wcs = _coordinates(header, path)
        data = _voxels(hdu, header, wcs, path)
        velocity, used = channel_velocities(header, wcs, len(data), convention, path)
        beams = [beam] if beam is not None else _beams(hdus, header, len(data))
        text = str(parse_unit(unit if unit is not None else header.get("BUNIT"), str(path)).to_string())
        grid = SkyGrid(wcs.celestial, data.shape[1:])
    blank_flagged(data, path)
    order = slice(None, None, -1 if velocity[0] > velocity[-1] else 1)
    areas = None
    if beams:
        areas = np.broadcast_to([one.area_sr for one in beams], len(velocity))[order]
    try:
        return HICube(
            data=data[order],
            unit=text,
            velocity_kms=velocity[order],
            convention=used,
            grid=grid,
            beam=beams[len(beams) // 2] if beams else None,
            beam_sr=areas,
        )
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _cube_hdu(hdus: Any, path: object) -> Any:  # noqa: ANN401 (of astropy)
    """Find the first image of three axes or more that is no weight or mask of another."""
    images = [hdu for hdu in hdus if hdu.is_image]
    cubes = [hdu for hdu in images if int(hdu.header.get("NAXIS", 0)) >= 3]
    if not cubes:
        kind = "a map of two axes" if any(hdu.header.get("NAXIS", 0) == 2 for hdu in images) else "no image"
        raise InputError(
            f"{path} holds {kind}, expected a cube with two axes on the sky and a spectral one: give moment maps as "
            "such."
        )
    return next((hdu for hdu in cubes if not BESIDE.search(str(hdu.name))), cubes[0])


def _coordinates(header: Any, path: object) -> Any:  # noqa: ANN401 (of astropy)
    from astropy.wcs import WCS

    wcs = WCS(header)
    kinds = ", ".join(str(kind) or "none" for kind in wcs.wcs.ctype)
    if wcs.wcs.spec < 0:
        raise InputError(f"{path} has no spectral axis, its axes are {kinds}: write a CTYPE of velocity or frequency.")
    if not wcs.has_celestial:
        raise InputError(f"{path} has no sky coordinates, its axes are {kinds}: correct its CTYPE.")
    return wcs


def _voxels(hdu: Any, header: Any, wcs: Any, path: object) -> NDArray[np.float32]:  # noqa: ANN401 (of astropy)
    """Return the data with the axes velocity, y, x; damaged voxels are NaN. Planes are read one by one."""
    shape = tuple(hdu.shape)
    n_axes = len(shape)
    kept = [n_axes - 1 - axis for axis in (wcs.wcs.spec, wcs.wcs.lat, wcs.wcs.lng)]
    index: list[int | slice] = [slice(None)] * n_axes
    for axis in set(range(n_axes)) - set(kept):
        index[axis] = stokes_index(header, n_axes - axis, shape[axis], path)
    if min(shape) == 0:
        raise DamagedFileError(f"{path} holds no data: write it again.")
    outermost = min(kept)
    planes = np.empty([shape[axis] for axis in sorted(kept)], dtype=np.float32)
    for number in range(shape[outermost]):
        index[outermost] = number
        with np.errstate(all="ignore"):
            plane = np.asarray(hdu.section[tuple(index)], dtype=np.float32)
            plane[~(np.abs(plane) < MAX_VALUE)] = np.nan  # what damage leaves: infinities, signaling NaNs, 1e30
        planes[number] = plane
    return np.ascontiguousarray(planes.transpose([sorted(kept).index(axis) for axis in kept]))


def _beams(hdus: Any, header: Any, n_channels: int) -> list[SkyBeam]:  # noqa: ANN401 (of astropy)
    """One beam of a cube, or one for each channel; none where it names none."""
    table = next((hdu for hdu in hdus if hdu.name == "BEAMS" and not hdu.is_image), None)
    if table is not None and len(table.data):
        found = beams_of_table(table, n_channels)
        known = [beam for beam in found if beam is not None]
        typical = sorted(known, key=lambda beam: beam.area_sr)[len(known) // 2]
        return [typical if beam is None else beam for beam in found]
    beam = beam_of_header(header)
    return [] if beam is None else [beam]
