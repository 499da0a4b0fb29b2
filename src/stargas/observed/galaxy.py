"""One observed galaxy: its stars, its HI and what both share."""

import dataclasses
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from stargas.config.observation import ObservationConfig
from stargas.errors import InputError, ObservationWarning
from stargas.observed.catalogue import StarCatalogue, read_stars
from stargas.observed.cube import HICube, read_cube
from stargas.observed.hi import ObservedHI, observe_hi
from stargas.observed.mask import MaskConfig
from stargas.observed.moments import MomentMaps, read_moments
from stargas.observed.sky_grid import SkyGrid
from stargas.observed.stars import ObservedStars, observe_stars
from stargas.sky.projection import HIMaps, SkyGalaxy, SkyStars

Origin = Literal["given", "stars", "table", "HI", "none"]

ALIGNED_RECEDES = 90.0
"""Position angle less this turns the sky so that the receding side lies on +x, as in training."""


@dataclass(frozen=True, eq=False)
class ObservedGalaxy:
    """What an observer has of one galaxy.

    Parameters
    ----------
    name
        For titles.
    stars, hi
        One of them may be missing.
    R_hl_kpc, R_hl_error_kpc
        Projected half-light radius and its standard error, without that of the distance [kpc].
    R_hl_from
        ``given`` or ``stars``.
    distance_kpc, distance_error_kpc
        Distance and its standard error [kpc]; None where positions were given in kpc without it.
    center
        Of both tracers: right ascension and declination [deg], or an offset in the unit of the table of stars.
    center_from
        ``given``, ``stars``, ``table`` (the origin of its offsets) or ``HI``.
    position_angle_deg
        Of the receding side, which both tracers have on +x [deg]; None where north is up.
    position_angle_from
        ``given``, ``HI`` for the direction of its velocity gradient, or ``none``.
    warnings
        What needs care in the data, in words.
    """

    name: str
    stars: ObservedStars | None
    hi: ObservedHI | None
    R_hl_kpc: float
    R_hl_error_kpc: float
    R_hl_from: Origin
    distance_kpc: float | None
    distance_error_kpc: float
    center: tuple[float, float]
    center_from: Origin
    position_angle_deg: float | None = None
    position_angle_from: Origin = "none"
    warnings: tuple[str, ...] = ()

    def sky_galaxy(self) -> SkyGalaxy:
        """Return the galaxy as `stargas.sample.make_sample` takes it, with how good its data are."""
        sky = SkyGalaxy(R_hl_kpc=self.R_hl_kpc)
        if self.hi is not None:
            beam, noise = self.hi.beam_fwhm_kpc, self.hi.column_noise_msun_pc2
            sky = dataclasses.replace(sky, gas=self.hi.maps, beam_fwhm_kpc=beam, noise_msun_pc2=noise)
        if self.stars is not None:
            sky = dataclasses.replace(
                sky,
                stars=SkyStars(self.stars.x_kpc, self.stars.y_kpc, self.stars.v_los_kms),
                R_hl_kpc=self.stars.R_hl_kpc,
                sigma_kms=self.stars.sigma_kms,
                velocity_error_kms=self.stars.velocity_error_kms,
            )
        return sky


def observe_galaxy(
    config: ObservationConfig,
    stars: StarCatalogue | None = None,
    hi: HICube | MomentMaps | None = None,
    name: str | None = None,
) -> ObservedGalaxy:
    """Read an observer's files and measure what the network is told.

    Parameters
    ----------
    config
        Files and numbers.
    stars, hi
        Data that are already in memory, in place of the files that ``config`` names.
    name
        Of the galaxy; that of the first file if None.

    Returns
    -------
    ObservedGalaxy
        Both tracers have one center: the given one, else the middle of the stars where they have sky coordinates,
        else that of the HI. Offsets of stars are taken from the same center. Where there is HI and no position
        angle, the sky is turned by the direction of the gradient of moment 1, so that training and observation have
        the receding side on +x; stars alone are left with north up.

    Raises
    ------
    InputError
        If nothing or too much is given, R_hl is not known, or as the readers of stars and HI.
    """
    given = name or next((Path(path).stem for path in (config.stars, config.hi_cube, config.moment0) if path), "galaxy")
    with _collected() as said:
        catalogue = stars if stars is not None or config.stars is None else read_stars(config.stars, config.columns)
        data = hi if hi is not None else _read_hi(config)
        if catalogue is None and data is None:
            raise InputError("an observed galaxy needs stars, HI or both, got neither: give a table, a cube or maps.")
        found = _joined(given, config, *_observe(config, catalogue, data))
    return dataclasses.replace(found, warnings=tuple(dict.fromkeys(said)))


