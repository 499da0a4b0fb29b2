"""From where a galaxy is seen: the one place where the sky's conventions are written down.

In the galaxy's frame the stars turn counterclockwise around +z. A view first turns the galaxy by the
azimuth around z, then tilts it by the inclination around x, then turns the picture on the sky:

- inclination 0 is face-on (the observer on +z sees counterclockwise rotation), 90 is edge-on (+z points
  up on the sky), above 90 the galaxy turns clockwise; ``View(180 - i, azimuth + 180)`` is a look from behind.
- x points right, y up, the line of sight away from the observer: receding velocities are positive.
- At position angle 0 the receding side of a rotating disc is on +x; the position angle turns it
  counterclockwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stargas.config import ViewConfig
from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.quantities import to_number
from stargas.representation import Described

SPECIAL_INCLINATIONS_DEG = (30.0, 60.0, 90.0)
"""Inclinations that a standard set of 12 views contains exactly, because experiments cut there."""

MIN_INCLINATION_DEG = 30.0
"""Rotation of views closer to face-on than this is not corrected for inclination."""


@dataclass(frozen=True)
class View(Described):
    """Direction from which a galaxy is seen.

    Parameters
    ----------
    inclination_deg
        0 face-on, 90 edge-on, up to 180.
    azimuth_deg
        Turn of the galaxy around its axis before it is tilted.
    position_angle_deg
        Counterclockwise angle on the sky from +x to the receding side of a rotating disc.

    Examples
    --------
    >>> View(60.0)
    View(inclination_deg=60.0, azimuth_deg=0.0, position_angle_deg=0.0)
    >>> View(90.0).matrix.round(3)
    array([[...
    """

    inclination_deg: float
    azimuth_deg: float = 0.0
    position_angle_deg: float = 0.0

    def __post_init__(self) -> None:
        """Check the angles."""
        for name in ("inclination_deg", "azimuth_deg", "position_angle_deg"):
            object.__setattr__(self, name, to_number(name, getattr(self, name)))
        angles = (self.inclination_deg, self.azimuth_deg, self.position_angle_deg)
        if not all(np.isfinite(angles)):
            raise InputError(f"a view needs finite angles in degrees, got {angles}.")
        if not 0 <= self.inclination_deg <= 180:
            raise InputError(f"inclination_deg must be between 0 (face-on) and 180, got {self.inclination_deg}.")

    def _facts(self) -> Mapping[str, str]:
        return {name.removesuffix("_deg").replace("_", " "): f"{angle:g}°" for name, angle in vars(self).items()}

    @property
    def matrix(self) -> FloatArray:
        """Rotation from the galaxy's frame to (x, y, line of sight away from the observer), shape (3, 3).

        Its determinant is -1: a right-handed sky with depth counted away from the observer.
        """
        i, azimuth, angle = np.radians([self.inclination_deg, self.azimuth_deg, self.position_angle_deg])
        turn = np.array([[np.cos(azimuth), -np.sin(azimuth), 0], [np.sin(azimuth), np.cos(azimuth), 0], [0, 0, 1]])
        tilt = np.array([[1, 0, 0], [0, np.cos(i), np.sin(i)], [0, np.sin(i), -np.cos(i)]])
        on_sky = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
        result: FloatArray = on_sky @ tilt @ turn
        return result


def standard_views(config: ViewConfig, rng: np.random.Generator) -> tuple[View, ...]:
    """Choose the views of one galaxy, of rising inclination and close to uniform in cos i.

    Parameters
    ----------
    config
        Number of views, and rules for inclination and position angle.
    rng
        Draws the azimuths and, where asked for, position angles and inclinations.

    Returns
    -------
    tuple of View
        cos i in equal intervals, one view in each: at the midpoints, of which with 12 views the nearest ones are moved
        to exactly 30°, 60° and 90°, or anywhere in them.
    """
    place = rng.random(config.n_views) if config.inclination == "stratified" else 0.5
    cos_i = (np.arange(config.n_views)[::-1] + place) / config.n_views
    inclination = np.degrees(np.arccos(cos_i))
    if config.n_views == 12 and config.inclination == "midpoints":
        for special in SPECIAL_INCLINATIONS_DEG:
            inclination[np.argmin(np.abs(cos_i - np.cos(np.radians(special))))] = special
    azimuth = rng.uniform(0, 360, config.n_views)
    angle = rng.uniform(0, 360, config.n_views) if config.position_angle == "random" else np.zeros(config.n_views)
    return tuple(View(float(i), float(a), float(p)) for i, a, p in zip(inclination, azimuth, angle, strict=True))
