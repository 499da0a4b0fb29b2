"""From a catalogue of stars to what an observer knows of a galaxy: members, center, velocities, dispersion, R_hl."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stargas.errors import InputError, ObservationWarning
from stargas.galaxy import FloatArray
from stargas.observed.catalogue import MIN_STARS, StarCatalogue
from stargas.observed.tangent_plane import ARCMIN, geometric_median, perspective_velocity, sky_middle, tangent_offsets
from stargas.observed.velocities import VelocityFit, fit_velocities, within_clip
from stargas.sky.projection import SkyGalaxy, half_count_radius

P_MEMBER_MIN = 0.9
"""Least probability of a member, a common choice in dwarf galaxies."""

CLIP_SIGMA = 3.0
"""Standard deviations at which velocities are cut where there are no probabilities."""

FEW_STARS = 100
"""Below this many members a warning is given: the dispersion is known to 7 % at best, the mass to 14 %."""

LARGE_ERROR = 0.7
"""Median velocity error over dispersion at which errors that are misjudged by 10 % change the mass by 10 %."""

MANY_INTERLOPERS = 0.05
"""Share of interlopers expected among the members at which a warning is given."""

MANY_REPEATED = 0.02
"""Share of members at the position of another at which a warning is given."""

MANY_CLIPPED = 0.1
"""Share of stars cut by their velocity at which a warning is given; of a Gaussian 3 σ cut 0.3 %."""

MIN_R_HL_KPC = 1e-6
"""Radius below which stars lie on one point but for rounding."""


@dataclass(frozen=True, eq=False)
class ObservedStars:
    """Member stars of an observed galaxy and what follows from them.

    Parameters
    ----------
    x_kpc, y_kpc
        Offsets from the center [kpc], shape (n,): x to the west and y to the north, which is right and up for an
        observer, or turned by the position angle.
    v_los_kms
        Velocities from the systemic one [km/s], shape (n,), perspective taken out.
    v_los_error_kms
        Standard errors of measurement [km/s], shape (n,); zero where not known.
    p_member
        Probability of membership, shape (n,); one where not known.
    distance_kpc, distance_error_kpc
        Distance and its standard error [kpc]; None where positions were given in kpc without it.
    R_hl_kpc, R_hl_error_kpc
        Projected half-light radius at this distance and its standard error [kpc], that of the distance not included.
    R_hl_from
        ``given``, or ``stars`` for the half-count radius of these members.
    systemic_kms, systemic_error_kms
        Systemic velocity and its standard error [km/s]; no error where it was given.
    systemic_from
        ``given`` or ``fitted``.
    sigma_kms, sigma_error_kms
        Intrinsic dispersion around the stars' own mean, the errors of measurement taken out, and its standard error
        [km/s].
    center
        Right ascension and declination [deg], or the center's offset in the catalogue's own unit.
    center_from
        ``given``; ``stars`` where it is their geometric median; ``table`` where the table's offsets start at it.
    n_catalogue
        Stars of the catalogue, members or not.
    """

    x_kpc: FloatArray
    y_kpc: FloatArray
    v_los_kms: FloatArray
    v_los_error_kms: FloatArray
    p_member: FloatArray
    distance_kpc: float | None
    distance_error_kpc: float
    R_hl_kpc: float
    R_hl_error_kpc: float
    R_hl_from: Literal["given", "stars"]
    systemic_kms: float
    systemic_error_kms: float
    systemic_from: Literal["given", "fitted"]
    sigma_kms: float
    sigma_error_kms: float
    center: tuple[float, float]
    center_from: Literal["given", "stars", "table"]
    n_catalogue: int

    def __len__(self) -> int:
        """Return the number of members."""
        return len(self.x_kpc)

    @property
    def velocity_error_kms(self) -> float:
        """Root mean square of the members' errors of velocity [km/s]."""
        return float(np.sqrt(np.mean(self.v_los_error_kms**2)))

    def sky_galaxy(self) -> SkyGalaxy:
        """Return the members as `stargas.sample.make_sample` takes them: its σ is the intrinsic dispersion.

        The maps are made of the velocities as they were measured, errors and all; galaxies whose velocities have none
        come from `stargas.observed.star_draws.draw_inputs`.
        """
        sky = SkyGalaxy.from_stars(self.x_kpc, self.y_kpc, self.v_los_kms, self.R_hl_kpc, self.sigma_kms)
        return replace(sky, velocity_error_kms=self.velocity_error_kms)


