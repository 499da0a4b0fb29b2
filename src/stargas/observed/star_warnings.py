"""What needs care in the stars of an observed galaxy, one sentence each."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from stargas.observed.catalogue import StarCatalogue
from stargas.observed.columns import POSITIONS
from stargas.observed.tangent_plane import geometric_median
from stargas.remarks import Remark
from stargas.sky.ellipse import MIN_AXIS_RATIO, axis_ratio

if TYPE_CHECKING:
    from stargas.observed.stars import ObservedStars

FEW_STARS = 100
"""Below this many members a warning is given: the dispersion is known to 7 % at best, the mass to 14 %."""

LARGE_ERROR = 0.7
"""Median velocity error over dispersion at which errors that are misjudged by 10 % change the mass by 10 %."""

MANY_CONTAMINANTS = 0.05
"""Expected fraction of contaminants among the members at which a warning is given."""

MINORITY = 0.7
"""Fraction of members in a catalogue without probabilities below which the dispersion depends on the model of both."""

MANY_REPEATED = 0.02
"""Fraction of members at the position of another at which a warning is given."""

COLD_KMS, HOT_KMS = 1.0, 350.0
"""Dispersions of galaxies of stars lie between these."""

SMALL_KPC, LARGE_KPC = 0.015, 50.0
"""Half-light radii of galaxies with 30 stars bright enough for a velocity lie between these: that of Segue 1 is
0.02 kpc, that of M87 some 10 kpc."""

NARROWEST_AXIS_RATIO = 1 / 7
"""Axis ratio below which the members form a strip rather than a galaxy."""

FAR = 20.0
"""Radius, in half-count radii of the stars, beyond which one star in 400 of a Plummer sphere lies, and fewer of most
galaxies. The maps are smoothed by the spread of all stars, which one such star among hundreds doubles."""

WIDE_DEG = 8.0
"""Median distance in declination from the middle that no galaxy but our own has [deg]."""

RADIANS_SPREAD = 0.2
"""Largest spread in declination of a galaxy [rad]."""

OTHER_SIZE = 5.0
"""Given half-light radius over the half-count radius of the stars, or its inverse, beyond which the two contradict each
other: fields inside half of R_hl bring it to 3."""

OUTER_REACH, INNER_REACH = 1.3, 0.6
"""Radius [R_hl] within which 95 % of the stars with velocities lie, and beyond which, where they were selected by
radius: of all stars of a galaxy these are 1.4 (an even disc) or more, and 0.3 or less."""

ROTATION = 0.25
"""Fraction of the velocities' variance in a gradient over the sky above which two peaks are those of a disc."""


def star_warnings(observed: "ObservedStars", catalogue: StarCatalogue, p_member_min: float) -> Iterator[Remark]:
    """Yield what needs care, one sentence each."""
    yield from _membership_warnings(observed, catalogue, p_member_min)
    yield from _dispersion_warnings(observed, catalogue)
    yield from _position_warnings(observed, catalogue)


def _membership_warnings(observed: "ObservedStars", catalogue: StarCatalogue, p_member_min: float) -> Iterator[Remark]:
    n, membership = len(observed), observed.membership
    if n < FEW_STARS:
        yield Remark(
            "few stars",
            f"there are {n} members only: the dispersion has a statistical error of {100 / np.sqrt(2 * n):.0f} % at "
            "best, the mass twice that.",
        )
    listed = np.ones(len(catalogue), dtype=bool) if catalogue.p_member is None else catalogue.p_member >= p_member_min
    by_velocity = int(np.count_nonzero(listed & ~observed.member))
    if by_velocity:
        yield Remark(
            "contaminants left out",
            f"{by_velocity} of {np.count_nonzero(listed)} stars are taken for contaminants by their velocities, and "
            f"{membership.n_contaminants:.0f} are expected in the whole table: p_member of each star (members.ecsv of "
            "a report) says which.",
        )
    fraction = 1 - membership.n_contaminants / len(catalogue)
    if catalogue.p_member is None and fraction < MINORITY:
        yield Remark(
            "many contaminants",
            f"{100 * (1 - fraction):.0f} % of the stars are contaminants: with so many the dispersion depends on the "
            "assumed distributions. Give probabilities of membership; if a column has them, name it, as columns "
            "p_member=NAME.",
        )
    contaminants = float(1 - observed.p_member.mean())
    if contaminants > MANY_CONTAMINANTS:
        yield Remark(
            "contaminated members",
            f"{100 * contaminants:.0f} % of the members are expected to be contaminants: raise p_member_min, or give "
            "better probabilities of membership.",
        )
    peak = membership.narrow_peak
    if peak is not None and _gradient_share(observed) < ROTATION:
        yield Remark(
            "narrow peak",
            f"the velocities have a narrow peak of {peak.sigma_kms:.3g} km/s at {peak.mean_kms:.4g} km/s on a broad "
            "distribution that is as concentrated on the sky: all are taken for members, so give probabilities of "
            "membership if they are not.",
        )


