"""What a network is given for one galaxy from one side, and what it should answer."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.config import DataConfig, HIMapConfig
from stargas.constants import BOLTZMANN, HI_ATOMS_PER_CM2, PROTON_MASS
from stargas.errors import InputError
from stargas.features.star_features import STAR_FEATURES, measure_stars
from stargas.features.table import FeatureGroup
from stargas.frame import rotation_to_spin
from stargas.galaxy import FloatArray, Galaxy, Particles
from stargas.kinematics import kappa_co, virial_ratio
from stargas.map_settings import pretrained_settings
from stargas.randomness import rng_for
from stargas.simulations.selection import in_cold_gas_set
from stargas.sky.channels import CHANNELS
from stargas.sky.degradation import CLEAR, Degradation, draw_degradation, hide_faint_hi, observe_stars
from stargas.sky.hi_maps import hi_moments
from stargas.sky.hi_scalars import measure_hi, measure_hi_radius
from stargas.sky.projection import HIMaps, SkyGalaxy, SkyGas, SkyStars, project
from stargas.sky.regrid import regrid_moments
from stargas.sky.star_maps import draw_star_subsets, star_maps, velocity_dispersion, velocity_scale
from stargas.sky.view import standard_views
from stargas.tracers import TRACERS, observed_sets


class Entry(NamedTuple):
    """One number of an array of a sample.

    Parameters
    ----------
    name
        With its unit at the end where it has one.
    needs
        What must be known of the galaxy, as `stargas.tracers.TracerSet` knows it.
    """

    name: str
    needs: tuple[str, ...]


_MAPS = tuple(Entry(channel.name, (channel.tracer,)) for channel in CHANNELS)
_MAP_UNITS = ", ".join(channel.unit for channel in CHANNELS)
_TRACERS = tuple(Entry(name, (name,)) for name in TRACERS)
_STAR_FEATURES = tuple(Entry(name, ("stars",)) for name in STAR_FEATURES)
_SCALARS = (
    Entry("R_hl_kpc", ("R_hl",)),
    Entry("sigma_kms", ("stars",)),
    Entry("R_HI_kpc", ("gas",)),
    Entry("v_cold_kms", ("gas",)),
    Entry("sigma_cold_kms", ("gas",)),
)
_QUALITY = (
    Entry("n_stars", ("stars",)),
    Entry("velocity_error_kms", ("stars",)),
    Entry("beam_fwhm_kpc", ("gas",)),
    Entry("noise_msun_pc2", ("gas",)),
)

MAPS = tuple(entry.name for entry in _MAPS)
"""Channels of `Sample.maps`, in order."""

SCALARS = tuple(entry.name for entry in _SCALARS)
"""Entries of `Sample.scalars`, in order."""

QUALITY = tuple(entry.name for entry in _QUALITY)
"""Entries of `Sample.quality`, in order."""

TRACER_OF_MAP = tuple(TRACERS.index(channel.tracer) for channel in CHANNELS)
TRACER_OF_SCALAR = (0, 0, 1, 1, 1)

PIXELS, RADII = "pixels", "radii"
"""Axes of arrays whose length follows from the settings."""


@dataclass(frozen=True)
class ArrayField:
    """Declaration of one array of a sample.

    Parameters
    ----------
    name
        Attribute of `Sample` and `Batch`, and the file in a shard without its ending.
    dtype
        In a sample and on disk.
    axes
        Its axes: the entries along it, or `PIXELS` or `RADII`.
    unit
        Of its values; of entries that differ, the ending of their name tells.
    absent
        Value of an entry that is not known.
    batch_dtype
        In a batch.
    """

    name: str
    dtype: np.dtype[Any]
    axes: tuple[tuple[Entry, ...] | str, ...]
    unit: str
    absent: float
    batch_dtype: np.dtype[Any]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Entries along the first axis; none where its length follows from the settings."""
        return () if isinstance(self.axes[0], str) else self.axes[0]

    def shape(self, config: DataConfig) -> tuple[int, ...]:
        """Shape in a sample that was made with some settings."""
        length = {PIXELS: config.stars.n_pixels, RADII: len(config.truth.radii)}
        return tuple(length[axis] if isinstance(axis, str) else len(axis) for axis in self.axes)

    def checked(self, value: ArrayLike, config: DataConfig) -> NDArray[Any]:
        """Return an array for a sample.

        Raises
        ------
        InputError
            If its shape or type is another, or a value is not finite that must be.
        """
        array, shape = np.asarray(value), self.shape(config)
        if array.shape != shape or not np.can_cast(array.dtype, self.dtype, "same_kind"):
            raise InputError(
                f"{self.name} of a sample must be {self.dtype} of shape {shape}, got {array.dtype} of shape "
                f"{array.shape}."
            )
        array = array.astype(self.dtype, copy=False)
        if np.isfinite(self.absent) and not np.isfinite(array).all():
            bad = np.argwhere(~np.isfinite(array))[0]
            name = self.entries[bad[0]].name if self.entries else f"entry {bad[0]}"
            raise InputError(
                f"{self.name} of a sample must be finite, got {array[tuple(bad)]} in {name}: mask what is not known "
                "to zero."
            )
        return array


