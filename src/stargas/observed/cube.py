"""HI cubes: brightness over two axes on the sky and one of velocity."""

import warnings
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from stargas.constants import HI_FREQUENCY_HZ
from stargas.errors import DamagedFileError, InputError
from stargas.galaxy import FloatArray
from stargas.observed.brightness import column_per_brightness, parse_unit
from stargas.observed.fits import SkyBeam, beam_of_header, check_size, open_fits, sky_beam
from stargas.observed.sky_grid import SkyGrid

Convention = Literal["radio", "optical"]
"""How a velocity is made of a frequency: c (1 - ν/ν₀) or c (ν₀/ν - 1); they differ by v²/c."""

MAX_VALUE = 1e12
"""Voxels beyond this, in any unit of brightness, are damaged and count as blank."""

MAX_KMS = 3e4
"""Velocities above this [km/s] are not of a galaxy near enough for this: z of 0.1."""

OTHER_LINE = 1e-2
"""Relative difference of rest frequencies above which a cube is one of another line."""


@dataclass(frozen=True, eq=False)
class HICube:
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
        if len(self.velocity_kms) < 3:
            raise InputError(f"a cube needs at least 3 channels, got {len(self.velocity_kms)}.")
        steps = np.diff(self.velocity_kms)
        if not np.isfinite(self.velocity_kms).all() or not (steps > 0).all():
            raise InputError("a cube needs rising, finite velocities: mend the spectral axis of its header.")
        if not np.isfinite(self.data).any():
            raise InputError("all values of the cube are blank: give a cube that holds data.")
        _ = self.column_per_unit
        if self.beam_pixels > max(self.grid.shape):
            raise InputError(
                f"the beam is {self.beam_pixels:.3g} pixels wide and the map {max(self.grid.shape)}: mend BMAJ and "
                "BMIN [deg] or CDELT in the header."
            )

    @cached_property
    def channel_width_kms(self) -> FloatArray:
        """Widths of the channels [km/s], shape (n_channel,)."""
        return np.gradient(self.velocity_kms)

    @cached_property
    def column_per_unit(self) -> FloatArray:
        """Column [Msun/pc²] of each channel for one ``unit`` in it, shape (n_channel,)."""
        unit = parse_unit(self.unit, "the cube")
        if self.beam_sr is None:
            return self.channel_width_kms * column_per_brightness(unit, None, "the cube")
        # units are slow: one call for all channels that share a beam
        areas, channel = np.unique(self.beam_sr, return_inverse=True)
        factors = np.array([column_per_brightness(unit, float(area), "the cube") for area in areas])
        return self.channel_width_kms * factors[channel]

    @cached_property
    def column(self) -> FloatArray:
        """Column per channel [Msun/pc²], shape of the data, NaN where blank."""
        return self.data * self.column_per_unit[:, None, None]

    @property
    def beam_pixels(self) -> float:
        """FWHM of the beam [pixels]; that of a well-sampled image, 2, where the file names none."""
        return 2.0 if self.beam is None else self.beam.fwhm_arcsec / self.grid.pixel_arcsec