def observe_stars(
    catalogue: StarCatalogue,
    distance_kpc: float | None = None,
    *,
    distance_error_kpc: float = 0.0,
    center: tuple[float, float] | None = None,
    systemic_kms: float | None = None,
    position_angle_deg: float | None = None,
    p_member_min: float = P_MEMBER_MIN,
    clip_sigma: float | None = None,
    R_hl_kpc: float | None = None,
    R_hl_error_kpc: float = 0.0,
    proper_motion_masyr: tuple[float, float] | None = None,
) -> ObservedStars:
    """Find the members of a galaxy and measure what the network is told of them.

    Parameters
    ----------
    catalogue
        Stars, members or not.
    distance_kpc, distance_error_kpc
        Distance and its standard error [kpc]. Only where positions are in kpc it may be missing.
    center
        Right ascension and declination [deg], or its offset in the unit of the catalogue. If None, the geometric
        median of the members on the sky, or the origin of offsets.
    systemic_kms
        Line-of-sight velocity of the galaxy [km/s], in the frame of the catalogue; the fitted mean if None. It is the
        zero of velocities; the dispersion is always that around the fitted mean, as in the training data.
    position_angle_deg
        Of the receding side of the major axis, from north through east [deg]. The sky is turned to have it on +x, as
        training has it. None leaves north up.
    p_member_min
        Stars of lower probability are left out. Probabilities also weigh the stars in the fit.
    clip_sigma
        Stars further than this from the bulk, in standard deviations, are left out (see
        `stargas.observed.velocities.within_clip`). None is 3 for a catalogue without probabilities, and no cut for
        one with them.
    R_hl_kpc, R_hl_error_kpc
        Half-light radius from photometry at ``distance_kpc`` and its standard error [kpc], without that of the
        distance. If None, the half-count radius of the members, with the error of a median.
    proper_motion_masyr
        μ_α cos δ and μ_δ of the galaxy [mas/yr] in the frame of the velocities: then perspective is taken out of the
        velocities (see `stargas.observed.tangent_plane.perspective_velocity`).

    Returns
    -------
    ObservedStars
        Members, with center, systemic velocity, dispersion and R_hl, each with where it comes from.

    Raises
    ------
    InputError
        If an argument is not possible, fewer than 30 stars are members, or the errors of measurement explain all
        of the scatter of the velocities.

    Warns
    -----
    ObservationWarning
        If there are fewer than 100 members, R_hl is that of the catalogue's stars, errors of velocity are missing or
        comparable to the dispersion, the dispersion is hardly resolved, interlopers are many, stars are listed more
        than once, or a given center or systemic velocity is far from that of the stars.
    """
    _check(catalogue, distance_kpc, distance_error_kpc, R_hl_kpc, R_hl_error_kpc, p_member_min, clip_sigma)
    _check_finite(center=center, systemic_kms=systemic_kms, position_angle_deg=position_angle_deg)
    _check_finite(proper_motion_masyr=proper_motion_masyr)
    chosen, n_clipped = _members(catalogue, p_member_min, clip_sigma)
    position, v = catalogue.position[chosen], catalogue.v_los_kms[chosen]
    error = None if catalogue.v_los_error_kms is None else catalogue.v_los_error_kms[chosen]
    p = np.ones_like(v) if catalogue.p_member is None else catalogue.p_member[chosen]

    center_from: Literal["given", "stars", "table"] = "given"
    if center is None and catalogue.position_kind == "sky_deg":
        center, center_from = sky_middle(*position.T), "stars"
    elif center is None:
        center, center_from = (0.0, 0.0), "table"
    center = (float(center[0]), float(center[1]))
    xi, eta = _plane(catalogue, position, center, distance_kpc)  # east and north: kpc, or rad where there is a distance
    scale = 1.0 if distance_kpc is None else distance_kpc

    if proper_motion_masyr is not None:
        if distance_kpc is None:
            raise InputError("perspective needs a distance: give distance_kpc with a proper motion.")
        zero = fit_velocities(v, error, p).mean_kms if systemic_kms is None else systemic_kms
        v = v - perspective_velocity(xi, eta, zero, proper_motion_masyr, distance_kpc)
    fit = fit_velocities(v, error, p)
    if not fit.sigma_kms > 0:
        raise InputError(
            f"the velocity errors (median {0.0 if error is None else np.median(error):.3g} km/s) explain all of the "
            f"scatter of the velocities ({np.std(v):.3g} km/s), so there is no dispersion to infer a mass from: check "
            "the errors, or measure finer."
        )
    zero = fit.mean_kms if systemic_kms is None else float(systemic_kms)
    angle = 0.0 if position_angle_deg is None else -np.radians(90.0 + position_angle_deg)
    x, y = -xi * scale, eta * scale
    x, y = np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y
    observed = ObservedStars(
        x_kpc=x,
        y_kpc=y,
        v_los_kms=v - zero,
        v_los_error_kms=np.zeros_like(v) if error is None else error,
        p_member=p,
        distance_kpc=distance_kpc,
        distance_error_kpc=float(distance_error_kpc),
        R_hl_kpc=half_count_radius(x, y) if R_hl_kpc is None else float(R_hl_kpc),
        R_hl_error_kpc=_half_count_error(np.hypot(x, y)) if R_hl_kpc is None else float(R_hl_error_kpc),
        R_hl_from="stars" if R_hl_kpc is None else "given",
        systemic_kms=zero,
        systemic_error_kms=fit.mean_error_kms if systemic_kms is None else 0.0,
        systemic_from="fitted" if systemic_kms is None else "given",
        sigma_kms=fit.sigma_kms,
        sigma_error_kms=fit.sigma_error_kms,
        center=center,
        center_from=center_from,
        n_catalogue=len(catalogue),
    )
    if not observed.R_hl_kpc > MIN_R_HL_KPC:
        raise InputError("half of the stars lie on the center, so there is no R_hl: check the columns of positions.")
    for remark in _remarks(observed, catalogue, fit, n_clipped):
        warnings.warn(remark, ObservationWarning, stacklevel=2)
    return observed