def _read_hi(config: ObservationConfig) -> HICube | MomentMaps | None:
    """Read the cube or the moment maps."""
    maps = [config.moment0, config.moment1, config.moment2]
    if config.hi_cube is not None:
        if any(maps):
            raise InputError("give an HI cube or moment maps, not both.")
        return read_cube(config.hi_cube)
    if not any(maps):
        return None
    if config.moment0 is None or config.moment1 is None:
        raise InputError("HI moment maps need moment 0 and moment 1: give both (moment 2 is optional).")
    return read_moments(config.moment0, config.moment1, config.moment2)


def _observe(
    config: ObservationConfig, catalogue: StarCatalogue | None, data: HICube | MomentMaps | None
) -> tuple[ObservedStars | None, ObservedHI | None, float | None]:
    """Observe both tracers around one center, turned by one angle, which is the last of what is returned."""
    first = None if catalogue is None else _observe_stars(config, catalogue, config.position_angle_deg, data is None)
    if data is None:
        return first, None, config.position_angle_deg
    if config.distance_kpc is None:
        raise InputError("HI needs a distance: give distance_kpc.")
    center = config.center
    if center is None and first is not None and first.center_from == "stars":
        center = first.center
    mask = None
    if isinstance(data, HICube):
        mask = MaskConfig(leave_out_kms=tuple((float(a), float(b)) for a, b in config.leave_out_channels))
    elif config.leave_out_channels:
        raise InputError("channels can be left out of a cube only: the moment maps have none.")
    observe = partial(
        observe_hi,
        distance_kpc=config.distance_kpc,
        center=center,
        systemic_kms=config.systemic_kms,
        distance_error_kpc=config.distance_error_kpc,
    )
    seen = observe(data, mask=mask)
    angle = velocity_position_angle(seen.maps) if config.position_angle_deg is None else config.position_angle_deg
    turned = _turned(data, seen.center_deg, angle)
    seen = observe(turned, mask=seen.source)
    if catalogue is not None:
        first = _observe_stars(config, catalogue, angle, alone=False)
    return first, seen, angle


def _observe_stars(
    config: ObservationConfig, catalogue: StarCatalogue, angle: float | None, alone: bool
) -> ObservedStars:
    # a center in degrees says nothing of offsets, which start at the center that the HI is given
    center = config.center if alone or catalogue.position_kind == "sky_deg" else None
    return observe_stars(
        catalogue,
        config.distance_kpc,
        distance_error_kpc=config.distance_error_kpc,
        center=center,
        systemic_kms=config.systemic_kms,
        position_angle_deg=angle,
        p_member_min=config.p_member_min,
        clip_sigma=config.clip_sigma,
        R_hl_kpc=config.R_hl_kpc,
        R_hl_error_kpc=config.R_hl_error_kpc,
        proper_motion_masyr=config.proper_motion_masyr,
    )


