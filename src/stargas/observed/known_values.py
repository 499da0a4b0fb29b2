"""What is known of a galaxy beside the data: the settings, completed from the Local Volume Database.

A catalog's half-light radius is that of an ellipse, along its major axis a. Training uses the circle that holds half of
the stars. Its radius is a little more than a √(1 − ellipticity), that of the circle of the same area: by 1 % for an
ellipticity of 0.3, by 9 % for 0.6.
"""

import dataclasses
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from stargas.config.observation import ObservationConfig
from stargas.errors import InputError, ObservationWarning
from stargas.observed.local_volume import KnownGalaxy, find_galaxy, is_known, near_names

HALF_LIGHT_SCALES = 1.678347
"""Half-light radius of an exponential profile, in scale lengths."""


@dataclass(frozen=True)
class KnownValues:
    """Settings of an observation with all that is known.

    Parameters
    ----------
    config
        The settings. Their ``R_hl_kpc`` is the radius of a circle.
    from_database
        Names of the settings that the Local Volume Database has set.
    references
        One sentence for each of them, with the paper that it comes from.
    """

    config: ObservationConfig
    from_database: frozenset[str] = frozenset()
    references: tuple[str, ...] = ()


def complete_settings(
    config: ObservationConfig, *, needs_distance: bool, uses_center: bool, uses_axis: bool, uses_size: bool
) -> KnownValues:
    """Return the settings with what the Local Volume Database knows, where they do not say it.

    Parameters
    ----------
    config
        The settings.
    needs_distance
        Whether there is no galaxy without a distance, so that a name that is not known is an error if none is given.
    uses_center
        Whether a center in degrees applies to the data.
    uses_axis
        Whether the position angle of the light sets the frame, as it does where there is no HI.
    uses_size
        Whether R_hl is asked for, as it is not where a photometric catalog gives it.

    Raises
    ------
    InputError
        If a distance is needed and the name is not known, or the ellipticity is none.

    Warns
    -----
    ObservationWarning
        If the name looks like that of another galaxy, misspelled.
    """
    known, uses = KnownValues(config), _Uses(uses_center, uses_axis, uses_size)
    if config.name is not None and is_known(config.name):
        known = _completed(config, find_galaxy(config.name), uses)
    elif config.name is not None:
        if needs_distance and config.distance_kpc is None:
            find_galaxy(config.name)  # which raises
        for name in near_names(config.name)[:1]:
            warnings.warn(
                ObservationWarning(
                    "unknown name",
                    f"{config.name!r} is no galaxy of the Local Volume Database, so nothing of it is used: is {name} "
                    "meant?",
                ),
                stacklevel=2,
            )
    return dataclasses.replace(known, config=circularized(known.config))


def circularized(config: ObservationConfig) -> ObservationConfig:
    """Return the settings with the radius of a circle in place of that along the major axis.

    Raises
    ------
    InputError
        If the ellipticity is not between 0 and 1, or there is no R_hl.

    Examples
    --------
    >>> round(circularized(ObservationConfig(R_hl_kpc=1.0, ellipticity=0.36)).R_hl_kpc, 3)
    0.817
    """
    if config.ellipticity is None:
        return config
    if not 0 <= config.ellipticity < 1:
        raise InputError(f"an ellipticity is 1 - b/a, from 0 to below 1, got {config.ellipticity:g}.")
    if not 0 <= config.ellipticity_error < math.inf:
        raise InputError(f"ellipticity_error must be zero or positive and finite, got {config.ellipticity_error:g}.")
    if config.R_hl_kpc is None:
        raise InputError("an ellipticity turns R_hl along the major axis into that of a circle: give R_hl_kpc, too.")
    ratio, step = circle_over_major(config.ellipticity), 1e-3
    slope = (circle_over_major(config.ellipticity + step) - ratio) / step
    error = math.hypot(config.R_hl_error_kpc * ratio, config.R_hl_kpc * config.ellipticity_error * slope)
    return dataclasses.replace(
        config, R_hl_kpc=config.R_hl_kpc * ratio, R_hl_error_kpc=error, ellipticity=None, ellipticity_error=0.0
    )


def circle_over_major(ellipticity: float) -> float:
    """Radius of the circle with half of the light over that of the ellipse with half of it, along its major axis.

    For an exponential profile with elliptical isophotes. A Plummer profile has 0.3 % more for an ellipticity of 0.3,
    and 1.6 % more for 0.6.

    >>> round(circle_over_major(0.0), 6), round(circle_over_major(0.5) / 0.5**0.5, 3)
    (1.0, 1.053)
    """
    angle = (np.arange(64) + 0.5) / 64 * np.pi / 2
    distance = np.hypot(
        np.cos(angle), max(1 - ellipticity, 1e-3) * np.sin(angle)
    )  # from the center, of an ellipse a = 1

    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        scales = HALF_LIGHT_SCALES * middle / distance
        inside = np.mean(1 - (1 + scales) * np.exp(-scales))
        low, high = (middle, high) if inside < 1 / 2 else (low, middle)
    return high


class _Uses(NamedTuple):
    """Which of the values there is a use for."""

    center: bool
    axis: bool
    size: bool


def _completed(config: ObservationConfig, galaxy: KnownGalaxy, uses: _Uses) -> KnownValues:
    values: dict[str, Any] = {}
    references = []
    for new, reference in _news(config, galaxy, uses):
        values |= new
        references.append(reference)
    return KnownValues(dataclasses.replace(config, **values), frozenset(values), tuple(references))


def _news(config: ObservationConfig, galaxy: KnownGalaxy, uses: _Uses) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield what the settings do not say, with where it is from."""
    distance = config.distance_kpc
    if distance is None:
        distance, error = galaxy.distance_kpc, galaxy.distance_error_kpc
        yield (
            {"distance_kpc": distance, "distance_error_kpc": error},
            f"Distance {distance:.4g} ± {error:.2g} kpc: {galaxy.distance_from}.",
        )
    if config.center is None and uses.center:
        yield {"center": galaxy.center}, f"Center {galaxy.center[0]:g}, {galaxy.center[1]:g} deg: the database."
    if config.R_hl_kpc is None and uses.size and (size := galaxy.R_major_kpc(distance)) is not None:
        ellipse, error = config.ellipticity, config.ellipticity_error
        if ellipse is None:
            ellipse, error = galaxy.ellipticity, galaxy.ellipticity_error
        text = f"R_hl {size[0]:.4g} ± {size[1]:.2g} kpc along the major axis, ellipticity {ellipse:g} ± {error:.2g}"
        values = {"R_hl_kpc": size[0], "R_hl_error_kpc": size[1], "ellipticity": ellipse, "ellipticity_error": error}
        yield values, f"{text}: {galaxy.structure_from}."
    if config.position_angle_deg is None and uses.axis and galaxy.position_angle_deg is not None:
        angle, error = galaxy.position_angle_deg, galaxy.position_angle_error_deg
        yield (
            {"position_angle_deg": angle, "position_angle_error_deg": error},
            f"Position angle of the light {angle:g} ± {error:.2g} deg: {galaxy.structure_from}.",
        )
