"""From a catalogue of stars to what an observer knows of a galaxy: members, center, velocities, dispersion, R_hl."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from stargas.errors import InputError, ObservationWarning
from stargas.galaxy import FloatArray
from stargas.observed.catalogue import MIN_STARS, StarCatalogue
from stargas.observed.half_count import half_count
from stargas.observed.membership import Membership, fit_members
from stargas.observed.photometry import MIN_R_HL_KPC, ObservedPhotometry, PhotometricCatalog, observe_photometry
from stargas.observed.repeats import SAME_STAR_RAD, rows_per_star
from stargas.observed.spectral_axis import MAX_DISTANCE_KPC
from stargas.observed.star_warnings import star_warnings
from stargas.observed.tangent_plane import aligned, geometric_median, perspective_velocity, plane_offsets, sky_middle
from stargas.observed.velocities import fit_velocities
from stargas.quantities import to_array, to_center, to_number, to_numbers
from stargas.sky.half_count_radius import half_count_radius
from stargas.sky.projection import SkyGalaxy, SkyStars

if TYPE_CHECKING:
    from astropy.table import Table

P_MEMBER_MIN = 0.5
"""Least probability of a member: more likely one than not. A higher one cuts the wings of the velocities."""

ELSEWHERE = 30.0
"""Distance of the stars from the center over their own spread, and over R_hl, at which they are of another galaxy."""


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
        Probability of membership given the velocity, shape (n,).
    star_weight
        One over the number of rows that measure the same star, shape (n,).
    distance_kpc, distance_error_kpc
        Distance and its standard error [kpc]; None where positions were given in kpc without it.
    R_hl_kpc, R_hl_error_kpc
        Projected half-light radius at this distance and its standard error [kpc], that of the distance not included.
    R_hl_from
        ``given``; ``photometry`` for that of the photometric catalog; ``stars`` for the half-count radius of these
        members.
    systemic_kms, systemic_error_kms
        Systemic velocity and its standard error [km/s]; no error where it was given.
    systemic_from
        ``given`` or ``fitted``.
    sigma_kms, sigma_error_kms
        Intrinsic dispersion around the stars' own mean, the errors of measurement taken out, and its standard error
        [km/s]: that of all stars of the catalogue, each weighted by its probability of membership.
    center
        Right ascension and declination [deg], or the center's offset in the catalogue's own unit.
    center_from
        ``given``; ``stars`` where it is their geometric median; ``table`` where the table's offsets start at it.
    membership
        Of every star of the catalogue.
    member
        Which stars of the catalogue the arrays above hold, bool, shape of the catalogue.
    row
        Row of each star of the catalogue in the table that it was read from, from 0.
    photometry
        The light of the galaxy, in the same frame; None where there is no photometric catalog.
    columns, unread
        Quantity to the name of its column in the table of stars; names of its other columns.
    """

    x_kpc: FloatArray
    y_kpc: FloatArray
    v_los_kms: FloatArray
    v_los_error_kms: FloatArray
    p_member: FloatArray
    star_weight: FloatArray
    distance_kpc: float | None
    distance_error_kpc: float
    R_hl_kpc: float
    R_hl_error_kpc: float
    R_hl_from: Literal["given", "photometry", "stars"]
    systemic_kms: float
    systemic_error_kms: float
    systemic_from: Literal["given", "fitted"]
    sigma_kms: float
    sigma_error_kms: float
    center: tuple[float, float]
    center_from: Literal["given", "stars", "table"]
    membership: Membership
    member: NDArray[np.bool_]
    row: NDArray[np.int64]
    photometry: ObservedPhotometry | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of members."""
        return len(self.x_kpc)

    @property
    def n_catalogue(self) -> int:
        """Number of rows of the catalogue, members or not."""
        return len(self.member)

    @property
    def velocity_error_kms(self) -> float:
        """Root mean square of the members' errors of velocity [km/s]."""
        return float(np.sqrt(np.mean(self.v_los_error_kms**2)))

    @property
    def sky_stars(self) -> SkyStars:
        """The members on the sky."""
        return SkyStars(self.x_kpc, self.y_kpc, self.v_los_kms, self.v_los_error_kms)

    def membership_table(self) -> "Table":
        """Return the probability of membership of every star of the catalogue.

        Columns: ``row`` in the table that was read (from 0), ``p_member`` and ``member``, whether it is on the maps.
        """
        from astropy.table import Table

        return Table([self.row, self.membership.p_member.round(6), self.member], names=("row", "p_member", "member"))

    def sky_galaxy(self) -> SkyGalaxy:
        """Return the members as `stargas.sample.observation.make_sample` takes them: its σ is the intrinsic dispersion.

        The maps are made of the velocities as they were measured, errors and all; galaxies whose velocities have none
        come from `stargas.observed.draws.draw_stars`.
        """
        sky = SkyGalaxy.from_stars(self.x_kpc, self.y_kpc, self.v_los_kms, self.R_hl_kpc, self.sigma_kms)
        photometry = None if self.photometry is None else self.photometry.positions
        return replace(sky, stars=self.sky_stars, velocity_error_kms=self.velocity_error_kms, photometry=photometry)