def _declared(
    dtype: type[np.generic],
    *axes: Sequence[Entry] | str,
    unit: str = "",
    absent: float = 0.0,
    batch_dtype: type[np.generic] | None = None,
) -> dict[str, Any]:
    return {
        "dtype": np.dtype(dtype),
        "axes": tuple(axis if isinstance(axis, str) else tuple(axis) for axis in axes),
        "unit": unit,
        "absent": absent,
        "batch_dtype": np.dtype(batch_dtype or dtype),
    }


@dataclass(frozen=True, eq=False, kw_only=True)
class Arrays:
    """The arrays of a sample, or of several along a leading axis: the one declaration of what a sample holds.

    Parameters
    ----------
    maps
        Shape (5, 64, 64), float32, channels `MAPS`: star densities in the units of
        `stargas.sky.star_maps`, then HI moments [Msun/pc², km/s, km/s]. Row index is y (or v), column x (or R). Zero
        for an absent tracer.
    scalars
        Shape (5,), entries `SCALARS` [kpc, km/s]. Zero for an absent tracer, but for an R_hl that is known without the
        stars.
    tracers
        Shape (2,), bool, entries `stargas.tracers.TRACERS`: which are present.
    star_features
        Shape (66,), float32, entries `stargas.features.star_features.STAR_FEATURES`: measured on the stars as a set.
        NaN where they are too few or absent.
    quality
        Shape (4,), entries `QUALITY` [stars, km/s, kpc, Msun/pc²]: how good the data are. Zero if perfect.
    r_kpc
        Radii [kpc] of the masses, shape (10,): ``config.truth.radii`` times R_hl, zero where that is not known.
    log10_mass
        True log10 M(<r) [Msun] at them, shape (10,).
    """

    maps: NDArray[np.float32] = field(metadata=_declared(np.float32, _MAPS, PIXELS, PIXELS, unit=_MAP_UNITS))
    scalars: NDArray[np.float64] = field(metadata=_declared(np.float64, _SCALARS))
    tracers: NDArray[np.bool_] = field(metadata=_declared(np.bool_, _TRACERS))
    star_features: NDArray[np.float32] = field(metadata=_declared(np.float32, _STAR_FEATURES, absent=np.nan))
    quality: NDArray[np.float64] = field(metadata=_declared(np.float64, _QUALITY))
    r_kpc: NDArray[np.float64] = field(metadata=_declared(np.float64, RADII, unit="kpc"))
    log10_mass: NDArray[np.float64] | None = field(
        metadata=_declared(np.float64, RADII, unit="log10 Msun", batch_dtype=np.float32)
    )


FIELDS = tuple(ArrayField(declared.name, **declared.metadata) for declared in fields(Arrays))
"""The arrays of a sample, in order."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Sample(Arrays):
    """Maps, scalars and truth of one galaxy seen from one side.

    Its arrays are those of `Arrays`; ``log10_mass`` is None for an observed galaxy. They are checked when it is made.

    Parameters
    ----------
    config
        Settings of its maps and radii; a model reads only samples of its own settings.
    row
        Its row of the catalogue (ids, view, masses, star count, …).
    """

    config: DataConfig
    row: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check every array against its declaration."""
        for declared in FIELDS:
            value = getattr(self, declared.name)
            if value is not None or declared.name != "log10_mass":
                object.__setattr__(self, declared.name, declared.checked(value, self.config))


