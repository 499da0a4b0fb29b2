"""An observation becomes an observed galaxy: data are read, measured around one center, and turned by one angle."""

import dataclasses
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from stargas.config.observation import ObservationConfig
from stargas.errors import InputError, ObservationWarning
from stargas.observed.catalogue import StarCatalogue
from stargas.observed.cube import HICube
from stargas.observed.galaxy import ObservedGalaxy, Origin
from stargas.observed.hi import ObservedHI, observe_hi
from stargas.observed.keywords import check_keywords
from stargas.observed.known_values import KnownValues, complete_settings
from stargas.observed.mask import MaskConfig
from stargas.observed.moments import MomentMaps
from stargas.observed.orientation import check_angles, turn_receding_side_west, velocity_position_angle
from stargas.observed.photometry import ObservedPhotometry, PhotometricCatalog, observe_photometry
from stargas.observed.sources import HISource, PhotometrySource, StarSource, read_sources, with_absolute_paths
from stargas.observed.stars import ObservedStars, observe_stars
from stargas.remarks import Remark, ordered

if TYPE_CHECKING:
    from astropy.table import Table
    from pandas import DataFrame

ELSEWHERE = 2.0
"""Distance of the HI from the center, over the mean radius of its column, that no galaxy has."""

TWO_GALAXIES = 3.0
"""Difference of the mean velocities of stars and HI, over the larger of their scatters, that no galaxy has."""

_Tracers: TypeAlias = tuple[ObservedStars | None, ObservedHI | None, ObservedPhotometry | None, float | None]
"""Both tracers, the light, and the position angle of what lies on +x."""


def observe(
    stars: "StarSource | None" = None,
    hi: "HISource | None" = None,
    name: str | None = None,
    *,
    photometry: "PhotometrySource | None" = None,
    **known: Any,  # noqa: ANN401 (settings of several types)
) -> ObservedGalaxy:
    """Observe a galaxy from data in files or in memory.

    Parameters
    ----------
    stars
        A table of stars, as `stargas.observed.catalogue.read_stars` reads it: its path, an astropy table, or columns
        by name; or a catalogue that it returned.
    hi
        The path of a cube, the paths of moment 0, moment 1 and perhaps moment 2, or what
        `stargas.observed.sources.read_hi` returned.
    name
        Name of the galaxy; that of the first file if None. What the Local Volume Database knows of a galaxy of this
        name is used where it is not given: distance, center, R_hl, ellipticity, position angle, with their errors.
    photometry
        A photometric catalog, as `stargas.observed.photometry.read_photometry` reads it: its path, an astropy table, or
        columns by name; or a catalog that it returned.
    **known
        What is known beside the data: the other fields of `stargas.config.observation.ObservationConfig`, as
        ``distance_kpc=930.0``, ``distance_kpc="0.93 Mpc"`` or ``distance_kpc="(m-M) = 24.84"``. Astropy quantities are
        converted, sizes may be angles and distances moduli, and the center may be a ``SkyCoord`` or text,
        ``center="10:08:28.1 -31:00:00"``.

    Returns
    -------
    ObservedGalaxy
        As `observe_galaxy`.

    Raises
    ------
    InputError
        If a keyword is no setting, a quantity has another dimension, or as `observe_galaxy`.

    Examples
    --------
    >>> observe(distance=930.0)
    Traceback (most recent call last):
    stargas.errors.InputError: an observation has no 'distance': did you mean distance_kpc?
    """
    known = check_keywords(known)
    tables = {"stars": stars, "photometry": photometry}
    known |= {what: str(table) for what, table in tables.items() if isinstance(table, str | PathLike)}
    stars, photometry = (None if what in known else table for what, table in tables.items())
    if isinstance(hi, str | PathLike):
        hi, known["hi_cube"] = None, str(hi)
    elif isinstance(hi, Sequence):
        if not 1 <= len(hi) <= 3:
            raise InputError(f"hi takes a cube, or moment 0, moment 1 and perhaps moment 2, got {len(hi)} files.")
        known |= zip(("moment0", "moment1", "moment2"), map(str, hi), strict=False)
        hi = None
    elif not (hi is None or isinstance(hi, HICube | MomentMaps)):
        raise InputError(
            f"hi must be a path, paths of moment maps, or what sg.read_hi returns, got {type(hi).__name__}."
        )
    try:
        config = ObservationConfig(**known, name=name)
    except ValueError as error:  # of a text that is no distance or size
        raise InputError(str(error)) from error
    return observe_galaxy(config, stars, hi, photometry=photometry)


