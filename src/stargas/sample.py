"""A sample: maps, scalars and truth of one galaxy seen from one side, and the declaration of all that it holds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.config import DataConfig, ViewConfig
from stargas.errors import InputError
from stargas.features.star_features import STAR_FEATURES, measure_stars
from stargas.galaxy import FloatArray, Galaxy
from stargas.map_settings import pretrained_settings
from stargas.randomness import rng_for
from stargas.representation import Described, interval
from stargas.simulations.description import describe_galaxy, log10_or_nan
from stargas.sky.channels import CHANNELS, channels_of
from stargas.sky.degradation import Degradation, angle_by_gradient, draw_degradation
from stargas.sky.hi_scalars import HIScalars
from stargas.sky.intrinsic_hi import intrinsic_hi
from stargas.sky.observables import (
    ObservingConditions,
    StarObservables,
    observe_hi_maps,
    observe_star_maps,
    require_stars,
)
from stargas.sky.projection import SkyGalaxy, project
from stargas.sky.star_maps import draw_star_subsets
from stargas.sky.view import standard_views
from stargas.tracers import TRACERS


class Entry(NamedTuple):
    """One map or number of an array of a sample.

    Parameters
    ----------
    name
        Of the entry; no two entries of a sample have the same.
    unit
        Of its values; empty for none.
    needs
        What must be known of the galaxy, as `stargas.tracers.TracerSet` knows it.
    """

    name: str
    unit: str
    needs: tuple[str, ...]


_MAPS = tuple(Entry(channel.name, channel.unit, (channel.tracer,)) for channel in CHANNELS)
_TRACERS = tuple(Entry(name, "", (name,)) for name in TRACERS)
_STAR_FEATURES = tuple(Entry(name, "", ("stars",)) for name in STAR_FEATURES)
_SCALARS = (
    Entry("R_hl_kpc", "kpc", ("R_hl",)),
    Entry("sigma_kms", "km/s", ("stars",)),
    Entry("R_HI_kpc", "kpc", ("gas",)),
    Entry("v_cold_kms", "km/s", ("gas",)),
    Entry("sigma_cold_kms", "km/s", ("gas",)),
)
_STAR_SET = (
    Entry("star_x_over_R_hl", "", ("stars",)),
    Entry("star_y_over_R_hl", "", ("stars",)),
    Entry("star_v_over_sigma", "", ("stars",)),
    Entry("star_error_over_sigma", "", ("stars",)),
)
_QUALITY = (
    Entry("n_stars", "", ("stars",)),
    Entry("velocity_error_kms", "km/s", ("stars",)),
    Entry("beam_fwhm_kpc", "kpc", ("gas",)),
    Entry("noise_msun_pc2", "Msun/pc²", ("gas",)),
)

MAPS = tuple(entry.name for entry in _MAPS)
"""Channels of `Sample.maps`, in order."""

SCALARS = tuple(entry.name for entry in _SCALARS)
"""Entries of `Sample.scalars`, in order."""

QUALITY = tuple(entry.name for entry in _QUALITY)
"""Entries of `Sample.quality`, in order."""

STAR_SET = tuple(entry.name for entry in _STAR_SET)
"""Entries of `Sample.star_set`, in order."""

PIXELS, RADII, KEPT = "pixels", "radii", "kept"
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
        Its axes: the entries along it, or `PIXELS`, `RADII` or `KEPT`.
    unit
        Of its values where it has no entries, which have units of their own.
    absent
        Value of an entry that is not known.
    batch_dtype
        In a batch, where less precision may do.
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
        length = {PIXELS: config.stars.n_pixels, RADII: len(config.truth.radii), KEPT: config.stars.kept}
        return tuple(length[axis] if isinstance(axis, str) else len(axis) for axis in self.axes)

    def filled(self, values: Mapping[str, Any], config: DataConfig) -> NDArray[Any]:
        """Return an array for a sample from the values of its entries by name; the others are absent."""
        array = np.full(self.shape(config), self.absent, self.dtype)
        for i, entry in enumerate(self.entries):
            if entry.name in values:
                array[i] = values[entry.name]
        return array

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
    star_set
        Shape (4, ``config.stars.kept``), float32, entries `STAR_SET`: positions, velocities from their median, and
        errors of the stars themselves. NaN beyond the last star, and where stars are absent.
    quality
        Shape (4,), entries `QUALITY` [stars, km/s, kpc, Msun/pc²]: how good the data are. Zero if perfect.
    r_kpc
        Radii [kpc] of the masses, shape (10,): ``config.truth.radii`` times R_hl, zero where that is not known.
    log10_mass
        True log10 M(<r) [Msun] at them, shape (10,).
    """

    maps: NDArray[np.float32] = field(metadata=_declared(np.float32, _MAPS, PIXELS, PIXELS))
    scalars: NDArray[np.float64] = field(metadata=_declared(np.float64, _SCALARS))
    tracers: NDArray[np.bool_] = field(metadata=_declared(np.bool_, _TRACERS))
    star_features: NDArray[np.float32] = field(metadata=_declared(np.float32, _STAR_FEATURES, absent=np.nan))
    star_set: NDArray[np.float32] = field(metadata=_declared(np.float32, _STAR_SET, KEPT, absent=np.nan))
    quality: NDArray[np.float64] = field(metadata=_declared(np.float64, _QUALITY))
    r_kpc: NDArray[np.float64] = field(metadata=_declared(np.float64, RADII, unit="kpc"))
    log10_mass: NDArray[np.float64] | None = field(
        metadata=_declared(np.float64, RADII, unit="log10 Msun", batch_dtype=np.float32)
    )