@dataclass(frozen=True, eq=False, kw_only=True)
class Batch(Arrays):
    """Arrays of n samples: those of `Arrays` with a leading axis of n; ``log10_mass`` is NaN where it is not known."""

    if TYPE_CHECKING:
        log10_mass: NDArray[np.float32]  # type: ignore[assignment]

    @classmethod
    def stack(cls, samples: Sequence[Sample]) -> "Batch":
        """Return the arrays of some samples of the same settings, at least one."""

        def stacked(declared: ArrayField) -> NDArray[Any]:
            shape = declared.shape(samples[0].config)
            values = [getattr(sample, declared.name) for sample in samples]
            known = [np.full(shape, np.nan) if value is None else value for value in values]
            return np.stack(known).astype(declared.batch_dtype, copy=False)

        return cls(**{declared.name: stacked(declared) for declared in FIELDS})

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.tracers)

    def take(self, indices: ArrayLike) -> "Batch":
        """Return some of the samples, given their places, shape (k,)."""
        chosen = np.asarray(indices, dtype=np.intp)
        return Batch(**{declared.name: getattr(self, declared.name)[chosen] for declared in FIELDS})

    def column(self, name: str) -> NDArray[Any]:
        """Return an array by its name, or of one of its entries one map (n, 64, 64) or number (n,) of each sample."""
        array, entry = _PLACES[name]
        values: NDArray[Any] = getattr(self, array)
        return values if entry is None else values[:, entry]

    def knows(self, need: str) -> NDArray[np.bool_]:
        """Whether ``"stars"``, ``"gas"`` or ``"R_hl"`` is known of each sample, shape (n,)."""
        known: NDArray[np.bool_] = self.column("R_hl_kpc") > 0 if need == "R_hl" else self.column(need)
        return known

    @property
    def tracer_sets(self) -> NDArray[np.intp]:
        """What is known of each sample, indices into `stargas.tracers.TRACER_SETS`, shape (n,)."""
        return observed_sets(self.tracers, self.column("R_hl_kpc"))

    def measure(self, groups: Iterable[FeatureGroup]) -> FloatArray:
        """Measure features on the samples.

        Parameters
        ----------
        groups
            Features, for instance `stargas.features.table.FEATURES`.

        Returns
        -------
        numpy.ndarray
            One row per sample, the features of all groups in their order; NaN where one is not known.
        """
        measured: dict[str, NDArray[Any]] = {}
        for group in groups:
            known = np.logical_and.reduce([self.knows(need) for need in group.needs])
            inputs = (measured[name] if name in measured else self.column(name) for name in group.inputs)
            measured |= zip(group.names, group.measure(known, *inputs).T, strict=True)
        return np.column_stack([np.empty((len(self), 0)), *measured.values()])


_PLACES: dict[str, tuple[str, int | None]] = {
    **{entry.name: (declared.name, i) for declared in FIELDS for i, entry in enumerate(declared.entries)},
    **{declared.name: (declared.name, None) for declared in FIELDS},
}


def without_tracer(sample: Sample, tracer: str) -> Sample:
    """Return a sample as it is if one of `stargas.tracers.TRACERS` is not observed; R_hl stays known."""
    changed = {}
    for declared in FIELDS:
        hidden = [tracer in entry.needs for entry in declared.entries]
        if any(hidden):
            array = getattr(sample, declared.name).copy()
            array[hidden] = declared.absent
            changed[declared.name] = array
    return dataclasses.replace(sample, **changed)


WIDER = 1.5
"""Degraded HI maps are first made this much wider, since a beam moves the radius that sets their side."""

RING = (0.85, 1.15)
"""Radii [R_HI] between which the intrinsic rotation velocity of the HI is measured."""

N_RINGS = 10
"""Rings inside R_HI whose mean rotation does not count as dispersion."""


def make_sample(
    sky: SkyGalaxy,
    rng: np.random.Generator,
    config: DataConfig | None = None,
    stars: NDArray[np.intp] | None = None,
) -> Sample:
    """Turn a galaxy on the sky into what the network is given.

    Parameters
    ----------
    sky
        A projected galaxy, or an observer's data. Either tracer may be missing, not both.
    rng
        Draws the stars where ``stars`` is None, and the noise of the HI maps.
    config
        Settings of maps and truth: ``model.data_config`` for a model; those of the pretrained model if None.
    stars
        Indices of the stars that the observer has, shape (k,). Drawn from those of ``sky`` if None: all of an
        observed galaxy up to the most that a sample holds, and one of the disjoint subsets of a projected one.

    Returns
    -------
    Sample
        R_hl is that of all stars of ``sky``, the maps are those of the drawn stars and so is the velocity dispersion,
        but for an observed galaxy that brings a dispersion without the errors of measurement. Gas whose
        surface density nowhere reaches 1 Msun/pc² has no R_HI and counts as no gas. The true masses are given where
        ``sky.galaxy`` is known.

    Raises
    ------
    InputError
        If there are fewer stars than ``config.min_stars``, or neither stars nor gas.
    """
    config = config or pretrained_settings()
    if stars is None and sky.stars is not None:
        n_views = config.views.n_views if sky.galaxy is not None else 1
        stars = draw_star_subsets(len(sky.stars), n_views, config.stars, rng)[0]
    row = {} if sky.galaxy is None else _galaxy_row(sky.galaxy, config)
    intrinsic = None
    if sky.galaxy is not None and config.gas.scalars == "intrinsic":
        intrinsic = intrinsic_hi(sky.galaxy)
    return _sample(sky, rng, config, stars, row, intrinsic)