def observe_galaxy(
    config: ObservationConfig,
    stars: "StarCatalogue | Table | DataFrame | Mapping[str, Any] | None" = None,
    hi: HICube | MomentMaps | None = None,
    name: str | None = None,
    photometry: "PhotometricCatalog | Table | DataFrame | Mapping[str, Any] | None" = None,
) -> ObservedGalaxy:
    """Read an observer's data and measure the inputs of the network.

    Parameters
    ----------
    config
        Files, and what is known of the galaxy.
    stars, hi
        Data in memory, in place of the files of ``config``.
    name
        Name for titles in place of that of ``config``, which is that of the first file if None.
    photometry
        A photometric catalog in memory, in place of the file of ``config``.

    Returns
    -------
    ObservedGalaxy
        Both tracers have one center: the given one, else the middle of the stars where they have sky coordinates,
        else that of the HI. Offsets of stars start at the same center. Where there is HI and no position angle, the
        sky is turned by the direction of the gradient of moment 1, so that the receding side lies on +x in training
        and observation; stars alone keep north up.

    Raises
    ------
    InputError
        If there are no data or too many, R_hl is not known, an angle cannot be, or as the readers of stars and HI.
    """
    check_angles(config)
    files = (config.stars, config.hi_cube, config.moment0)
    name = name or config.name or next((Path(path).name for path in files if path), "galaxy")
    with _collected_remarks() as collected:
        catalogue, data, catalog = read_sources(config, stars, hi, photometry)
        kind = None if catalogue is None else catalogue.position_kind
        known = complete_settings(
            config,
            needs_distance=data is not None or kind not in (None, "offset_kpc"),
            uses_center=data is not None or "sky_deg" in (kind, None if catalog is None else catalog.position_kind),
            uses_axis=data is None,
            uses_size=catalog is None,
        )
        observed = _observe(known.config, catalogue, data, catalog)
        if "position_angle_deg" in known.from_database:
            observed = _with_receding_side(known.config, catalogue, catalog, observed)
        galaxy = _joined(name, known.config, *observed)
    settings = with_absolute_paths(config) if stars is None and hi is None and photometry is None else None
    return dataclasses.replace(
        galaxy,
        **_from_database(known),
        remarks=ordered(collected),
        settings=settings,
        references=known.references,
    )


def _from_database(known: KnownValues) -> dict[str, Any]:
    """Return the origins of what the Local Volume Database has set."""
    origins = {"R_hl_kpc": "R_hl_from", "center": "center_from", "position_angle_deg": "position_angle_from"}
    return {origin: "database" for name, origin in origins.items() if name in known.from_database}


def _with_receding_side(
    config: ObservationConfig,
    catalogue: StarCatalogue | None,
    photometry: PhotometricCatalog | None,
    observed: _Tracers,
) -> _Tracers:
    """Turn stars that recede on the other side of the major axis by half a turn: an axis of the light has no side."""
    stars, hi, _, angle = observed
    if catalogue is None or stars is None or angle is None or not np.mean(stars.x_kpc * stars.v_los_kms) < 0:
        return observed
    angle = (angle + 180) % 360
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ObservationWarning)  # which were given already
        stars = _observe_stars(config, catalogue, angle, photometry)
    return stars, hi, stars.photometry, angle


def _observe(
    config: ObservationConfig,
    catalogue: StarCatalogue | None,
    data: HICube | MomentMaps | None,
    photometry: PhotometricCatalog | None,
) -> _Tracers:
    """Observe both tracers and the light around one center, turned by one angle."""
    angle = config.position_angle_deg
    if data is None:
        if catalogue is None:
            raise InputError("an observed galaxy needs stars, HI or both, got neither: give a table, a cube or maps.")
        stars = _observe_stars(config, catalogue, angle, photometry)
        return stars, None, stars.photometry, angle
    if config.distance_kpc is None:
        raise InputError("HI needs a distance: give distance_kpc.")
    center = config.center
    if center is None and catalogue is not None and catalogue.position_kind == "sky_deg":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ObservationWarning)  # which are given below
            center = _observe_stars(config, catalogue, angle).center
    mask = None
    if isinstance(data, HICube):
        mask = MaskConfig(leave_out_kms=config.leave_out_channels, foreground_kms=config.foreground_channels)
    elif config.leave_out_channels or config.foreground_channels:
        raise InputError("channels can be left out of a cube only: the moment maps have none.")
    observe = partial(
        observe_hi,
        distance_kpc=config.distance_kpc,
        center=center,
        systemic_kms=config.systemic_kms,
        distance_error_kpc=config.distance_error_kpc,
    )
    seen = observe(data, mask=mask)
    if angle is None:
        angle = velocity_position_angle(seen.maps)
    turned = turn_receding_side_west(data, seen.center_deg, angle)
    seen = observe(turned, mask=seen.source)
    if catalogue is not None:
        stars = _observe_stars(config, catalogue, angle, photometry, seen.center_deg)
        _warn_of_two_galaxies(stars, seen)
        return stars, seen, stars.photometry, angle
    light = None
    if photometry is not None:
        around = photometry.around(seen.center_deg)
        light = observe_photometry(around, config.distance_kpc, position_angle_deg=angle)
    return None, seen, light, angle