def observe_stars(
    catalogue: StarCatalogue,
    distance_kpc: float | None = None,
    *,
    distance_error_kpc: float = 0.0,
    center: tuple[float, float] | None = None,
    systemic_kms: float | None = None,
    position_angle_deg: float | None = None,
    p_member_min: float = P_MEMBER_MIN,
    fit_contaminants: bool = True,
    R_hl_kpc: float | None = None,
    R_hl_error_kpc: float = 0.0,
    proper_motion_masyr: tuple[float, float] | None = None,
    photometry: PhotometricCatalog | None = None,
) -> ObservedStars:
    """Find the members of a galaxy and measure what the network is conditioned on.

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
        Stars of lower probability are not drawn on the maps. The dispersion does not depend on it where contaminants
        are fitted.
    fit_contaminants
        Fit a second, broad population of velocities (see `stargas.observed.membership`), with the probabilities of the
        catalogue as priors. If False, the catalogue's probabilities stay as they are and weigh the stars above
        ``p_member_min``; a catalogue without any has members only.
    R_hl_kpc, R_hl_error_kpc
        Half-light radius from photometry at ``distance_kpc`` and its standard error [kpc], without that of the
        distance. If None, that of the photometric catalog, or else the half-count radius of the members with the error
        of a median.
    proper_motion_masyr
        μ_α cos δ and μ_δ of the galaxy [mas/yr] in the frame of the velocities: then perspective is taken out of the
        velocities (see `stargas.observed.tangent_plane.perspective_velocity`).
    photometry
        Positions of stars whose velocities need not be known, which show the light and its half-light radius. Offsets
        start at the center; of the kind of the catalogue's, they start where those do.

    Returns
    -------
    ObservedStars
        Members, with center, systemic velocity, dispersion and R_hl, each with where it comes from.

    Raises
    ------
    InputError
        If an argument is not possible, the stars have offsets and the photometric catalog sky coordinates, fewer than
        30 stars are members, or the errors of measurement explain all of the scatter of the velocities.

    Warns
    -----
    ObservationWarning
        Wherever the stars need care; the page on observed galaxies lists all warnings.
    """
    distance_kpc, R_hl_kpc, systemic_kms, position_angle_deg = to_numbers(
        distance_kpc=distance_kpc,
        R_hl_kpc=R_hl_kpc,
        systemic_kms=systemic_kms,
        position_angle_deg=position_angle_deg,
    )
    distance_error_kpc = to_number("distance_error_kpc", distance_error_kpc)
    R_hl_error_kpc = to_number("R_hl_error_kpc", R_hl_error_kpc)
    if proper_motion_masyr is not None:
        mu_alpha, mu_delta = to_array("proper_motion_masyr", proper_motion_masyr)
        proper_motion_masyr = float(mu_alpha), float(mu_delta)
    if center is not None:
        center = to_center(center, catalogue.position_kind.rpartition("_")[2])
    _check(catalogue, distance_kpc, distance_error_kpc, R_hl_kpc, R_hl_error_kpc, p_member_min)
    _check_finite(center=center, systemic_kms=systemic_kms, position_angle_deg=position_angle_deg)
    _check_finite(proper_motion_masyr=proper_motion_masyr)
    find = partial(_membership, catalogue, fit_contaminants=fit_contaminants, p_member_min=p_member_min)

    center_from: Literal["given", "stars", "table"] = "given"
    if center is None and catalogue.position_kind == "sky_deg":
        likely = find(catalogue.v_los_kms, None, None).p_member >= min(p_member_min, P_MEMBER_MIN)
        _require_members(catalogue, likely, p_member_min)
        center, center_from = sky_middle(*catalogue.position[likely].T), "stars"
    elif center is None:
        center, center_from = (0.0, 0.0), "table"
    center = (float(center[0]), float(center[1]))
    # east and north: kpc, or rad where there is a distance
    xi, eta = plane_offsets(catalogue.position, catalogue.position_kind, center, distance_kpc)
    scale = 1.0 if distance_kpc is None else distance_kpc
    if not np.median(np.hypot(xi, eta)) * scale > MIN_R_HL_KPC:
        raise InputError("half of the stars lie on the center, so there is no R_hl: check the columns of positions.")
    v = catalogue.v_los_kms
    if proper_motion_masyr is not None:
        if distance_kpc is None:
            raise InputError("perspective needs a distance: give distance_kpc with a proper motion.")
        zero = find(v, np.hypot(xi, eta), None).fit.mean_kms if systemic_kms is None else systemic_kms
        v = v - perspective_velocity(xi, eta, zero, proper_motion_masyr, distance_kpc)
    weight = 1 / rows_per_star(xi, eta, _same_star(xi, eta, distance_kpc))
    membership = find(v, np.hypot(xi, eta), weight)
    member = membership.p_member >= p_member_min
    _require_members(catalogue, member, p_member_min)
    fit = membership.fit
    if not fit.sigma_kms > 0:
        error = 0.0 if catalogue.v_los_error_kms is None else np.median(catalogue.v_los_error_kms[member])
        raise InputError(
            f"the velocity errors (median {error:.3g} km/s) explain all of the scatter of the velocities "
            f"({np.std(v[member]):.3g} km/s), so there is no dispersion to infer a mass from: check the errors, or "
            "measure finer."
        )
    zero = fit.mean_kms if systemic_kms is None else float(systemic_kms)
    x, y = aligned(-xi[member] * scale, eta[member] * scale, position_angle_deg)
    no_error = np.zeros(np.count_nonzero(member))
    light = None
    if photometry is not None:
        light = _observe_light(photometry, catalogue, center, distance_kpc, position_angle_deg)
    size, size_error, size_from = _half_light_radius(R_hl_kpc, R_hl_error_kpc, light, x, y)
    _check_place(catalogue, center, x, y, 0.0 if size_from == "stars" else size)
    observed = ObservedStars(
        x_kpc=x,
        y_kpc=y,
        v_los_kms=v[member] - zero,
        v_los_error_kms=no_error if catalogue.v_los_error_kms is None else catalogue.v_los_error_kms[member],
        p_member=membership.p_member[member],
        star_weight=weight[member],
        distance_kpc=distance_kpc,
        distance_error_kpc=float(distance_error_kpc),
        R_hl_kpc=size,
        R_hl_error_kpc=size_error,
        R_hl_from=size_from,
        systemic_kms=zero,
        systemic_error_kms=fit.mean_error_kms if systemic_kms is None else 0.0,
        systemic_from="fitted" if systemic_kms is None else "given",
        sigma_kms=fit.sigma_kms,
        sigma_error_kms=fit.sigma_error_kms,
        center=center,
        center_from=center_from,
        membership=membership,
        member=member,
        row=np.arange(len(v)) if catalogue.row is None else catalogue.row,
        photometry=light,
        columns=catalogue.columns,
        unread=catalogue.unread,
    )
    for remark in star_warnings(observed, catalogue, p_member_min):
        warnings.warn(ObservationWarning(remark.kind, remark.text), stacklevel=2)
    return observed