def _check(
    catalogue: StarCatalogue,
    distance_kpc: float | None,
    distance_error_kpc: float,
    R_hl_kpc: float | None,
    R_hl_error_kpc: float,
    p_member_min: float,
    clip_sigma: float | None,
) -> None:
    """Check what `observe_stars` is given."""
    if distance_kpc is None and catalogue.position_kind != "offset_kpc":
        raise InputError("positions on the sky need a distance: give distance_kpc.")
    for name, value in (("distance_kpc", distance_kpc), ("R_hl_kpc", R_hl_kpc), ("clip_sigma", clip_sigma)):
        # infinity is a clip that cuts nothing
        if value is not None and not (value > 0 and (np.isfinite(value) or name == "clip_sigma")):
            raise InputError(f"{name} must be positive and finite, got {value}.")
    for name, value in (("distance_error_kpc", distance_error_kpc), ("R_hl_error_kpc", R_hl_error_kpc)):
        if not (value >= 0 and np.isfinite(value)):
            raise InputError(f"{name} must be zero or positive and finite, got {value}.")
    if not 0 <= p_member_min <= 1:
        raise InputError(f"p_member_min must lie between 0 and 1, got {p_member_min}.")


def _check_finite(**values: float | tuple[float, float] | None) -> None:
    for name, value in values.items():
        if value is not None and not np.isfinite(value).all():
            raise InputError(f"{name} must be finite, got {value}.")


def _members(catalogue: StarCatalogue, p_member_min: float, clip_sigma: float | None) -> tuple[NDArray[np.intp], int]:
    """Return the rows of the members, and how many stars the clip cut."""
    likely = np.arange(len(catalogue))
    if catalogue.p_member is not None:
        likely = np.flatnonzero(catalogue.p_member >= p_member_min)
        clip_sigma = np.inf if clip_sigma is None else clip_sigma
    rule = f"with a probability of at least {p_member_min:g}" if catalogue.p_member is not None else "in the catalogue"
    if len(likely) < MIN_STARS:
        raise InputError(
            f"{len(likely)} of {len(catalogue)} stars are {rule}, at least {MIN_STARS} are needed: lower p_member_min "
            "or give more stars."
        )
    error = None if catalogue.v_los_error_kms is None else catalogue.v_los_error_kms[likely]
    n_sigma = CLIP_SIGMA if clip_sigma is None else clip_sigma
    members = likely[within_clip(catalogue.v_los_kms[likely], error, n_sigma)]
    if len(members) < MIN_STARS:
        raise InputError(
            f"{len(members)} of {len(likely)} stars {rule} lie within {n_sigma:g} standard deviations, at least "
            f"{MIN_STARS} are needed: raise clip_sigma or give more stars."
        )
    if np.ptp(catalogue.v_los_kms[members]) == 0:
        raise InputError(f"all {len(members)} members have one velocity: name the column with those of the stars.")
    return members, len(likely) - len(members)


