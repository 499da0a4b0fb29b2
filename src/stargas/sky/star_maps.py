"""Star maps: densities of a galaxy's stars on the sky and in radius against line-of-sight velocity.

Both are Gaussian kernel density estimates with the full covariance, as ``scipy.stats.gaussian_kde`` gives them
(§3.1.1 of Expósito-Márquez et al. 2026).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.config import StarMapConfig, ViewConfig
from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.quantities import to_array, to_number
from stargas.sky.kde import covariance, density_on_grid

_DEFAULT = StarMapConfig()

MIN_CORRELATION_GAP = 1e-10
"""Least 1 - ρ² of the two coordinates of a map: below it the stars lie on a line and have no density."""


def velocity_dispersion(v_los_kms: ArrayLike) -> float:
    """Return the standard deviation [km/s] of velocities, with the n - 1 of an unbiased variance."""
    return float(np.std(np.asarray(v_los_kms, dtype=np.float64), ddof=1))


def velocity_scale(v_los_kms: ArrayLike, config: StarMapConfig | None = None) -> float:
    """Velocity [km/s] that is 1 on the R-v map.

    Parameters
    ----------
    v_los_kms
        Line-of-sight velocities of the sample from the systemic one [km/s], shape (n,).
    config
        ``velocity_scale`` says which: the 98th percentile of the absolute value, or the dispersion.
    """
    config = config or _DEFAULT
    v = np.asarray(v_los_kms, dtype=np.float64)
    if config.velocity_scale == "sigma":
        return velocity_dispersion(v)
    # numpy's percentile does the same ten times slower for a few hundred stars
    place = 0.98 * (v.size - 1)
    below = min(int(place), v.size - 2)
    low, high = np.partition(np.abs(v), (below, below + 1))[below : below + 2]
    return float(low + (place - below) * (high - low))


def draw_star_subsets(
    n_stars: int, views: ViewConfig, config: StarMapConfig, rng: np.random.Generator
) -> list[NDArray[np.intp]]:
    """Choose the stars of each view.

    Parameters
    ----------
    n_stars
        Stars of the galaxy.
    views
        Number of views, and how they share the stars.
    config
        ``min_stars`` and ``max_stars`` bound the size.
    rng
        Shuffles the stars, and draws numbers of them where these are free.

    Returns
    -------
    list of numpy.ndarray
        Indices, one array per view, never more than the galaxy has. Of ``disjoint`` views all are of size
        n_stars / n_views within the bounds: consecutive slices of one shuffle, so disjoint where the galaxy has enough
        stars. Of ``any_number`` the logarithm of the size has a density that rises linearly between the bounds.
    """
    most = min(config.max_stars, n_stars)
    if views.stars == "any_number":
        least = min(config.min_stars, most)
        sizes = np.round(least * (most / least) ** np.sqrt(rng.random(views.n_views))).astype(int)
        return [rng.permutation(n_stars)[:size] for size in sizes]
    size = min(max(n_stars // views.n_views, config.min_stars), most)
    order = rng.permutation(n_stars)
    return [order[np.arange(view * size, (view + 1) * size) % n_stars] for view in range(views.n_views)]


@dataclass(frozen=True, eq=False)
class ScaledStars:
    """Stars in the units of their maps.

    Parameters
    ----------
    x, y
        Positions from the galaxy's center [R_hl], shape (m,): those of the stars with velocities, or of all stars of a
        photometric catalog.
    radius
        Projected radii of the stars with velocities [R_hl], shape (n,).
    velocity
        Line-of-sight velocities [velocity scale], shape (n,).
    velocity_scale_kms
        Velocity scale [km/s].
    """

    x: FloatArray
    y: FloatArray
    radius: FloatArray
    velocity: FloatArray
    velocity_scale_kms: float


def scaled_stars(
    x_kpc: ArrayLike, y_kpc: ArrayLike, v_los_kms: ArrayLike, R_hl_kpc: float, config: StarMapConfig
) -> ScaledStars:
    """Bring stars to the units of their maps; arguments and errors as those of `star_maps`, but for ``min_stars``."""
    x, y, v = to_array("x_kpc", x_kpc), to_array("y_kpc", y_kpc), to_array("v_los_kms", v_los_kms)
    R_hl_kpc = to_number("R_hl_kpc", R_hl_kpc)
    if x.ndim != 1 or not x.shape == y.shape == v.shape:
        raise InputError(f"stars need x, y and v_los of one shape (n,), got {x.shape}, {y.shape} and {v.shape}.")
    if not (R_hl_kpc > 0 and np.isfinite(R_hl_kpc)):
        raise InputError(f"R_hl_kpc must be positive and finite, got {R_hl_kpc}.")
    # a sum is finite only if all its terms are, and needs no array of booleans
    if not np.isfinite(x.sum() + y.sum() + v.sum()):
        raise InputError("stars need finite x, y and v_los: drop the stars without a measured velocity.")
    scale = velocity_scale(v, config)
    if not scale > 0:
        raise InputError("the stars' velocities do not differ, so the R-v map has no velocity scale.")
    x, y = x / R_hl_kpc, y / R_hl_kpc
    return ScaledStars(x, y, np.sqrt(x * x + y * y), v / scale, scale)


def star_maps(
    x_kpc: ArrayLike,
    y_kpc: ArrayLike,
    v_los_kms: ArrayLike,
    R_hl_kpc: float,
    config: StarMapConfig | None = None,
) -> NDArray[np.float32]:
    """Make the two maps of a sample of stars.

    Parameters
    ----------
    x_kpc, y_kpc
        Positions from the galaxy's center [kpc], shape (n,).
    v_los_kms
        Line-of-sight velocities from the systemic one, receding positive [km/s], shape (n,).
    R_hl_kpc
        Projected half-light radius [kpc].
    config
        Grid, limits, bandwidth and which stars enter.

    Returns
    -------
    numpy.ndarray
        Shape (2, n_pixels, n_pixels), float32. First the density of stars on the sky per R_hl²; row is y, column x.
        Then the density per R_hl and velocity scale in the plane of projected radius and velocity; row is v,
        column R. Values at nodes, limits included; each density integrates to one over the plane, not over the map.

    Raises
    ------
    InputError
        If there are fewer than ``min_stars``, a value is not finite, R_hl is not positive, or the stars that enter a
        map lie on a line.

    Examples
    --------
    >>> x, y, v = np.random.default_rng(0).normal(size=(3, 500))
    >>> xy, Rv = star_maps(x, y, 9 * v, R_hl_kpc=1.2)
    >>> xy.shape == Rv.shape
    True
    """
    config = config or _DEFAULT
    if np.size(x_kpc) < config.min_stars:
        raise InputError(f"a star map needs at least {config.min_stars} stars (min_stars), got {np.size(x_kpc)}.")
    stars = scaled_stars(x_kpc, y_kpc, v_los_kms, R_hl_kpc, config)
    return np.stack([position_map(stars, config), radius_velocity_map(stars, config)])


def position_map(stars: ScaledStars, config: StarMapConfig) -> NDArray[np.float32]:
    """Density of stars on the sky [1/R_hl²], shape (n_pixels, n_pixels); row is y, column x."""
    limit = config.xy_limit
    entering = None
    if config.stars_in == "within_R_hl":
        entering = np.sqrt(stars.x * stars.x + stars.y * stars.y) <= 1
    elif config.stars_in == "in_map":
        entering = (np.abs(stars.x) <= limit) & (np.abs(stars.y) <= limit)
    return _density("xy", stars.x, stars.y, entering, (-limit, limit), (-limit, limit), config)


def radius_velocity_map(stars: ScaledStars, config: StarMapConfig) -> NDArray[np.float32]:
    """Density of stars in radius and velocity [1/(R_hl velocity_scale)]; row is velocity, column radius."""
    R_limit, v_limit = config.radius_limit, config.velocity_limit
    entering = None
    if config.stars_in == "within_R_hl":
        entering = stars.radius <= 1
    elif config.stars_in == "in_map":
        entering = (stars.radius <= R_limit) & (np.abs(stars.velocity) <= v_limit)
    return _density("R-v", stars.radius, stars.velocity, entering, (0.0, R_limit), (-v_limit, v_limit), config)


def _density(
    name: str,
    x: FloatArray,
    y: FloatArray,
    entering: NDArray[np.bool_] | None,
    x_limits: tuple[float, float],
    y_limits: tuple[float, float],
    config: StarMapConfig,
) -> NDArray[np.float32]:
    """Kernel density estimate of the stars that enter a map."""
    if entering is not None:
        x, y = x[entering], y[entering]
    n = len(x)
    xx, xy, yy = covariance(x, y) if n > 1 else (0.0, 0.0, 0.0)
    if not xx * yy - xy * xy > MIN_CORRELATION_GAP * xx * yy:
        raise InputError(
            f"the {n} stars that enter the {name} map lie on a line (or on a point), so they have no density: "
            "give stars with different positions and velocities."
        )
    factor2 = (bandwidth(n, config.bandwidth) * config.bandwidth_factor) ** 2
    covariances = (xx * factor2, xy * factor2, yy * factor2)
    result: NDArray[np.float32] = density_on_grid(x, y, covariances, x_limits, y_limits, config.n_pixels).astype(
        np.float32
    )
    return result


def bandwidth(n: int, rule: Literal["scott"] | float) -> float:
    """Width of the kernel over that of the stars, in two dimensions.

    Parameters
    ----------
    n
        Number of stars.
    rule
        ``scott`` for n^(-1/6) (Scott 1992; in two dimensions also Silverman's), or the width itself.
    """
    if rule == "scott":
        result: float = n ** (-1 / 6)
        return result
    if isinstance(rule, str) or not 0 < rule < np.inf:
        raise InputError(f"bandwidth must be 'scott' or a positive number, got {rule!r}.")
    return float(rule)
