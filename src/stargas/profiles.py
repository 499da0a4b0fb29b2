"""Joint draws of enclosed masses, and all that follows from them at any radius between the first and the last.

Circular velocity, mean density, local density and logarithmic slopes are those of each draw, so their quantiles include
the correlation between radii. Two curves are fitted to each draw, and nothing is extrapolated.

*Values, and the slope of the mass*: the monotone cubic of Fritsch & Butland (1984; PCHIP) through ln M against ln r. It
meets every mass, and M(<r) never falls. A draw whose masses fall somewhere is first replaced by the nearest one in the
least-squares sense that does not (isotonic regression of ln M).

*The slope of the density* is s - 3 + d ln s/d ln r with s = d ln M/d ln r. It needs the second derivative of ln M,
which jumps at the radii of a piecewise cubic. So ln s is fitted instead as a cubic in ln r, by least squares on the
ln M of the same draws, its highest coefficient pulled to zero. That keeps s and with it the density positive, and the
slope smooth.

Errors with exact masses at ten radii of 0.6 to 2.4 half-light radii, for Plummer spheres, NFW halos and halos with a
core: at most 0.0005 of log10 M, 0.025 of s, 0.005 of log10 of the density; of its slope 0.04 in the rms over the radii
(at most 0.13, at the first or last). Where stars make up half of the mass inside 1.3 half-light radii: 0.08 of the
slope of the density (at most 0.3). Where they make up more than 97 % of it at the first radius, that slope can be off
by 1 at the last.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator
from scipy.optimize import isotonic_regression

from stargas.constants import G
from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.representation import Described, interval

Quantity = Literal["mass", "circular_velocity", "mean_density", "density", "mass_slope", "density_slope"]

MIN_RADII = 4
"""Number of radii with which the slope of the density is determined."""

_EDGE = 1e-5  # radii read off a rounded table still count as those of the draws
# Pulls on the coefficients of ln s, in units of the squared error of ln M at a radius over that of the coefficient:
# weak ones, felt only where a draw hardly rises, and one that keeps roughness of 0.01 from bending the ends.
_RIDGE = np.array([1e-3, 1e-3, 1e-3, 0.1])
_MAX_STEP = 0.7
_MAX_STEPS = 60


def require_inside(radii_kpc: ArrayLike, r_kpc: ArrayLike) -> None:
    """Refuse radii [kpc] that are not between the first and the last of a profile, shape (m,).

    Raises
    ------
    InputError
        If a radius lies outside.
    """
    wanted, profile = np.asarray(radii_kpc, dtype=np.float64), np.asarray(r_kpc, dtype=np.float64)
    first, last = profile[0], profile[-1]
    outside = ~((wanted >= first * (1 - _EDGE)) & (wanted <= last * (1 + _EDGE)))
    if outside.any():
        raise InputError(
            f"radii must lie between {first:.6g} and {last:.6g} kpc, those of the profile, got "
            f"{wanted[outside][0]:.6g} ({np.count_nonzero(outside)} such radii): nothing is extrapolated, leave them "
            "out."
        )


def falling_fraction(log10_mass: FloatArray) -> float:
    """Fraction of the draws, shape (n, m), whose mass falls somewhere with radius, which it does in no galaxy."""
    return float((np.diff(log10_mass, axis=1) < 0).any(axis=1).mean())


@dataclass(frozen=True, eq=False, repr=False)
class ProfileDraws(Described):
    """Draws of the mass profile of one galaxy.

    Parameters
    ----------
    r_kpc
        Radii [kpc], shape (m,), m ≥ 4, positive and rising.
    log10_mass
        log10 M(<r) [Msun], one draw per row, shape (n, m).

    Raises
    ------
    InputError
        If shapes do not fit, radii do not rise or a value is not finite.

    Examples
    --------
    >>> r_kpc = np.array([0.5, 1.0, 2.0, 4.0])
    >>> draws = ProfileDraws(r_kpc, np.log10([1e8 * r_kpc, 1.2e8 * r_kpc]))
    >>> draws.circular_velocity([1.5]).round(1)  # flat, as the mass grows with the radius
    array([[20.7],
           [22.7]])
    """

    r_kpc: FloatArray
    log10_mass: FloatArray

    def __post_init__(self) -> None:
        """Check and freeze the arrays."""
        for name in ("r_kpc", "log10_mass"):
            array = np.array(getattr(self, name), dtype=np.float64)
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        r, mass = self.r_kpc, self.log10_mass
        if r.ndim != 1 or len(r) < MIN_RADII or not (np.isfinite(r) & (r > 0)).all() or (np.diff(r) <= 0).any():
            raise InputError(
                f"r_kpc must be {MIN_RADII} or more positive radii in rising order, got {r.tolist()}: give those of "
                "the model in kpc."
            )
        if mass.ndim != 2 or mass.shape[1] != len(r) or not len(mass):
            raise InputError(
                f"log10_mass must have shape (n, {len(r)}), n draws of one galaxy, got {mass.shape}: give the draws of "
                "one galaxy at a time."
            )
        if not np.isfinite(mass).all():
            raise InputError(
                f"log10_mass must be finite, but is not in {np.count_nonzero(~np.isfinite(mass).all(axis=1))} draws: "
                "leave those out."
            )

    def _facts(self) -> Mapping[str, str]:
        return {"draws": f"{len(self):,}", "radii": interval(self.r_kpc, "kpc")}

    def __len__(self) -> int:
        """Return the number of draws."""
        return len(self.log10_mass)

    @property
    def falling_fraction(self) -> float:
        """Fraction of the draws whose mass falls somewhere, which are replaced by the nearest that do not."""
        return falling_fraction(self.log10_mass)

    def mass(self, r_kpc: ArrayLike) -> FloatArray:
        """Dynamical mass M(<r) [Msun] of each draw at radii [kpc] of shape (k,); shape (n, k).

        Raises
        ------
        InputError
            If a radius lies outside those of the draws.
        """
        result: FloatArray = np.exp(self._ln_mass_curve(self._ln_r(r_kpc)))
        return result

    def extended(self, r_kpc: ArrayLike) -> FloatArray:
        """Return log10 M(<r) [Msun] of each draw at any radii, shape (n, k).

        Outside its own radii a draw continues as a power law with the slope of its mass at the nearest of them. This
        brings draws of different radii to common ones; everything else here refuses radii outside.

        Parameters
        ----------
        r_kpc
            Radii [kpc], shape (k,), positive.
        """
        ln_r = np.log(np.atleast_1d(np.asarray(r_kpc, dtype=np.float64)))
        inside = np.clip(ln_r, *np.log(self.r_kpc[[0, -1]]))
        slope = np.maximum(self._ln_mass_curve(inside, 1), 0.0)
        result: FloatArray = (self._ln_mass_curve(inside) + slope * (ln_r - inside)) / np.log(10)
        return result

    def circular_velocity(self, r_kpc: ArrayLike) -> FloatArray:
        """Return v_c = √(G M/r) [km/s], shape (n, k). Raises as `mass`."""
        return np.sqrt(G * self.mass(r_kpc) / np.atleast_1d(np.asarray(r_kpc, dtype=np.float64)))

    def mean_density(self, r_kpc: ArrayLike) -> FloatArray:
        """Mean density inside r [Msun/kpc³], shape (n, k). Raises as `mass`."""
        return self.mass(r_kpc) / (4 / 3 * np.pi * np.atleast_1d(np.asarray(r_kpc, dtype=np.float64)) ** 3)

    def mass_slope(self, r_kpc: ArrayLike) -> FloatArray:
        """Return d ln M/d ln r, shape (n, k); less 3 it is the slope of the mean density. Raises as `mass`."""
        result: FloatArray = np.maximum(self._ln_mass_curve(self._ln_r(r_kpc), 1), 0.0)  # rounding may leave -1e-17
        return result

    def density(self, r_kpc: ArrayLike) -> FloatArray:
        """Density at r [Msun/kpc³] of all matter, averaged over the sphere, shape (n, k). Raises as `mass`.

        Zero where a draw does not rise.
        """
        return self.mean_density(r_kpc) * self.mass_slope(r_kpc) / 3

    def density_slope(self, r_kpc: ArrayLike) -> FloatArray:
        """Return d ln ρ/d ln r of the density at r, shape (n, k), from the smooth fit. Raises as `mass`."""
        u, basis = self._legendre(self._ln_r(r_kpc))
        change = np.stack([np.zeros_like(u), np.ones_like(u), 3 * u, 7.5 * u**2 - 1.5]) * 2 / np.ptp(np.log(self.r_kpc))
        result: FloatArray = np.exp(self._ln_slope @ basis) - 3 + self._ln_slope @ change
        return result

    def summary(self, quantity: Quantity, r_kpc: ArrayLike, levels: ArrayLike) -> FloatArray:
        """Quantiles of a quantity over the draws.

        Parameters
        ----------
        quantity
            ``"mass"`` [Msun], ``"circular_velocity"`` [km/s], ``"mean_density"`` or ``"density"`` [Msun/kpc³],
            ``"mass_slope"`` or ``"density_slope"``.
        r_kpc
            Radii [kpc], shape (k,), between the first and the last of the draws.
        levels
            Quantiles, shape (q,), 0 to 1.

        Returns
        -------
        numpy.ndarray
            Shape (q, k).

        Raises
        ------
        InputError
            If the quantity is unknown, a quantile is outside 0 to 1, or as `mass`.
        """
        if quantity not in get_args(Quantity):
            raise InputError(f"no quantity is called {quantity!r}: use one of {', '.join(get_args(Quantity))}.")
        wanted = np.atleast_1d(np.asarray(levels, dtype=np.float64))
        if not ((wanted >= 0) & (wanted <= 1)).all():
            raise InputError(f"quantiles lie between 0 and 1, got {wanted.tolist()}: give 0.16 for 16 %.")
        result: FloatArray = np.quantile(getattr(self, quantity)(r_kpc), wanted, axis=0)
        return result

    def _ln_r(self, r_kpc: ArrayLike) -> FloatArray:
        """Check radii and return their logarithms, shape (k,)."""
        r = np.atleast_1d(np.asarray(r_kpc, dtype=np.float64))
        if r.ndim != 1:
            raise InputError(f"r_kpc must be one radius or a row of them, got shape {r.shape}: flatten it.")
        require_inside(r, self.r_kpc)
        return np.log(np.clip(r, self.r_kpc[0], self.r_kpc[-1]))

    @cached_property
    def _ln_mass(self) -> FloatArray:
        """Draws of ln M [Msun] that do not fall, shape (n, m)."""
        ln_mass = np.log(10) * self.log10_mass
        for row in np.flatnonzero((np.diff(ln_mass, axis=1) < 0).any(axis=1)):
            ln_mass[row] = isotonic_regression(ln_mass[row]).x
        result: FloatArray = ln_mass
        return result

    @cached_property
    def _ln_mass_curve(self) -> PchipInterpolator:
        return PchipInterpolator(np.log(self.r_kpc), self._ln_mass, axis=1, extrapolate=False)

    def _legendre(self, ln_r: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return u, -1 to 1 from the first to the last radius, and the first four Legendre polynomials, (4, …)."""
        low, high = np.log(self.r_kpc[[0, -1]])
        u = 2 * (ln_r - low) / (high - low) - 1
        return u, np.stack([np.ones_like(u), u, 1.5 * u**2 - 0.5, 2.5 * u**3 - 1.5 * u])

    @cached_property
    def _ln_slope(self) -> FloatArray:
        """Legendre coefficients of ln(d ln M/d ln r), shape (n, 4), by Gauss-Newton steps on all draws at once."""
        x = np.log(self.r_kpc)
        nodes, weights = np.polynomial.legendre.leggauss(4)
        half = np.diff(x) / 2
        _, basis = self._legendre((x[1:] + x[:-1]) / 2 + nodes[:, None] * half)  # (4, 4, m - 1)
        weight = weights[:, None] * half
        wanted = _centered(self._ln_mass)
        found = np.zeros((len(self), len(_RIDGE)))
        found[:, 0] = np.log(np.maximum((wanted[:, -1] - wanted[:, 0]) / (x[-1] - x[0]), 0.01))
        for _ in range(_MAX_STEPS):
            shell = weight * np.exp(np.tensordot(found, basis, 1))  # rise of ln M, (n, 4, m - 1)
            ln_mass = _centered(_summed_up(shell.sum(axis=1)))
            change = _centered(_summed_up(np.einsum("ngm,kgm->nkm", shell, basis)))
            square = np.einsum("nkm,nlm->nkl", change, change) + np.diag(_RIDGE)
            pull = np.einsum("nkm,nm->nk", change, wanted - ln_mass) - _RIDGE * found
            step = np.linalg.solve(square, pull[..., None])[..., 0]
            found = found + np.clip(step, -_MAX_STEP, _MAX_STEP)
            if np.abs(step).max() < 1e-7:
                break
        return found


def _centered(rows: FloatArray) -> FloatArray:
    result: FloatArray = rows - rows.mean(axis=-1, keepdims=True)
    return result


def _summed_up(steps: FloatArray) -> FloatArray:
    """Sum up from zero along the last axis, which becomes longer by one."""
    return np.cumsum(np.concatenate([np.zeros((*steps.shape[:-1], 1)), steps], axis=-1), axis=-1)