def make_samples(galaxy: Galaxy, config: DataConfig | None = None, seed: int = 0) -> list[Sample]:
    """Make the samples of all standard views of one galaxy.

    Parameters
    ----------
    galaxy
        In its own frame.
    config
        Settings of views, maps and truth; those of the pretrained model if None.
    seed
        Root seed: with the galaxy's id it fixes directions, star subsets and noise.

    Returns
    -------
    list of Sample
        One per view, of rising inclination, with disjoint sets of stars where the galaxy has enough of them.

    Raises
    ------
    InputError
        If the galaxy has fewer stars than ``config.stars.min_stars``.
    """
    config = config or pretrained_settings()
    views = standard_views(config.views, rng_for(seed, "views", galaxy.id))
    _require_stars(len(galaxy.stars), config.stars.min_stars)
    subsets = draw_star_subsets(len(galaxy.stars), len(views), config.stars, rng_for(seed, "stars", galaxy.id))
    row = _galaxy_row(galaxy, config)
    intrinsic = intrinsic_hi(galaxy) if config.gas.scalars == "intrinsic" else None
    return [
        _sample(
            project(galaxy, view),
            rng_for(seed, "noise", galaxy.id, number),
            config,
            subset,
            {**row, "view": number},
            intrinsic,
        )
        for number, (view, subset) in enumerate(zip(views, subsets, strict=True))
    ]


def intrinsic_hi(galaxy: Galaxy) -> tuple[float, float, float] | None:
    """R_HI, rotation velocity and dispersion of the HI as nobody can observe them, for ablations.

    Returns
    -------
    tuple of float or None
        R_HI [kpc] of the disc seen along its own angular momentum; HI-weighted mean azimuthal velocity [km/s] at
        0.85-1.15 R_HI; HI-weighted one-dimensional dispersion [km/s] inside R_HI around the mean rotation in
        rings, with the thermal width. None where there is no R_HI.
    """
    if galaxy.gas is None or not galaxy.hi_mass_msun > 0:
        return None
    shining = galaxy.gas.hi_mass_msun > 0
    hi = Particles(galaxy.gas.hi_mass_msun[shining], galaxy.gas.position_kpc[shining], galaxy.gas.velocity_kms[shining])
    rotation = rotation_to_spin(hi)
    x, y, _ = rotation @ hi.position_kpc.T
    vx, vy, vz = rotation @ hi.velocity_kms.T
    R_HI = measure_hi_radius(x, y, hi.mass_msun)
    if R_HI is None:
        return None
    radius = np.maximum(np.hypot(x, y), 1e-9)
    v_R, v_phi = (x * vx + y * vy) / radius, (x * vy - y * vx) / radius
    near = (radius > RING[0] * R_HI) & (radius < RING[1] * R_HI)
    inside = radius < R_HI
    if not near.any() or not inside.any():
        return None
    v_cold = float(np.average(v_phi[near], weights=hi.mass_msun[near]))
    ring = np.minimum((radius[inside] / R_HI * N_RINGS).astype(int), N_RINGS - 1)
    mass = hi.mass_msun[inside]
    in_ring = np.bincount(ring, mass, N_RINGS)
    mean = np.bincount(ring, mass * v_phi[inside], N_RINGS) / np.maximum(in_ring, np.finfo(float).tiny)
    squares = v_R[inside] ** 2 + (v_phi[inside] - mean[ring]) ** 2 + vz[inside] ** 2
    thermal = BOLTZMANN * galaxy.gas.temperature_K[shining][inside] / PROTON_MASS * 1e-6
    return R_HI, v_cold, float(np.sqrt(np.average(squares / 3 + thermal, weights=mass)))