def _warn_of_two_galaxies(stars: ObservedStars, hi: ObservedHI) -> None:
    """Warn of stars and HI whose places or mean velocities are too far apart for one galaxy."""
    column = np.maximum(hi.maps.moments[0], 0.0)
    y, x = (np.indices(column.shape) + 0.5) * hi.pixel_kpc - hi.half_width_kpc
    x_mean, y_mean = (float(np.average(place, weights=column)) for place in (x, y))
    off, radius = np.hypot(x_mean, y_mean), np.average(np.hypot(x - x_mean, y - y_mean), weights=column)
    if off > ELSEWHERE * radius:
        warnings.warn(
            ObservationWarning(
                "another galaxy",
                f"the HI may be of another galaxy than the stars: its middle lies {off:.3g} kpc from the center, "
                f"{off / radius:.1f} times its mean radius.",
            ),
            stacklevel=4,
        )
    maps = hi.moment_maps
    weight = np.where(maps.known, np.maximum(maps.moment0, 0.0), 0.0)
    mean = np.average(maps.moment1, weights=weight)
    scatter = max(stars.sigma_kms, float(np.sqrt(np.average((maps.moment1 - mean) ** 2, weights=weight))))
    apart = abs(float(np.mean(stars.v_los_kms)) + stars.systemic_kms - mean)
    if apart > TWO_GALAXIES * scatter:
        warnings.warn(
            ObservationWarning(
                "another galaxy",
                f"the HI may be of another galaxy than the stars: their mean velocities lie {apart:.0f} km/s apart, "
                f"{apart / scatter:.1f} times the scatter of either. Are both in one frame (heliocentric, local "
                "standard of rest)?",
            ),
            stacklevel=4,
        )


def _observe_stars(
    config: ObservationConfig,
    catalogue: StarCatalogue,
    angle: float | None,
    photometry: PhotometricCatalog | None = None,
    hi_center: tuple[float, float] | None = None,
) -> ObservedStars:
    """Observe stars and light; ``hi_center`` is that of the HI [deg], None where there is none."""
    center = config.center
    if catalogue.position_kind != "sky_deg":
        # offsets start at the center, so one in degrees applies to other data only
        zero = hi_center or center
        if zero is not None and photometry is not None and photometry.position_kind == "sky_deg":
            photometry = photometry.around(zero)
        elif center is not None and hi_center is None:
            raise InputError(
                "the table of stars holds offsets from its own center, to which one in degrees does not apply: leave "
                "it out."
            )
        center = None
    return observe_stars(
        catalogue,
        config.distance_kpc,
        distance_error_kpc=config.distance_error_kpc,
        center=center,
        systemic_kms=config.systemic_kms,
        position_angle_deg=angle,
        p_member_min=config.p_member_min,
        fit_contaminants=config.fit_contaminants,
        R_hl_kpc=config.R_hl_kpc,
        R_hl_error_kpc=config.R_hl_error_kpc,
        proper_motion_masyr=config.proper_motion_masyr,
        photometry=photometry,
    )


def _joined(
    name: str,
    config: ObservationConfig,
    stars: ObservedStars | None,
    hi: ObservedHI | None,
    light: ObservedPhotometry | None,
    angle: float | None,
) -> ObservedGalaxy:
    """Put both tracers together, with the origin of all that they share."""
    angle_from: Origin = "HI" if config.position_angle_deg is None else "given"
    center = config.center or (0.0, 0.0)
    if stars is not None:
        R_hl, R_hl_error, R_hl_from = stars.R_hl_kpc, stars.R_hl_error_kpc, stars.R_hl_from
    elif config.R_hl_kpc is None and light is not None:
        R_hl, R_hl_error, R_hl_from = light.R_hl_kpc, light.R_hl_error_kpc, "photometry"
    else:
        if config.R_hl_kpc is None or not (config.R_hl_kpc > 0 and np.isfinite(config.R_hl_kpc)):
            raise InputError(
                "masses are inferred at multiples of R_hl, which HI alone does not show: give R_hl_kpc from "
                f"photometry as a positive number, or a photometric catalog, got {config.R_hl_kpc or 'none'}."
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
        position_angle_error_deg=config.position_angle_error_deg,
        photometry=light,
        inclination_deg=config.inclination_deg,
        inclination_error_deg=config.inclination_error_deg,
    )


@contextmanager
def _collected_remarks() -> Iterator[list[Remark]]:
    """Collect warnings about the observation instead of printing them; other warnings pass."""
    collected: list[Remark] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ObservationWarning)
        try:
            yield collected
        finally:
            collected += [one.message.remark for one in caught if isinstance(one.message, ObservationWarning)]
    for one in caught:
        if not issubclass(one.category, ObservationWarning):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
