"""One observed galaxy: its stars, its HI, and the center and direction that both share."""

import dataclasses
import difflib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from stargas.config.observation import ObservationConfig
from stargas.errors import InputError, ObservationWarning
from stargas.observed.catalogue import StarCatalogue, read_stars
from stargas.observed.cube import HICube, read_cube
from stargas.observed.hi import ObservedHI, observe_hi
from stargas.observed.known_values import KnownValues, complete_settings
from stargas.observed.mask import MaskConfig
from stargas.observed.moment_files import read_moments
from stargas.observed.moments import MomentMaps
from stargas.observed.photometry import (
    ObservedPhotometry,
    PhotometricCatalog,
    observe_photometry,
    read_photometry,
)
from stargas.observed.sky_grid import SkyGrid
from stargas.observed.stars import ObservedStars, observe_stars
from stargas.quantities import to_array, to_center, to_number, unit_of
from stargas.representation import Described
from stargas.sky.projection import HIMaps, SkyGalaxy, SkyStars

if TYPE_CHECKING:
    from astropy.table import Table
    from pandas import DataFrame

StarSource: TypeAlias = "str | PathLike[str] | Table | DataFrame | Mapping[str, Any] | StarCatalogue"
"""A table of stars: its path, a table or columns in memory, or a catalogue that is read already."""

PhotometrySource: TypeAlias = "str | PathLike[str] | Table | DataFrame | Mapping[str, Any] | PhotometricCatalog"
"""A photometric catalog: its path, a table or columns in memory, or one that is read already."""

HISource: TypeAlias = "str | PathLike[str] | Sequence[str | PathLike[str]] | HICube | MomentMaps"
"""HI data: the path of a cube, the paths of moment maps, or data that are read already."""

_Tracers: TypeAlias = tuple[ObservedStars | None, ObservedHI | None, ObservedPhotometry | None, float | None]
"""Both tracers, the light, and the position angle of what lies on +x."""

Origin = Literal["given", "database", "photometry", "stars", "table", "HI", "none"]
"""Where a number of the galaxy comes from."""

NOT_USED = dict.fromkeys(
    ("inclination", "inclination_deg", "inclination_error_deg"),
    "no model is conditioned on the inclination, which it takes from the shapes and velocities of the tracers",
)
"""What an observer may know, and no model uses → why."""

TEXT_UNITS = {"arcmin": "arcmin", "arcsec": "arcsec", "mag": "mag", "%": "%"}
"""Unit of a quantity → that of text, as `stargas.notation` reads it."""

TUPLES: Mapping[str, tuple[tuple[int, ...], str]] = {
    "missing_values": ((0,), "numbers"),
    "proper_motion_masyr": ((2,), "two numbers"),
    "leave_out_channels": ((0, 2), "pairs of velocities"),
}
"""Keyword that takes several numbers → their shape, 0 for any length, and what they are."""

ALIGNED_RECEDES = 90.0
"""Position angle less this turns the sky so that the receding side lies on +x, as in training."""


@dataclass(frozen=True, eq=False, repr=False)
class ObservedGalaxy(Described):
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
        ``given``, ``database`` for the Local Volume Database, ``photometry`` for the photometric catalog, or ``stars``.
    distance_kpc, distance_error_kpc
        Distance and its standard error [kpc]; None where positions were given in kpc without it.
    center
        Of both tracers: right ascension and declination [deg], or an offset in the unit of the table of stars.
    center_from
        ``given``, ``database``, ``stars``, ``table`` (the origin of its offsets) or ``HI``.
    position_angle_deg
        Of the receding side, which both tracers have on +x [deg]; None where north is up.
    position_angle_from
        ``given``, ``database`` for the major axis of the light, of which the stars tell the receding side, ``HI`` for
        the direction of its velocity gradient, or ``none``.
    warnings
        One sentence for everything in the data that needs care.
    settings
        The settings that repeat the observation; None where the data were not read from files.
    references
        One sentence for each value of the Local Volume Database that was used, with the paper that it comes from.
    photometry
        The light of the galaxy, in the frame of the tracers; None where there is no photometric catalog.

    Examples
    --------
    >>> import stargas as sg
    >>> galaxy = sg.infer(**sg.example("stars"), occlusion=False).galaxy
    >>> galaxy.R_hl_from, len(galaxy.stars) > 300
    ('given', True)
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
    settings: ObservationConfig | None = None
    references: tuple[str, ...] = ()
    photometry: ObservedPhotometry | None = None

    def _facts(self) -> Mapping[str, str]:
        facts = {"name": self.name, "R_hl": f"{self.R_hl_kpc:.3g} ± {self.R_hl_error_kpc:.2g} kpc ({self.R_hl_from})"}
        if self.distance_kpc is not None:
            facts["distance"] = f"{self.distance_kpc:.4g} ± {self.distance_error_kpc:.2g} kpc"
        if self.stars is not None:
            facts["stars"] = f"{len(self.stars)} members, σ {self.stars.sigma_kms:.3g} km/s"
        if self.photometry is not None:
            facts["photometry"] = f"{self.photometry.n_members:.0f} members of {self.photometry.n_catalogue} stars"
        if self.hi is not None:
            facts["HI"] = f"{self.hi.hi_mass_msun:.3g} Msun"
        return {**facts, "warnings": str(len(self.warnings))}

    def sky_galaxy(self) -> SkyGalaxy:
        """Return the galaxy as `stargas.sample.make_sample` takes it, with the quality of its data."""
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
        if self.photometry is not None:
            sky = dataclasses.replace(sky, photometry=self.photometry.positions)
        return sky


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
        The path of a cube, the paths of moment 0, moment 1 and perhaps moment 2, or what `read_hi` returned.
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
    names = [field.name for field in dataclasses.fields(ObservationConfig)]
    for keyword in known:
        if keyword in NOT_USED:
            raise InputError(f"{keyword} has no use: {NOT_USED[keyword]}.")
        if keyword not in names:
            close = difflib.get_close_matches(keyword, names, n=1)
            meant = f"did you mean {close[0]}?" if close else f"use some of {', '.join(names)}."
            raise InputError(f"an observation has no {keyword!r}: {meant}")
    known = {keyword: _checked(keyword, value) for keyword, value in known.items()}
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