def _require_stars(n_stars: int, least: int) -> None:
    if n_stars < least:
        raise InputError(
            f"a sample needs at least {least} stars, got {n_stars}: give more stars or lower data.stars.min_stars."
        )


def _log10_or_nan(mass_msun: float) -> float:
    return float(np.log10(mass_msun)) if mass_msun > 0 else float("nan")


def _galaxy_row(galaxy: Galaxy, config: DataConfig) -> dict[str, Any]:
    """Tell what the catalogue says of a galaxy, whatever the view."""
    return {
        "galaxy_id": galaxy.id,
        "host_id": galaxy.host_id,
        "suite": galaxy.suite,
        "redshift": galaxy.redshift,
        "log10_stellar_mass": _log10_or_nan(galaxy.stellar_mass_msun),
        "log10_hi_mass": _log10_or_nan(galaxy.hi_mass_msun),
        "kappa_co": kappa_co(galaxy),
        "virial_ratio": virial_ratio(galaxy),
        "n_star_particles": len(galaxy.stars),
        "n_gas_particles": 0 if galaxy.gas is None else len(galaxy.gas),
        "cold_gas_set": in_cold_gas_set(galaxy, config.selection),
        "is_satellite": bool(galaxy.properties.get("is_satellite", False)),
        **{name: float(value) for name, value in galaxy.properties.items() if name != "is_satellite"},
        **galaxy.provenance,
    }


@dataclass(frozen=True, eq=False)
class _StarPart:
    """What a sample holds of its stars; the defaults are those of a galaxy without."""

    maps: NDArray[np.float32]
    numbers: NDArray[np.float32]
    sigma_kms: float = 0.0
    velocity_scale_kms: float = 0.0
    n_stars: int = 0
    velocity_error_kms: float = 0.0


@dataclass(frozen=True, eq=False)
class _GasPart:
    """What a sample holds of its HI."""

    moments: NDArray[np.float32]
    hi: tuple[float, float, float] = (0.0, 0.0, 0.0)
    half_width_kpc: float = 0.0
    beam_fwhm_kpc: float = 0.0
    noise_msun_pc2: float = 0.0


def _star_part(
    sky: SkyGalaxy,
    stars: NDArray[np.intp] | None,
    config: DataConfig,
    degradation: Degradation,
    rng: np.random.Generator,
) -> _StarPart:
    if sky.stars is None:
        size = config.stars.n_pixels
        return _StarPart(np.zeros((2, size, size), np.float32), np.full(len(STAR_FEATURES), np.nan, np.float32))
    seen = sky.stars
    if stars is not None:
        seen = SkyStars(seen.x_kpc[stars], seen.y_kpc[stars], seen.v_los_kms[stars])
    _require_stars(len(seen), config.min_stars)
    if sky.R_hl_kpc is None or not sky.R_hl_kpc > 0:
        raise InputError(f"star maps need a positive half-light radius, got R_hl_kpc={sky.R_hl_kpc}.")
    sigma, error = sky.sigma_kms, sky.velocity_error_kms
    if degradation != Degradation():
        seen, sigma, error = observe_stars(seen, sky.R_hl_kpc, degradation, config.degradation, rng)
    x, y, v = seen.x_kpc, seen.y_kpc, seen.v_los_kms
    return _StarPart(
        star_maps(x, y, v, sky.R_hl_kpc, dataclasses.replace(config.stars, min_stars=config.min_stars)),
        measure_stars(x, y, v, sky.R_hl_kpc),
        velocity_dispersion(v) if sigma is None else sigma,
        velocity_scale(v, config.stars),
        len(seen),
        error,
    )


def _gas_part(
    sky: SkyGalaxy,
    rng: np.random.Generator,
    config: HIMapConfig,
    degradation: Degradation,
    intrinsic: tuple[float, float, float] | None,
) -> _GasPart | None:
    """Return HI moments with what is measured on them; None where there is no R_HI."""
    if sky.gas is None:
        return None
    seen, beam_kpc, noise = sky.gas, sky.beam_fwhm_kpc, sky.noise_msun_pc2
    if isinstance(seen, SkyGas) and (degradation.beam_pixels or degradation.limit_cm2):
        degraded = _degraded_hi(seen, config, degradation, rng)
        if degraded is None:
            return None
        seen, beam_kpc, noise = degraded
    if isinstance(seen, HIMaps):
        regridded = regrid_moments(seen, config)
        if regridded is None:
            return None
        moments, half_width = regridded[0].astype(np.float32), regridded[1]
    else:
        radius = measure_hi_radius(seen.x_kpc, seen.y_kpc, seen.mHI_msun)
        if radius is None:
            return None
        half_width = config.half_width * radius
        moments = _moments(seen, half_width, config, rng)
    leaks = config.scalars == "intrinsic" and sky.galaxy is not None
    measured = intrinsic if leaks else measure_hi(moments, half_width)
    return None if measured is None else _GasPart(moments, measured, half_width, beam_kpc, noise)