def _membership(
    catalogue: StarCatalogue,
    v_kms: FloatArray,
    radius: FloatArray | None,
    weight: FloatArray | None,
    *,
    fit_contaminants: bool,
    p_member_min: float,
) -> Membership:
    """Probabilities and fit: of members and contaminants, or of likely members by the catalogue's probabilities."""
    error, prior = catalogue.v_los_error_kms, catalogue.p_member
    if fit_contaminants:
        return fit_members(v_kms, error, prior=prior, radius=radius, weight=weight)
    p = np.ones_like(v_kms) if prior is None else prior
    _require_members(catalogue, p >= p_member_min, p_member_min)
    counted = np.where(p >= p_member_min, p, 0.0) * (1.0 if weight is None else weight)
    return Membership(p, fit_velocities(v_kms, error, counted))


def _require_members(catalogue: StarCatalogue, member: NDArray[np.bool_], p_member_min: float) -> None:
    n = int(np.count_nonzero(member))
    if n < MIN_STARS:
        raise InputError(
            f"{n} of {len(catalogue)} stars are members with a probability of at least {p_member_min:g}, at least "
            f"{MIN_STARS} are needed: lower p_member_min or give more stars."
        )
    if np.ptp(catalogue.v_los_kms[member]) == 0:
        raise InputError(f"all {n} members have one velocity: name the column with those of the stars.")