def _checked(keyword: str, value: Any) -> Any:  # noqa: ANN401 (of several types)
    """Return what a caller knows in the type of the settings: numbers in their unit, or text where they take it."""
    if value is None:
        return None
    if keyword == "center":
        return to_center(value)
    if keyword == "fit_contaminants" and not isinstance(value, bool | np.bool_):
        raise InputError(f"fit_contaminants must be True or False, got {value!r}.")
    if keyword == "columns" and not (isinstance(value, Mapping) and all(isinstance(x, str) for x in value.values())):
        raise InputError(f"columns must map quantities to names of columns, as {{'v_los': 'HRV'}}, got {value!r}.")
    if keyword in TUPLES:
        return _checked_tuple(keyword, value)
    text = _as_text(value)
    if (unit_of(keyword) or keyword == "p_member_min") and not (isinstance(text, str) and unit_of(keyword) == "kpc"):
        return to_number(keyword, text)
    return text


def _checked_tuple(keyword: str, value: Any) -> tuple[Any, ...]:  # noqa: ANN401 (of several types)
    if isinstance(value, list | tuple):  # perhaps of quantities
        value = [to_array(keyword, one).tolist() for one in value]
    numbers = to_array(keyword, value)
    shape, meaning = TUPLES[keyword]
    if numbers.size and (
        numbers.ndim != len(shape) or any(n not in (0, m) for n, m in zip(shape, numbers.shape, strict=True))
    ):
        raise InputError(f"{keyword} must be {meaning}, got numbers of shape {numbers.shape}.")
    return tuple(tuple(one) if isinstance(one, list) else one for one in numbers.tolist())


def _as_text(value: Any) -> Any:  # noqa: ANN401 (whatever a caller passes)
    """Return a quantity in a unit of angle, magnitudes or percent as text, and everything else as it is."""
    unit = str(getattr(value, "unit", None))
    if unit in TEXT_UNITS and np.ndim(value) == 0:
        return f"{float(value.value):.17g} {TEXT_UNITS[unit]}"
    return value


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
        If there are no data or too many, R_hl is not known, or as the readers of stars and HI.
    """
    files = (config.stars, config.hi_cube, config.moment0)
    name = name or config.name or next((Path(path).stem for path in files if path), "galaxy")
    with _collected_warnings() as collected:
        catalogue = _read_stars_of(config, stars)
        catalog = _read_photometry_of(config, photometry)
        data = _read_hi_of(config) if hi is None else hi
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
    settings = _with_absolute_paths(config) if stars is None and hi is None and photometry is None else None
    return dataclasses.replace(
        galaxy,
        **_from_database(known),
        warnings=tuple(dict.fromkeys(collected)),
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


def _with_absolute_paths(config: ObservationConfig) -> ObservationConfig:
    paths = {
        name: getattr(config, name) for name in ("stars", "photometry", "hi_cube", "moment0", "moment1", "moment2")
    }
    absolute: dict[str, Any] = {name: str(Path(path).resolve()) for name, path in paths.items() if path is not None}
    return dataclasses.replace(config, **absolute)


def _read_stars_of(
    config: ObservationConfig, stars: "StarCatalogue | Table | DataFrame | Mapping[str, Any] | None"
) -> StarCatalogue | None:
    source = config.stars if stars is None else stars
    if source is None or isinstance(source, StarCatalogue):
        return source
    return read_stars(source, config.columns, missing_values=config.missing_values)


def _read_photometry_of(
    config: ObservationConfig, photometry: "PhotometricCatalog | Table | DataFrame | Mapping[str, Any] | None"
) -> PhotometricCatalog | None:
    source = config.photometry if photometry is None else photometry
    if source is None or isinstance(source, PhotometricCatalog):
        return source
    return read_photometry(source, config.columns, missing_values=config.missing_values)


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
    if angle is None:
        angle = velocity_position_angle(seen.maps)
    turned = _turned(data, seen.center_deg, angle)
    seen = observe(turned, mask=seen.source)
    if catalogue is not None:
        stars = _observe_stars(config, catalogue, angle, photometry, seen.center_deg)
        return stars, seen, stars.photometry, angle
    light = None
    if photometry is not None:
        around = photometry.around(seen.center_deg)
        light = observe_photometry(around, config.distance_kpc, position_angle_deg=angle)
    return None, seen, light, angle


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
                f"photometry as a positive number, or a photometric catalog, got {config.R_hl_kpc}."
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
        photometry=light,
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
def _collected_warnings() -> Iterator[list[str]]:
    """Collect warnings about the observation instead of printing them; other warnings pass."""
    collected: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ObservationWarning)
        try:
            yield collected
        finally:
            collected += [str(one.message) for one in caught if issubclass(one.category, ObservationWarning)]
    for one in caught:
        if not issubclass(one.category, ObservationWarning):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