def read_cube(
    path: str | PathLike[str],
    *,
    convention: Convention | None = None,
    unit: str | None = None,
    beam: SkyBeam | None = None,
) -> HICube:
    """Read an HI cube from FITS, through spectral-cube.

    Parameters
    ----------
    path
        FITS file, its first image of three axes or more; of Stokes parameters I is taken.
    convention
        Of the velocities of the answer. If None, that of the file; a frequency becomes a radio velocity.
    unit
        Of the data, in place of the header's BUNIT.
    beam
        In place of the header's (or the table BEAMS of the file).

    Returns
    -------
    HICube
        With rising velocities, in the frame that the file has them in (barycentric, LSR: it is not changed).

    Raises
    ------
    InputError
        If there is no such file, or it lacks an axis, a beam, a unit, or data.
    DamagedFileError
        If it is not FITS, truncated or damaged.
    """
    with open_fits(path) as hdus:
        number, header = _cube_hdu(hdus, path)
        cube = _spectral_cube(hdus, number, header, path)
        cube, used = _in_velocity(cube, header, convention, path)
        data = np.array(cube.unmasked_data[:].value, dtype=np.float32)
        data[~(np.abs(data) < MAX_VALUE)] = np.nan  # what damage leaves: infinities, signaling NaNs, 1e30
        velocity = np.asarray(cube.spectral_axis.to_value("km/s"), dtype=np.float64)
        if not np.isfinite(velocity).all() or np.abs(velocity).max() > MAX_KMS:
            raise InputError(
                f"{path} has velocities of {velocity[0]:.4g} to {velocity[-1]:.4g} km/s, expected within "
                f"{MAX_KMS:g} km/s of the HI line: mend the spectral axis or its unit."
            )
        beams = [beam] if beam is not None else _beams(cube, header)
        wcs = cube.wcs.celestial
        text = unit if unit is not None else header.get("BUNIT")
        text = parse_unit(text, str(path)).to_string()  # type: ignore[attr-defined]
    order = slice(None, None, -1 if velocity[0] > velocity[-1] else 1)
    areas = None
    if beams:
        areas = np.broadcast_to([one.area_sr for one in beams], len(velocity))[order]
    return HICube(
        data=data[order],
        unit=text,
        velocity_kms=velocity[order],
        convention=used,
        grid=SkyGrid(wcs, data.shape[1:]),
        beam=beams[len(beams) // 2] if beams else None,
        beam_sr=areas,
    )


def _cube_hdu(hdus: Any, path: object) -> tuple[int, Any]:  # noqa: ANN401 (of astropy)
    """Find the first image of three axes or more; its number and header."""
    most = 0
    for number, hdu in enumerate(hdus):
        n_axes = hdu.header.get("NAXIS", 0) if hdu.is_image else 0
        most = max(most, n_axes)
        if n_axes >= 3:
            check_size(hdu, path)  # type: ignore[arg-type]
            return number, hdu.header
    kind = "a map of two axes" if most == 2 else "no image"
    raise InputError(
        f"{path} holds {kind}, expected a cube with two axes on the sky and a spectral one: give moment maps as such."
    )


def _spectral_cube(hdus: Any, number: int, header: Any, path: object) -> Any:  # noqa: ANN401 (of libraries)
    from astropy.wcs import WCS

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from spectral_cube import SpectralCube

    wcs = WCS(header)
    if wcs.wcs.spec < 0:
        raise InputError(
            f"{path} has no spectral axis, its axes are {', '.join(wcs.wcs.ctype)}: write a CTYPE of velocity "
            "or frequency into its header."
        )
    if not wcs.has_celestial:
        raise InputError(f"{path} has no sky coordinates, its axes are {', '.join(wcs.wcs.ctype)}: mend its CTYPE.")
    data = hdus[number].data
    if data is None:
        raise DamagedFileError(f"{path} holds no data: write it again.")
    if not np.isfinite(data).any():
        raise InputError(f"all values of {path} are blank: give a cube that holds data.")
    return SpectralCube.read(hdus, format="fits", hdu=number)


def _in_velocity(
    cube: Any,  # noqa: ANN401 (a cube of spectral-cube)
    header: Any,  # noqa: ANN401 (of astropy)
    convention: Convention | None,
    path: object,
) -> tuple[Any, Convention]:
    """Bring the spectral axis to a velocity; say of which convention.

    An axis VELO, of a relativistic velocity by the standard and of any in use, is taken as it stands.
    """
    from astropy import units as u

    rest = next((header[key] for key in ("RESTFRQ", "RESTFREQ", "FREQ0") if key in header), None)
    if isinstance(rest, (int, float)) and rest > 0 and abs(rest / HI_FREQUENCY_HZ - 1) > OTHER_LINE:
        raise InputError(f"{path} is of a line at {rest / 1e6:.6g} MHz, expected HI at 1420.406 MHz.")
    kind = cube.wcs.wcs.ctype[2][:4]
    if convention not in (None, "radio", "optical"):
        raise InputError(f"convention must be 'radio' or 'optical', got {convention!r}.")
    used: Convention = convention or ("optical" if kind in ("VOPT", "FELO", "ZOPT", "WAVE", "AWAV") else "radio")
    own = {"VOPT": "optical", "VRAD": "radio"}.get(kind, convention or "radio" if kind == "VELO" else None)
    if own == used:
        return cube, used
    rest_value = HI_FREQUENCY_HZ * u.Hz
    return cube.with_spectral_unit(u.km / u.s, velocity_convention=used, rest_value=rest_value), used


def _beams(cube: Any, header: Any) -> list[SkyBeam]:  # noqa: ANN401 (of libraries)
    """One beam of a cube, or one for each channel; none where it names none."""
    table = getattr(cube, "beams", None) if type(cube).__name__.startswith("VaryingResolution") else None
    if table is not None:
        return [sky_beam(one) for one in table]
    beam = beam_of_header(header)
    return [] if beam is None else [beam]