def _check_place(
    catalogue: StarCatalogue, center: tuple[float, float], x: FloatArray, y: FloatArray, R_hl_kpc: float
) -> None:
    """Refuse stars that are those of another galaxy than the one at the center; ``R_hl_kpc`` is 0 if not known."""
    middle = geometric_median(x, y)
    spread = float(np.median(np.hypot(x - middle[0], y - middle[1])))
    if np.hypot(*middle) > ELSEWHERE * max(spread, R_hl_kpc):
        unit = catalogue.position_kind.rpartition("_")[2]
        on_sky = catalogue.position_kind == "sky_deg"
        there = sky_middle(*catalogue.position.T) if on_sky else np.median(catalogue.position, axis=0)
        raise InputError(
            f"the stars are around ({there[0]:.4g}, {there[1]:.4g}) {unit}, {np.hypot(*middle) / spread:.2g} times "
            f"their own spread from the center ({center[0]:.4g}, {center[1]:.4g}): are they of this galaxy? Give "
            "another center, or another table."
        )


def _check(
    catalogue: StarCatalogue,
    distance_kpc: float | None,
    distance_error_kpc: float,
    R_hl_kpc: float | None,
    R_hl_error_kpc: float,
    p_member_min: float,
) -> None:
    """Check the arguments of `observe_stars`."""
    if distance_kpc is None and catalogue.position_kind != "offset_kpc":
        raise InputError(
            "positions on the sky need a distance: give distance_kpc, or the name of a galaxy of the Local Volume."
        )
    for name, value in (("distance_kpc", distance_kpc), ("R_hl_kpc", R_hl_kpc)):
        if value is not None and not 0 < value <= MAX_DISTANCE_KPC:
            raise InputError(f"{name} must be positive and at most {MAX_DISTANCE_KPC:g}, got {value}.")
    for name, value in (("distance_error_kpc", distance_error_kpc), ("R_hl_error_kpc", R_hl_error_kpc)):
        if not (value >= 0 and np.isfinite(value)):
            raise InputError(f"{name} must be zero or positive and finite, got {value}.")
    if distance_kpc is not None and distance_error_kpc >= distance_kpc:
        raise InputError(
            f"distance_error_kpc must be below the distance of {distance_kpc} kpc, got {distance_error_kpc}."
        )
    if not 0 <= p_member_min <= 1:
        raise InputError(f"p_member_min must lie between 0 and 1, got {p_member_min}.")


def _check_finite(**values: float | tuple[float, float] | None) -> None:
    for name, value in values.items():
        if value is not None and not np.isfinite(value).all():
            raise InputError(f"{name} must be finite, got {value}.")


def _observe_light(
    photometry: PhotometricCatalog,
    catalogue: StarCatalogue,
    center: tuple[float, float],
    distance_kpc: float | None,
    position_angle_deg: float | None,
) -> ObservedPhotometry:
    """Observe a photometric catalog around the center of the stars."""
    if photometry.position_kind != catalogue.position_kind:
        if photometry.position_kind == "sky_deg":
            raise InputError(
                "the table of stars holds offsets from its own center, the photometric catalog sky coordinates: give "
                "the center in degrees, or offsets for both."
            )
        center = (0.0, 0.0)
    return observe_photometry(photometry, distance_kpc, center=center, position_angle_deg=position_angle_deg)


def _half_light_radius(
    R_hl_kpc: float | None, R_hl_error_kpc: float, light: ObservedPhotometry | None, x: FloatArray, y: FloatArray
) -> tuple[float, float, Literal["given", "photometry", "stars"]]:
    """Return the half-light radius, its standard error, and where they come from: the first that there is."""
    if R_hl_kpc is not None:
        return float(R_hl_kpc), float(R_hl_error_kpc), "given"
    if light is not None:
        return light.R_hl_kpc, light.R_hl_error_kpc, "photometry"
    return half_count_radius(x, y), half_count(np.hypot(x, y))[1], "stars"


def _same_star(xi: FloatArray, eta: FloatArray, distance_kpc: float | None) -> float:
    """Distance within which rows are of one star, far below the size of the galaxy; zero where angles are unknown."""
    if distance_kpc is None:
        return 0.0
    return min(SAME_STAR_RAD, 1e-3 * float(np.median(np.hypot(xi, eta))))