def _moments(gas: SkyGas, half_width: float, config: HIMapConfig, rng: np.random.Generator) -> NDArray[np.float32]:
    columns = (gas.x_kpc, gas.y_kpc, gas.v_los_kms, gas.mHI_msun, gas.temperature_K, gas.hsm_kpc)
    return hi_moments(*columns, half_width, engine=config.engine, config=config, rng=rng)


def _degraded_hi(
    gas: SkyGas, config: HIMapConfig, degradation: Degradation, rng: np.random.Generator
) -> tuple[HIMaps, float, float] | None:
    """Return maps as a telescope gives them, the FWHM of its beam [kpc] and the noise of the column [Msun/pc²]."""
    radius = measure_hi_radius(gas.x_kpc, gas.y_kpc, gas.mHI_msun)
    if radius is None:
        return None
    half_width = WIDER * config.half_width * radius
    beam_kpc = degradation.beam_pixels * 2 * config.half_width * radius / config.n_pixels
    wide = dataclasses.replace(config, n_pixels=round(WIDER * config.n_pixels), beam_fwhm_kpc=beam_kpc)
    maps = HIMaps(_moments(gas, half_width, wide, rng).astype(np.float64), half_width)
    if degradation.limit_cm2:
        maps = hide_faint_hi(maps, beam_kpc, degradation.limit_cm2, rng)
    return maps, beam_kpc, degradation.limit_cm2 / HI_ATOMS_PER_CM2 / CLEAR


def _sample(
    sky: SkyGalaxy,
    rng: np.random.Generator,
    config: DataConfig,
    stars: NDArray[np.intp] | None,
    row: Mapping[str, Any],
    intrinsic: tuple[float, float, float] | None,
) -> Sample:
    if sky.stars is None and sky.gas is None:
        raise InputError("a sample needs stars, gas or both, got neither.")
    degradation = Degradation()
    if config.degradation.share and sky.galaxy is not None:
        degradation = draw_degradation(config.degradation, rng)
    star = _star_part(sky, stars, config, degradation, rng)
    seen = _gas_part(sky, rng, config.gas, degradation, intrinsic)
    size = config.gas.n_pixels
    gas = seen or _GasPart(np.zeros((3, size, size), np.float32))
    R_hl = sky.R_hl_kpc or 0.0
    r_kpc = R_hl * np.array(config.truth.radii)
    view = {} if sky.view is None else dataclasses.asdict(sky.view)
    scalars = np.array([R_hl, star.sigma_kms, *gas.hi])
    quality = np.array([star.n_stars, star.velocity_error_kms, gas.beam_fwhm_kpc, gas.noise_msun_pc2], np.float64)
    log10_mass, log10_mass_R_HI = None, float("nan")
    if sky.galaxy is not None:
        mass = sky.galaxy.enclosed_mass(r_kpc)
        if not np.all(mass > 0):
            raise InputError(f"galaxy {sky.galaxy.id} has no mass inside {r_kpc[0]:.3g} kpc: is its center right?")
        log10_mass = np.log10(mass)
        if seen is not None:
            log10_mass_R_HI = _log10_or_nan(float(sky.galaxy.enclosed_mass(gas.hi[0])))
    return Sample(
        maps=np.concatenate([star.maps, gas.moments]).astype(np.float32, copy=False),
        scalars=scalars,
        tracers=np.array([sky.stars is not None, seen is not None]),
        star_features=star.numbers,
        quality=quality,
        r_kpc=r_kpc,
        log10_mass=log10_mass,
        config=config,
        row={
            **row,
            **view,
            **dict(zip(SCALARS, scalars.tolist(), strict=True)),
            **dict(zip(QUALITY, quality.tolist(), strict=True)),
            "n_stars": star.n_stars,
            "interlopers": degradation.interlopers,
            "velocity_scale_kms": star.velocity_scale_kms,
            "half_width_kpc": gas.half_width_kpc,
            "has_gas": seen is not None,
            "log10_mass_R_HI": log10_mass_R_HI,
        },
    )