def _dispersion_warnings(observed: "ObservedStars", catalogue: StarCatalogue) -> Iterator[Remark]:
    fit = observed.membership.fit
    column = catalogue.columns.get("v_los", "v_los")
    if catalogue.v_los_error_kms is None:
        yield Remark(
            "no velocity errors",
            "no velocity errors were found, or all are zero: the dispersion contains them, so the mass is too large. "
            "If a column has them, name it, as columns v_los_error=NAME.",
        )
    elif np.median(observed.v_los_error_kms) > LARGE_ERROR * fit.sigma_kms:
        ratio = float(np.median(observed.v_los_error_kms)) / fit.sigma_kms
        yield Remark(
            "large velocity errors",
            f"the median velocity error is {ratio:.2g} of the dispersion: errors that are wrong by 10 % change the "
            f"mass by {20 * ratio**2:.0f} %.",
        )
    if fit.sigma_error_kms > fit.sigma_kms / 3:
        yield Remark(
            "dispersion hardly resolved",
            f"the dispersion is hardly resolved: {fit.sigma_kms:.2g} ± {fit.sigma_error_kms:.2g} km/s.",
        )
    if not COLD_KMS <= fit.sigma_kms <= HOT_KMS:
        yield Remark(
            "unlikely dispersion",
            f"a dispersion of {fit.sigma_kms:.3g} km/s is that of no known galaxy: does the column {column!r} hold "
            "velocities of its stars in km/s?",
        )
    if observed.systemic_from == "given" and abs(fit.mean_kms - observed.systemic_kms) > 5 * fit.mean_error_kms:
        yield Remark(
            "another systemic velocity",
            f"the given systemic velocity {observed.systemic_kms:.2f} km/s is more than 5 standard errors from that of "
            f"the stars, {fit.mean_kms:.2f} ± {fit.mean_error_kms:.2f} km/s: are both in one frame?",
        )