FIELDS = tuple(ArrayField(declared.name, **declared.metadata) for declared in fields(Arrays))
"""The arrays of a sample, in order."""


def stored_fields(config: DataConfig) -> tuple[ArrayField, ...]:
    """Return the arrays of samples of some settings that are written: those that hold any values."""
    return tuple(declared for declared in FIELDS if 0 not in declared.shape(config))


NEEDS: Mapping[str, tuple[str, ...]] = {e.name: e.needs for declared in FIELDS for e in declared.entries}
"""Entry of an array → what must be known of the galaxy."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Sample(Described, Arrays):
    """Maps, scalars and truth of one galaxy seen from one side.

    Its arrays are those of `Arrays`; ``log10_mass`` is None for an observed galaxy. They are checked when it is made.

    Parameters
    ----------
    config
        Settings of its maps and radii; a model reads only samples of its own settings.
    row
        Its row of the catalogue (ids, view, masses, star count, …).

    Examples
    --------
    >>> import stargas as sg
    >>> sample = sg.make_samples(sg.mock_suite("bursty", n_galaxies=3, seed=1)[2])[0]
    >>> sample.maps.shape[0], sample.tracers
    (5, array([ True,  True]))
    """

    config: DataConfig
    row: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check every array against its declaration."""
        for declared in FIELDS:
            value = getattr(self, declared.name)
            if value is not None or declared.name != "log10_mass":
                object.__setattr__(self, declared.name, declared.checked(value, self.config))

    def _facts(self) -> Mapping[str, str]:
        galaxy = self.row.get("galaxy_id")
        return {
            **({"galaxy": str(galaxy)} if galaxy else {}),
            "tracers": " and ".join(name for name, there in zip(TRACERS, self.tracers, strict=True) if there),
            "maps": " x ".join(map(str, self.maps.shape)),
            "radii": interval(self.r_kpc, "kpc"),
            "truth": "not known" if self.log10_mass is None else "known",
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
    return replace(sample, **changed)


def with_exact(sample: Sample, name: str) -> Sample:
    """Return a sample with one of its errors, an entry of `QUALITY`, stated as zero."""
    quality = sample.quality.copy()
    quality[QUALITY.index(name)] = 0.0
    return replace(sample, quality=quality)


def make_sample(
    sky: SkyGalaxy,
    rng: np.random.Generator,
    config: DataConfig | None = None,
    stars: NDArray[np.intp] | None = None,
    truth: "Truth | None" = None,
) -> Sample:
    """Make the sample of a galaxy on the sky.

    Parameters
    ----------
    sky
        A projected galaxy, or an observer's data. Either tracer may be missing, not both.
    rng
        Draws the stars where ``stars`` is None, and the noise of the HI maps.
    config
        Settings of maps and truth: ``model.data_config`` for a model; those of the pretrained model if None.
    stars
        Indices of the stars that are observed, shape (k,). If None, they are drawn from those of ``sky``: of an
        observed galaxy all, up to the largest number that a sample may have, of a projected one a subset.
    truth
        What is known of ``sky.galaxy``, where it is measured already; measured if None.

    Returns
    -------
    Sample
        R_hl is that of all stars of ``sky``, the maps are those of the drawn stars and so is the velocity dispersion,
        except that an observer may bring a dispersion corrected for the errors of measurement. Gas whose surface
        density nowhere reaches 1 Msun/pc² has no R_HI and counts as no gas. True masses are there where
        ``sky.galaxy`` is known.

    Raises
    ------
    InputError
        If there are fewer stars than ``config.min_stars``, neither stars nor gas, or a photometric catalog that the
        settings do not provide for.

    Examples
    --------
    >>> import stargas as sg
    >>> sky = sg.project(sg.mock_suite("bursty", n_galaxies=3, seed=1)[2], sg.View(60.0))
    >>> sample = make_sample(sky, np.random.default_rng(0))
    >>> sample.log10_mass.shape == sample.r_kpc.shape
    True
    """
    if sky.stars is None and sky.gas is None:
        raise InputError("a sample needs stars, gas or both, got neither.")
    config = config or pretrained_settings()
    if sky.photometry is not None and not config.degradation.photometry:
        raise InputError(
            "there is a photometric catalog, and data.degradation.photometry is 0: a model with these settings has not "
            "learned from such catalogs; leave it out, and give R_hl_kpc from it."
        )
    if stars is None and sky.stars is not None:
        views = config.views if sky.galaxy is not None else ViewConfig(n_views=1)
        stars = draw_star_subsets(len(sky.stars), views, config.stars, rng)[0]
    if truth is None:
        truth = Truth.of(sky.galaxy, config)
    degradation = Degradation()
    if config.degradation.share and sky.galaxy is not None:
        degradation = draw_degradation(config.degradation, rng)
    R_hl = sky.R_hl_kpc or 0.0
    values: dict[str, Any] = {"R_hl_kpc": R_hl}
    for tracer, measure in MEASURES.items():
        measured = measure(sky, ObservingConditions(config, degradation, rng, stars, truth.hi))
        values[tracer] = bool(measured)
        values |= measured
    r_kpc = R_hl * np.array(config.truth.radii)
    row = {
        **truth.row,
        **({} if sky.view is None else asdict(sky.view)),
        **{name: values.get(name, 0.0) for name in (*SCALARS, *QUALITY)},
        "n_stars": values.get("n_stars", 0),
        "interlopers": degradation.interlopers,
        "velocity_scale_kms": values.get("velocity_scale_kms", 0.0),
        "half_width_kpc": values.get("half_width_kpc", 0.0),
        "has_gas": values["gas"],
        "log10_mass_R_HI": truth.log10_mass_at(values.get("R_HI_kpc")),
    }
    arrays = {declared.name: declared.filled(values, config) for declared in FIELDS if declared.entries}
    return Sample(**arrays, r_kpc=r_kpc, log10_mass=truth.log10_mass(r_kpc), config=config, row=row)


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
        One per view, of rising inclination, with sets of stars as `~stargas.config.data.ViewConfig` says.

    Raises
    ------
    InputError
        If the galaxy has fewer stars than ``config.stars.min_stars``.

    Examples
    --------
    >>> import stargas as sg
    >>> samples = make_samples(sg.mock_suite("bursty", n_galaxies=3, seed=1)[2])
    >>> bool(samples[0].row["inclination_deg"] < samples[-1].row["inclination_deg"])
    True
    """
    config = config or pretrained_settings()
    require_stars(len(galaxy.stars), config.stars.min_stars)
    for_views, for_stars = (rng_for(seed, stage, galaxy.id) for stage in ("views", "stars"))
    for_noise = [rng_for(seed, "noise", galaxy.id, number) for number in range(config.views.n_views)]
    views = standard_views(config.views, for_views)
    subsets = draw_star_subsets(len(galaxy.stars), config.views, config.stars, for_stars)
    truth = Truth.of(galaxy, config)
    samples = []
    for number, (view, stars, rng) in enumerate(zip(views, subsets, for_noise, strict=True)):
        of_view = replace(truth, row={**truth.row, "view": number})
        sky = project(galaxy, view)
        if config.views.position_angle == "gradient" and sky.stars is not None:
            angle = angle_by_gradient(sky.stars[stars], rng)
            sky = project(galaxy, replace(view, position_angle_deg=float(np.degrees(angle))))
        samples.append(make_sample(sky, rng, config, stars, of_view))
    return samples


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of a simulated galaxy whatever side it is seen from; nothing of an observed one.

    Parameters
    ----------
    galaxy
        In its own frame; None for an observed galaxy.
    row
        Columns of the catalogue.
    hi
        Size and kinematics of the HI as nobody can observe them, where the settings ask for them.
    """

    galaxy: Galaxy | None = None
    row: Mapping[str, Any] = field(default_factory=dict)
    hi: HIScalars | None = None

    @classmethod
    def of(cls, galaxy: Galaxy | None, config: DataConfig) -> "Truth":
        """Measure a galaxy."""
        if galaxy is None:
            return cls()
        hi = intrinsic_hi(galaxy) if config.gas.scalars == "intrinsic" else None
        return cls(galaxy, describe_galaxy(galaxy, config.selection), hi)

    def log10_mass(self, r_kpc: FloatArray) -> FloatArray | None:
        """Return log10 M(<r) [Msun], shape of ``r_kpc``; None for an observed galaxy.

        Raises
        ------
        InputError
            If there is no mass inside a radius.
        """
        if self.galaxy is None:
            return None
        mass = np.asarray(self.galaxy.enclosed_mass(r_kpc))
        if not np.all(mass > 0):
            raise InputError(f"galaxy {self.galaxy.id} has no mass inside {r_kpc[0]:.3g} kpc: is its center right?")
        return np.log10(mass)

    def log10_mass_at(self, r_kpc: float | None) -> float:
        """Return log10 M [Msun] inside one radius; NaN where the mass or the radius is not known."""
        if self.galaxy is None or r_kpc is None:
            return np.nan
        return log10_or_nan(float(self.galaxy.enclosed_mass(r_kpc)))


def _measure_stars(sky: SkyGalaxy, conditions: ObservingConditions) -> dict[str, Any]:
    observed = observe_star_maps(sky, conditions)
    if observed is None:
        return {}
    stars = observed.stars
    features = measure_stars(stars.x_kpc, stars.y_kpc, stars.v_los_kms, sky.R_hl_kpc or 0.0)
    return {
        **dict(zip(channels_of("stars"), observed.maps, strict=True)),
        **dict(zip(STAR_FEATURES, features, strict=True)),
        **dict(zip(STAR_SET, _kept_stars(observed, sky.R_hl_kpc or 0.0, conditions), strict=True)),
        "sigma_kms": observed.sigma_kms,
        "n_stars": len(stars),
        "velocity_error_kms": observed.velocity_error_kms,
        "velocity_scale_kms": observed.velocity_scale_kms,
    }


def _kept_stars(observed: StarObservables, R_hl_kpc: float, conditions: ObservingConditions) -> NDArray[np.float32]:
    """Return the stars that a sample keeps, shape (4, ``config.stars.kept``); NaN beyond the last one."""
    stars, n_kept = observed.stars, conditions.config.stars.kept
    kept = np.full((len(STAR_SET), n_kept), np.nan, np.float32)
    if not n_kept:
        return kept
    v = stars.v_los_kms - np.median(stars.v_los_kms)
    error = np.zeros_like(v) if stars.v_error_kms is None else stars.v_error_kms
    columns = np.stack(
        [stars.x_kpc / R_hl_kpc, stars.y_kpc / R_hl_kpc, v / observed.sigma_kms, error / observed.sigma_kms]
    )
    chosen = conditions.rng.permutation(len(stars))[:n_kept]
    kept[:, : len(chosen)] = columns[:, chosen]
    return kept


def _measure_hi(sky: SkyGalaxy, conditions: ObservingConditions) -> dict[str, Any]:
    observed = observe_hi_maps(sky, conditions)
    if observed is None:
        return {}
    return {
        **dict(zip(channels_of("gas"), observed.maps, strict=True)),
        **observed.scalars._asdict(),
        "beam_fwhm_kpc": observed.beam_fwhm_kpc,
        "noise_msun_pc2": observed.noise_msun_pc2,
        "half_width_kpc": observed.half_width_kpc,
    }


MEASURES: Mapping[str, Callable[[SkyGalaxy, ObservingConditions], dict[str, Any]]] = {
    "stars": _measure_stars,
    "gas": _measure_hi,
}
"""Tracer → function that observes it and returns the values of all entries that need it, by name, and what its row of
the catalogue says beside them; nothing where the galaxy lacks it."""
