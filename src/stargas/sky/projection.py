"""A galaxy as one observer sees it: positions on the sky, line-of-sight velocities, HI."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.errors import InputError
from stargas.galaxy import FloatArray, Galaxy
from stargas.quantities import to_array, to_number
from stargas.representation import Described
from stargas.sky.half_count_radius import half_count_radius
from stargas.sky.hi_particles import SkyGas
from stargas.sky.view import View


def _columns(kind: str, **columns: ArrayLike) -> dict[str, FloatArray]:
    """Check one-dimensional columns of equal length, finite."""
    arrays = {name: to_array(name, values) for name, values in columns.items()}
    shapes = {name: array.shape for name, array in arrays.items()}
    if any(len(shape) != 1 for shape in shapes.values()) or len(set(shapes.values())) != 1:
        raise InputError(f"{kind}: columns must be one-dimensional and of one length, got {shapes}.")
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise InputError(
                f"{kind}: {name} must be finite, got {np.count_nonzero(~np.isfinite(array))} values that are not."
            )
    return arrays


@dataclass(frozen=True, eq=False)
class SkyStars:
    """Stars on the sky.

    Parameters
    ----------
    x_kpc, y_kpc
        Position from the galaxy's center, x right and y up [kpc], shape (n,).
    v_los_kms
        Line-of-sight velocity from the systemic one, receding positive [km/s], shape (n,).
    v_error_kms
        Standard error of each velocity [km/s], shape (n,); None where the velocities have none.
    """

    x_kpc: FloatArray
    y_kpc: FloatArray
    v_los_kms: FloatArray
    v_error_kms: FloatArray | None = None

    def __len__(self) -> int:
        """Return the number of stars."""
        return len(self.x_kpc)

    def __getitem__(self, rows: NDArray[np.intp]) -> "SkyStars":
        """Return some of the stars."""
        error = None if self.v_error_kms is None else self.v_error_kms[rows]
        return SkyStars(self.x_kpc[rows], self.y_kpc[rows], self.v_los_kms[rows], error)


@dataclass(frozen=True, eq=False)
class SkyPositions:
    """Positions of stars on the sky from photometry, whether or not their velocities are known.

    Parameters
    ----------
    x_kpc, y_kpc
        Position from the galaxy's center, x right and y up [kpc], shape (n,).
    """

    x_kpc: FloatArray
    y_kpc: FloatArray

    def __len__(self) -> int:
        """Return the number of stars."""
        return len(self.x_kpc)


@dataclass(frozen=True, eq=False)
class HIMaps:
    """HI moment maps, as an observer has them instead of particles.

    Parameters
    ----------
    moments
        Moment 0 [Msun/pc²], 1 [km/s, from the systemic velocity] and 2 (dispersion) [km/s], shape (3, n, n); row
        index y, column x, center of the galaxy in the middle.
    half_width_kpc
        Half the side of the maps [kpc].
    """

    moments: FloatArray
    half_width_kpc: float

    def __post_init__(self) -> None:
        """Check shape and values."""
        shape = np.shape(self.moments)
        if len(shape) != 3 or shape[0] != 3 or shape[1] != shape[2]:
            raise InputError(f"HI moments must have shape (3, n, n), got {shape}.")
        if not np.isfinite(self.moments).all():
            raise InputError("HI moments must be finite: set blank pixels to zero in all three maps.")
        if not self.half_width_kpc > 0:
            raise InputError(f"half_width_kpc must be positive, got {self.half_width_kpc}.")


@dataclass(frozen=True, eq=False, repr=False)
class SkyGalaxy(Described):
    """One galaxy, or an observer's data of it, projected.

    Parameters
    ----------
    stars
        None where there are none observed.
    gas
        HI particles or maps; None where there is no HI.
    R_hl_kpc
        Projected half-light radius [kpc]; the half-count radius of ``stars`` in a projected galaxy.
    photometry
        Positions of all stars of a catalog without velocities, which the xy map shows; None where it shows ``stars``.
    view
        From where; None for an observed galaxy.
    galaxy
        What was projected, which knows the true mass; None for an observed galaxy.
    sigma_kms
        Line-of-sight velocity dispersion of the stars with the errors of measurement taken out [km/s]; None where the
        scatter of their velocities is the dispersion.
    velocity_error_kms
        Root mean square error of the stars' velocities [km/s].
    beam_fwhm_kpc
        FWHM of the beam of the HI maps [kpc].
    noise_msun_pc2
        Noise of the HI column density [Msun/pc²].

    Examples
    --------
    >>> import numpy as np
    >>> x, y, v = np.random.default_rng(0).normal(size=(3, 200))
    >>> SkyGalaxy.from_stars(x, y, 9 * v, R_hl_kpc=1.2)
    <SkyGalaxy: R_hl 1.2 kpc, stars 200>
    """

    stars: SkyStars | None = None
    gas: SkyGas | HIMaps | None = None
    R_hl_kpc: float | None = None
    photometry: SkyPositions | None = None
    view: View | None = None
    galaxy: Galaxy | None = None
    sigma_kms: float | None = None
    velocity_error_kms: float = 0.0
    beam_fwhm_kpc: float = 0.0
    noise_msun_pc2: float = 0.0

    def __post_init__(self) -> None:
        """Check the dispersion and the quality of the data."""
        for name in ("velocity_error_kms", "beam_fwhm_kpc", "noise_msun_pc2"):
            if not 0 <= getattr(self, name) < np.inf:
                raise InputError(f"{name} must be zero or positive and finite, got {getattr(self, name)}.")
        if self.sigma_kms is not None and not 0 < self.sigma_kms < np.inf:
            raise InputError(
                f"the dispersion must be positive and finite, got sigma_kms={self.sigma_kms}: leave it out to take the "
                "scatter of the velocities."
            )

    def _facts(self) -> Mapping[str, str]:
        facts = {"R_hl": "not known" if self.R_hl_kpc is None else f"{self.R_hl_kpc:.3g} kpc"}
        if self.stars is not None:
            facts["stars"] = f"{len(self.stars):,}"
        if self.gas is not None:
            facts["HI"] = "maps" if isinstance(self.gas, HIMaps) else "particles"
        if self.view is not None:
            facts["inclination"] = f"{self.view.inclination_deg:g}°"
        if self.galaxy is not None:
            facts["galaxy"] = self.galaxy.id
        return facts

    @classmethod
    def from_stars(
        cls,
        x_kpc: ArrayLike,
        y_kpc: ArrayLike,
        v_los_kms: ArrayLike,
        R_hl_kpc: float | None = None,
        sigma_kms: float | None = None,
    ) -> "SkyGalaxy":
        """Observed stars alone.

        Parameters
        ----------
        x_kpc, y_kpc
            Offsets from the galaxy's center [kpc], shape (n,).
        v_los_kms
            Line-of-sight velocities from the systemic one, receding positive [km/s], shape (n,).
        R_hl_kpc
            Projected half-light radius [kpc]; the half-count radius of these stars if None.
        sigma_kms
            Velocity dispersion without the errors of measurement [km/s]; the scatter of these velocities if None.
        """
        stars = SkyStars(**_columns("stars", x_kpc=x_kpc, y_kpc=y_kpc, v_los_kms=v_los_kms))
        radius = half_count_radius(stars.x_kpc, stars.y_kpc) if R_hl_kpc is None else to_number("R_hl_kpc", R_hl_kpc)
        dispersion = None if sigma_kms is None else to_number("sigma_kms", sigma_kms)
        return cls(stars=stars, R_hl_kpc=radius, sigma_kms=dispersion)

    def with_photometry(self, x_kpc: ArrayLike, y_kpc: ArrayLike, R_hl_kpc: float | None = None) -> "SkyGalaxy":
        """Return the same galaxy with a photometric catalog, whose stars need no velocities.

        Parameters
        ----------
        x_kpc, y_kpc
            Offsets from the galaxy's center [kpc], shape (n,).
        R_hl_kpc
            Projected half-light radius [kpc]; the half-count radius of the catalog if None.
        """
        positions = SkyPositions(**_columns("photometry", x_kpc=x_kpc, y_kpc=y_kpc))
        radius = half_count_radius(positions.x_kpc, positions.y_kpc) if R_hl_kpc is None else R_hl_kpc
        return dataclasses.replace(self, photometry=positions, R_hl_kpc=to_number("R_hl_kpc", radius))

    def with_gas(self, moments: ArrayLike, half_width_kpc: float) -> "SkyGalaxy":
        """Return the same galaxy with HI moment maps.

        Parameters
        ----------
        moments
            Moments 0 [Msun/pc²], 1 and 2 [km/s], shape (3, n, n).
        half_width_kpc
            Half the side of the maps [kpc].
        """
        return dataclasses.replace(
            self, gas=HIMaps(to_array("moments", moments), to_number("half_width_kpc", half_width_kpc))
        )


def project(galaxy: Galaxy, view: View) -> SkyGalaxy:
    """See a galaxy from one side.

    Parameters
    ----------
    galaxy
        In its own frame.
    view
        Direction.

    Returns
    -------
    SkyGalaxy
        All its stars and all its gas with HI, at infinite distance (parallel rays).

    Raises
    ------
    InputError
        If ``view`` is none.

    Examples
    --------
    >>> import stargas as sg
    >>> galaxy = sg.mock_suite("bursty", n_galaxies=3, seed=1)[2]
    >>> sky = project(galaxy, View(60.0))
    >>> len(sky.stars) == len(galaxy.stars)
    True
    """
    if not isinstance(view, View):
        raise InputError(f"a galaxy is projected along a View, as View(60.0), got {view!r}.")
    matrix = view.matrix

    def on_sky(position: FloatArray, velocity: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        x, y = matrix[:2] @ position.T
        return x, y, velocity @ matrix[2]

    stars = SkyStars(*on_sky(galaxy.stars.position_kpc, galaxy.stars.velocity_kms))
    gas = None
    if galaxy.gas is not None:
        shining = galaxy.gas.hi_mass_msun > 0
        if shining.any():
            kept = slice(None) if shining.all() else shining
            columns = (galaxy.gas.hi_mass_msun, galaxy.gas.temperature_K, galaxy.gas.hsm_kpc)
            gas = SkyGas(
                *on_sky(galaxy.gas.position_kpc[kept], galaxy.gas.velocity_kms[kept]),
                *(column[kept] for column in columns),
            )
    R_hl_kpc = half_count_radius(stars.x_kpc, stars.y_kpc)
    return SkyGalaxy(stars, gas, R_hl_kpc, view=view, galaxy=galaxy)