def _position_warnings(observed: "ObservedStars", catalogue: StarCatalogue) -> Iterator[Remark]:
    n = len(observed)
    if observed.R_hl_from == "stars":
        yield Remark(
            "size of the stars with velocities",
            f"R_hl = {observed.R_hl_kpc:.3g} kpc is that of the stars with velocities, whose selection it follows: "
            "give R_hl from photometry where there is any, since masses are proportional to it.",
        )
    repeated = n - round(float(observed.star_weight.sum()))
    if repeated > MANY_REPEATED * n:
        yield Remark(
            "repeated positions",
            f"{repeated} of {n} members lie at the position of another: rows at one position count as one star, so "
            "average the velocities of stars that were measured several times.",
        )
    if observed.center_from != "stars":
        off = float(np.hypot(*geometric_median(observed.x_kpc, observed.y_kpc)))
        if off > observed.R_hl_kpc:
            yield Remark(
                "another center",
                f"the middle of the stars lies {off / observed.R_hl_kpc:.2g} R_hl from the center: check the center, "
                "or the selection of the stars.",
            )
    names = [catalogue.columns.get(name, name) for name in POSITIONS[catalogue.position_kind]]
    if catalogue.position_kind == "sky_deg":
        yield from _angle_warnings(catalogue, names)
    of_stars = float(np.median(np.hypot(observed.x_kpc, observed.y_kpc)))
    if observed.R_hl_from == "given" and not 1 / OTHER_SIZE <= observed.R_hl_kpc / of_stars <= OTHER_SIZE:
        yield Remark(
            "another size",
            f"the given R_hl of {observed.R_hl_kpc:.3g} kpc is {observed.R_hl_kpc / of_stars:.2g} times the radius of "
            f"{of_stars:.3g} kpc that holds half of the stars: check its unit, the distance and how the stars were "
            "selected.",
        )
    elif observed.R_hl_from != "stars":
        yield from _reach_warnings(observed)
    if not SMALL_KPC <= observed.R_hl_kpc <= LARGE_KPC:
        yield Remark(
            "unlikely size",
            f"a half-light radius of {observed.R_hl_kpc:.3g} kpc is that of no known galaxy: check the distance, and "
            f"the unit of the columns {names[0]!r} and {names[1]!r}.",
        )
    far = np.hypot(observed.x_kpc, observed.y_kpc) > FAR * of_stars
    if far.any():
        yield Remark(
            "far members",
            f"{np.count_nonzero(far)} of {n} members lie more than {FAR:g} half-count radii of the stars from the "
            "center, and stretch the maps: check their positions, or leave them out.",
        )
    ratio = _axis_ratio(observed)
    if ratio < NARROWEST_AXIS_RATIO:
        hours = ", as right ascensions in hours would" if catalogue.position_kind == "sky_deg" else ""
        shape = f"a strip of axis ratio 1:{1 / ratio:.0f}" if ratio > MIN_AXIS_RATIO else "a line"
        yield Remark(
            "strip", f"the members form {shape}{hours}: check the units of the columns {names[0]!r} and {names[1]!r}."
        )


def _reach_warnings(observed: "ObservedStars") -> Iterator[Remark]:
    """Yield where there are no velocities, of stars that do not follow the light."""
    inner, outer = np.quantile(np.hypot(observed.x_kpc, observed.y_kpc) / observed.R_hl_kpc, [0.05, 0.95])
    sides = ((outer < OUTER_REACH, "within", outer, "beyond"), (inner > INNER_REACH, "beyond", inner, "inside"))
    for missing, where, radius, side in sides:
        if missing:
            yield Remark(
                "fields with edges",
                f"95 % of the stars with velocities lie {where} {radius:.2g} R_hl: masses {side} it rest on the "
                "galaxies that the model learned from more than on these stars, and their errors are underestimated.",
            )


def _angle_warnings(catalogue: StarCatalogue, names: Sequence[str]) -> Iterator[Remark]:
    """Yield what angles in other units than degrees look like."""
    ra, dec = catalogue.position.T
    if ra.max() <= 2 * np.pi and np.abs(dec).max() <= np.pi / 2 and np.ptp(dec) < RADIANS_SPREAD:
        yield Remark(
            "angles in radians",
            f"all positions lie within 0 to 2π and -π/2 to π/2, as angles in radians do: state the unit of the columns "
            f"{names[0]!r} and {names[1]!r} if they are not in degrees.",
        )
    extent = float(np.median(np.abs(dec - np.median(dec))))
    if extent > WIDE_DEG:
        yield Remark(
            "angles too wide",
            f"half of the stars lie {extent:.3g}° or more from the middle, farther than in any galaxy: check the unit "
            f"of the columns {names[0]!r} and {names[1]!r}, degrees on the sky.",
        )


def _axis_ratio(observed: "ObservedStars") -> float:
    """Axis ratio of the members' distribution on the sky, from second moments; 1 where they lie on one point."""
    (xx, xy), (_, yy) = np.cov(observed.x_kpc, observed.y_kpc)
    return float(axis_ratio(xx, xy, yy))


def _gradient_share(observed: "ObservedStars") -> float:
    """Fraction of the variance of the velocities that a gradient over the sky explains."""
    design = np.column_stack([observed.x_kpc, observed.y_kpc, np.ones(len(observed))])
    left = observed.v_los_kms - design @ np.linalg.lstsq(design, observed.v_los_kms, rcond=None)[0]
    variance = float(np.var(observed.v_los_kms))
    return 1 - float(np.var(left)) / variance if variance > 0 else 0.0