def _joined(
    name: str, config: ObservationConfig, stars: ObservedStars | None, hi: ObservedHI | None, angle: float | None
) -> ObservedGalaxy:
    """Say of both what they share and where it comes from."""
    angle_from: Origin = "HI" if config.position_angle_deg is None else "given"
    center = config.center or (0.0, 0.0)
    if stars is not None:
        R_hl, R_hl_error, R_hl_from = stars.R_hl_kpc, stars.R_hl_error_kpc, stars.R_hl_from
    else:
        if config.R_hl_kpc is None or not (config.R_hl_kpc > 0 and np.isfinite(config.R_hl_kpc)):
            raise InputError(
                "masses are asked for at multiples of R_hl, which HI alone does not show: give R_hl_kpc from "
                f"photometry as a positive number, got {config.R_hl_kpc}."
            )
        if not (config.R_hl_error_kpc >= 0 and np.isfinite(config.R_hl_error_kpc)):
            raise InputError(f"R_hl_error_kpc must be zero or positive and finite, got {config.R_hl_error_kpc}.")
        R_hl, R_hl_error, R_hl_from = config.R_hl_kpc, config.R_hl_error_kpc, "given"
    center_from: Origin = "given"
    if stars is not None and (hi is None or stars.center_from == "stars"):
        center, center_from = stars.center, stars.center_from
    elif hi is not None:
        center, center_from = hi.center_deg, "HI" if config.center is None else "given"
    return ObservedGalaxy(
        name=name,
        stars=stars,
        hi=hi,
        R_hl_kpc=R_hl,
        R_hl_error_kpc=R_hl_error,
        R_hl_from=R_hl_from,
        distance_kpc=config.distance_kpc,
        distance_error_kpc=config.distance_error_kpc,
        center=center,
        center_from=center_from,
        position_angle_deg=angle,
        position_angle_from="none" if angle is None else angle_from,
    )


def velocity_position_angle(maps: HIMaps) -> float:
    """Position angle of the receding side [deg, 0 to 360], from north through east: that of the velocity gradient.

    Parameters
    ----------
    maps
        x to the west, y to the north.

    Notes
    -----
    The plane through moment 1 that fits best, weighted with moment 0. In a disc that is symmetric about its major
    axis its gradient lies on that axis, whatever the rotation curve; a warp or a bar turns it.
    """
    column, velocity, sigma = np.asarray(maps.moments, dtype=np.float64)
    n = len(column)
    axis = (np.arange(n) + 0.5) / n - 0.5
    y, x = np.meshgrid(axis, axis, indexing="ij")
    # in a circle: the corners of the square would pull the direction towards them
    known = ((velocity != 0) | (sigma != 0)) & (column > 0) & (np.hypot(x, y) <= 0.5)
    place, weight = np.stack([x[known], y[known], np.ones(known.sum())]), column[known]
    west, north, _ = np.linalg.lstsq(place * weight @ place.T, place * weight @ velocity[known], rcond=None)[0]
    return float(np.degrees(np.arctan2(-west, north)) % 360)


def _turned(data: HICube | MomentMaps, center_deg: tuple[float, float], angle_deg: float) -> HICube | MomentMaps:
    """Return the same data under a sky that is turned around a center: the receding side to the west."""
    from astropy.wcs import WCS

    turn = np.radians(-(ALIGNED_RECEDES + angle_deg))
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    grid = data.grid
    per_arcsec = grid.pixels_per_arcsec(*center_deg) @ rotation.T
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.cunit = ["deg", "deg"]
    wcs.wcs.radesys = "ICRS"
    wcs.wcs.crval = center_deg
    wcs.wcs.crpix = np.add(grid.pixel_of(*center_deg), 1)
    wcs.wcs.cd = np.diag([-1, 1]) @ np.linalg.inv(per_arcsec) / 3600
    return dataclasses.replace(data, grid=SkyGrid(wcs, grid.shape))


@contextmanager
def _collected() -> Iterator[list[str]]:
    """Collect warnings of observations in place of printing them; others go on their way."""
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ObservationWarning)
        try:
            yield said
        finally:
            said += [str(one.message) for one in caught if issubclass(one.category, ObservationWarning)]
    for one in caught:
        if not issubclass(one.category, ObservationWarning):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