def _plane(
    catalogue: StarCatalogue, position: FloatArray, center: tuple[float, float], distance_kpc: float | None
) -> tuple[FloatArray, FloatArray]:
    """Offsets to the east and north in the tangent plane: [rad], or [kpc] where there is no distance."""
    if catalogue.position_kind == "sky_deg":
        if not -90 <= center[1] <= 90:
            raise InputError(
                f"the center's declination must lie between -90° and 90°, got {center[1]}: RA comes first."
            )
        return tangent_offsets(position[:, 0], position[:, 1], center)
    first, second = (position - center).T
    if catalogue.position_kind == "offset_arcmin":
        return first * ARCMIN, second * ARCMIN
    scale = 1.0 if distance_kpc is None else distance_kpc
    return -first / scale, second / scale


def _half_count_error(radius: FloatArray) -> float:
    """Return the standard error of the median radius: half the distance of the order statistics √n/2 to either side."""
    ordered, n = np.sort(radius), len(radius)
    low, high = np.interp([(n - np.sqrt(n)) / 2, (n + np.sqrt(n)) / 2], np.arange(n) + 0.5, ordered)
    return float((high - low) / 2)


def _remarks(observed: ObservedStars, catalogue: StarCatalogue, fit: VelocityFit, n_clipped: int) -> Iterator[str]:
    """Tell what needs care, one sentence each."""
    n = len(observed)
    if n < FEW_STARS:
        yield (
            f"there are {n} members only: the dispersion has a statistical error of {100 / np.sqrt(2 * n):.0f} % at "
            "best, the mass twice that."
        )
    if observed.R_hl_from == "stars":
        yield (
            f"R_hl = {observed.R_hl_kpc:.3g} kpc is that of the stars with velocities, whose selection it follows: "
            "give R_hl from photometry where there is any, since masses are proportional to it."
        )
    if catalogue.v_los_error_kms is None:
        yield "the catalogue has no velocity errors, so the dispersion is that of the velocities as they are."
    elif np.median(observed.v_los_error_kms) > LARGE_ERROR * fit.sigma_kms:
        ratio = float(np.median(observed.v_los_error_kms)) / fit.sigma_kms
        yield (
            f"the median velocity error is {ratio:.2g} of the dispersion: errors that are wrong by 10 % change the "
            f"mass by {20 * ratio**2:.0f} %."
        )
    if fit.sigma_error_kms > fit.sigma_kms / 3:
        yield f"the dispersion is hardly resolved: {fit.sigma_kms:.2g} ± {fit.sigma_error_kms:.2g} km/s."
    interlopers = float(1 - observed.p_member.mean())
    if interlopers > MANY_INTERLOPERS:
        yield (
            f"{100 * interlopers:.0f} % of the members are expected to be interlopers: raise p_member_min, since one "
            "in twenty with a foreground's velocities can double the dispersion."
        )
    if n_clipped > MANY_CLIPPED * (n + n_clipped):
        yield (
            f"{n_clipped} of {n + n_clipped} stars are cut by their velocity: others that are no members may have the "
            "galaxy's, so give probabilities of membership."
        )
    repeated = n - len(np.unique(np.column_stack([observed.x_kpc, observed.y_kpc]), axis=0))
    if repeated > MANY_REPEATED * n:
        yield (
            f"{repeated} of {n} members lie at the position of another: stars that were measured several times count "
            "once only when their velocities are averaged first."
        )
    if observed.systemic_from == "given" and abs(fit.mean_kms - observed.systemic_kms) > 5 * fit.mean_error_kms:
        yield (
            f"the given systemic velocity {observed.systemic_kms:.2f} km/s is more than 5 standard errors from that of "
            f"the stars, {fit.mean_kms:.2f} ± {fit.mean_error_kms:.2f} km/s: are both in one frame?"
        )
    if observed.center_from != "stars":
        off = float(np.hypot(*geometric_median(observed.x_kpc, observed.y_kpc)))
        if off > observed.R_hl_kpc:
            yield (
                f"the middle of the stars lies {off / observed.R_hl_kpc:.2g} R_hl from the center: check the center, "
                "or the selection of the stars."
            )
