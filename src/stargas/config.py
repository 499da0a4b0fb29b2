"""Every setting of stargas, with its default and what it does; imports nothing heavy.

A YAML file has the blocks ``snapshots``, ``data``, ``model``, ``training`` and ``local``; only ``local``
cannot change a result. The defaults are the method of Expósito-Márquez et al. (2026) where the paper
states it ("paper") and our choice where it does not ("ours").
"""

import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass, field, is_dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


class _Checked:
    """Settings that are checked when they are made: numbers are finite, choices known, and `_limits` holds.

    A bad value is a ``ValueError`` of one sentence.
    """

    _block = ""

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        """Field → whether its value is possible, and what is."""
        return {}

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for name, hint in hints.items():
            value = getattr(self, name)
            if not _fits(value, hint):
                raise ValueError(f"{self._block}.{name} must be {_in_words(hint)}, got {value!r}.")
        for name, (possible, wanted) in self._limits().items():
            if not possible:
                raise ValueError(f"{self._block}.{name} must be {wanted}, got {operator.attrgetter(name)(self)!r}.")


def _fits(value: Any, hint: Any) -> bool:  # noqa: ANN401 (any field)
    """Whether a value is of a field's type, and finite; whole numbers of other libraries count as such."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Literal:
        return isinstance(value, str) and value in parts
    if origin is tuple:
        if not isinstance(value, tuple) or (parts[-1] is not Ellipsis and len(value) != len(parts)):
            return False
        return all(_fits(item, parts[0]) for item in value)
    if parts:  # a union
        return any(_fits(value, part) for part in parts)
    if hint is float:
        return not isinstance(value, bool | str) and hasattr(value, "__float__") and math.isfinite(value)
    if hint is int:
        return not isinstance(value, bool) and hasattr(value, "__index__")
    return isinstance(value, hint)


def _in_words(hint: Any) -> str:  # noqa: ANN401 (any field)
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Literal:
        return "one of " + ", ".join(parts)
    if origin is tuple:
        return "a list of " + {int: "whole numbers", str: "words"}.get(parts[0], "numbers")
    if parts:
        return " or ".join(_in_words(part) for part in parts)
    plain = {float: "a finite number", int: "a whole number", bool: "true or false", str: "text", type(None): "null"}
    return plain.get(hint, getattr(hint, "__name__", str(hint)))


@dataclass(frozen=True)
class ViewConfig(_Checked):
    """How often and from where a galaxy is seen.

    Parameters
    ----------
    n_views
        Projections per galaxy (paper: 12), of rising inclination. With 12 they contain 30°, 60° and 90°.
    position_angle
        ``aligned`` puts the receding side of the stars' rotation on +x, as an observer would who
        turns the map by the position angle; ``random`` draws it.
    """

    n_views: int = 12
    position_angle: Literal["aligned", "random"] = "aligned"

    _block = "data.views"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "n_views": (self.n_views >= 1, "at least 1"),
        }


@dataclass(frozen=True)
class StarMapConfig(_Checked):
    """The two star maps (§3.1.1 of the paper).

    Parameters
    ----------
    n_pixels
        Nodes per side, limits included (paper: 64).
    xy_limit
        The xy map reaches from minus to plus this, in R_hl (paper: 0.5).
    radius_limit
        The R-v map reaches from 0 to this, in R_hl (paper: 1).
    velocity_limit
        The R-v map reaches from minus to plus this, in velocity scales (paper: 1).
    velocity_scale
        ``p98`` is the 98th percentile of the absolute v_los (paper); ``sigma`` the dispersion.
    bandwidth
        Kernel width in units of the data's standard deviation: ``scott`` for n^(-1/6) of n stars (ours), or a number,
        as scipy's ``bw_method``. Silverman's rule is the same as Scott's in two dimensions.
    bandwidth_factor
        Multiplies the rule's width (ours: 1, which is what scipy's gaussian_kde gives).
    stars_in
        Stars that enter the estimate: ``all`` of the sample (ours), those ``within_R_hl``, or those
        ``in_map``. The density is that of the stars that enter.
    min_stars
        Fewest stars of a sample (paper: 100). A galaxy with fewer is an error.
    max_stars
        Most stars of a sample (paper: 10⁴).
    """

    n_pixels: int = 64
    xy_limit: float = 0.5
    radius_limit: float = 1.0
    velocity_limit: float = 1.0
    velocity_scale: Literal["p98", "sigma"] = "p98"
    bandwidth: Literal["scott"] | float = "scott"
    bandwidth_factor: float = 1.0
    stars_in: Literal["all", "within_R_hl", "in_map"] = "all"
    min_stars: int = 100
    max_stars: int = 10_000

    _block = "data.stars"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "n_pixels": (self.n_pixels >= 4, "at least 4"),
            "xy_limit": (self.xy_limit > 0, "positive"),
            "radius_limit": (self.radius_limit > 0, "positive"),
            "velocity_limit": (self.velocity_limit > 0, "positive"),
            "bandwidth": (self.bandwidth == "scott" or float(self.bandwidth) > 0, "scott or a positive number"),
            "bandwidth_factor": (self.bandwidth_factor > 0, "positive"),
            "min_stars": (self.min_stars >= 3, "at least 3, since fewer stars have no density"),
            "max_stars": (self.max_stars >= self.min_stars, f"at least min_stars, {self.min_stars}"),
        }


@dataclass(frozen=True)
class HIMapConfig(_Checked):
    """The three HI moment maps (§3.1.2 of the paper).

    Parameters
    ----------
    n_pixels
        Pixels per side (paper: 64).
    half_width
        Half the side of the map in units of R_HI, the radius where HI falls below 1 Msun/pc² (paper: 2).
    channel_width_kms
        Width of a spectral channel [km/s] (paper: 5).
    n_channels
        Channels, centered on the systemic velocity (paper: 64, so ±160 km/s).
    widen_band
        Add channels until the galaxy's HI fits (ours: yes; a fixed band clips fast rotators).
    line_width_kms
        Velocity dispersion of the line of one particle [km/s]; the thermal width √(kT/m_p) if null.
    mask_cm2
        Moments 1 and 2 are zero where the HI column [atoms/cm²] is below this (paper: 10^19.5).
    distance_mpc
        Distance [Mpc] of the mock observation (paper: 1).
    beam_fwhm_kpc
        FWHM of a circular Gaussian beam [kpc]; 0 for none (paper: not stated; ours: none).
    noise_msun_pc2
        rms of the noise in one channel of one beam, as a column density [Msun/pc²]; 0 for none. It needs a beam.
    clip_sigma
        Voxels below this many times the noise are left out of the moments (ours: 0, none are; it makes a cube).
    engine
        ``fast`` sums moments directly; ``martini`` makes the cube with MARTINI (slow reference).
    scalars
        R_HI, v_cold and sigma_cold ``observed`` on the maps, or ``intrinsic`` from the galaxy (for ablations: the
        intrinsic rotation velocity leaks the mass).
    """

    n_pixels: int = 64
    half_width: float = 2.0
    channel_width_kms: float = 5.0
    n_channels: int = 64
    widen_band: bool = True
    line_width_kms: float | None = None
    mask_cm2: float = 10**19.5
    distance_mpc: float = 1.0
    beam_fwhm_kpc: float = 0.0
    noise_msun_pc2: float = 0.0
    clip_sigma: float = 0.0
    engine: Literal["fast", "martini"] = "fast"
    scalars: Literal["observed", "intrinsic"] = "observed"

    _block = "data.gas"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "n_pixels": (self.n_pixels >= 4, "at least 4"),
            "half_width": (self.half_width > 0, "positive"),
            "channel_width_kms": (self.channel_width_kms > 0, "positive"),
            "n_channels": (self.n_channels >= 1, "at least 1"),
            "line_width_kms": (self.line_width_kms is None or self.line_width_kms > 0, "null or positive"),
            "mask_cm2": (self.mask_cm2 >= 0, "zero or positive"),
            "distance_mpc": (self.distance_mpc > 0, "positive"),
            "noise_msun_pc2": (self.noise_msun_pc2 >= 0, "zero or positive"),
            "beam_fwhm_kpc": (
                self.beam_fwhm_kpc > 0 or (self.beam_fwhm_kpc == 0 and not self.noise_msun_pc2),
                "positive where there is noise, which is per beam, and never negative",
            ),
            "clip_sigma": (
                self.clip_sigma == 0 or (self.clip_sigma > 0 and self.noise_msun_pc2 > 0),
                "zero, or positive where noise_msun_pc2, its unit, is positive too",
            ),
        }


@dataclass(frozen=True)
class EffectsConfig(_Checked):
    """What observing does to the samples of simulated galaxies (ours; the paper's are perfect).

    Parameters
    ----------
    share
        Share of the views that are observed with effects; the rest is perfect. 0 for none.
    each
        Share of those on which each single effect acts, with a strength evenly drawn up to its extreme.
    min_stars
        Fewest stars with velocities; their number is drawn evenly in its logarithm.
    velocity_error_kms
        Largest typical error of the velocities [km/s], and never more than the dispersion.
    interlopers
        Largest share of stars that do not belong to the galaxy.
    interloper_radius
        Interlopers lie within this many R_hl.
    beam_pixels
        Largest FWHM of the beam in pixels of the HI maps.
    least_limit_cm2, most_limit_cm2
        Column density [atoms/cm²] below which HI is not seen, drawn evenly in its logarithm.
    """

    share: float = 0.0
    each: float = 0.6
    min_stars: int = 30
    velocity_error_kms: float = 10.0
    interlopers: float = 0.1
    interloper_radius: float = 4.0
    beam_pixels: float = 8.0
    least_limit_cm2: float = 1e19
    most_limit_cm2: float = 3e20

    _block = "data.effects"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "share": (0 <= self.share <= 1, "between 0 and 1"),
            "each": (0 <= self.each <= 1, "between 0 and 1"),
            "min_stars": (self.min_stars >= 3, "at least 3, since fewer stars have no density"),
            "velocity_error_kms": (self.velocity_error_kms >= 0, "zero or positive"),
            "interlopers": (0 <= self.interlopers < 1, "between 0 and 1, without 1"),
            "interloper_radius": (self.interloper_radius > 0, "positive"),
            "beam_pixels": (self.beam_pixels >= 0, "zero or positive"),
            "least_limit_cm2": (self.least_limit_cm2 > 0, "positive"),
            "most_limit_cm2": (
                self.most_limit_cm2 >= self.least_limit_cm2,
                f"at least least_limit_cm2, {self.least_limit_cm2:g}",
            ),
        }


@dataclass(frozen=True)
class TruthConfig(_Checked):
    """Radii at which the enclosed mass is asked for.

    Parameters
    ----------
    n_radii
        Number of radii, evenly spaced (paper: 10).
    r_min
        First radius in R_hl (paper: 0.6).
    r_max
        Last radius in R_hl (paper: 2.4).
    """

    n_radii: int = 10
    r_min: float = 0.6
    r_max: float = 2.4

    _block = "data.truth"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "n_radii": (self.n_radii >= 1, "at least 1"),
            "r_min": (self.r_min > 0, "positive"),
            "r_max": (self.r_max > self.r_min or self.n_radii == 1, f"more than r_min, {self.r_min}"),
        }


@dataclass(frozen=True)
class SelectionConfig(_Checked):
    """Which galaxies enter a data set (§2.3 of the paper).

    Parameters
    ----------
    min_log10_stellar_mass
        Lowest log10 M* [Msun] (paper: 5.5).
    max_log10_stellar_mass
        Highest log10 M* [Msun] (paper: 11).
    min_stars
        Fewest star particles (paper: 100).
    min_gas
        Fewest gas particles (paper: 100; ours: 0, which lets galaxies without gas through as "no gas").
    min_high_resolution_fraction
        Least mass fraction in high-resolution particles, where the source knows it (paper: 0.95).
    cold_gas_cut
        Keep the cold-gas set alone: M_HI above ``min_log10_cold_gas_mass`` and ``min_cold_gas_fraction`` of M*.
    min_log10_cold_gas_mass
        Least log10 M_HI [Msun] of the cold-gas set (paper: 7.5).
    min_cold_gas_fraction
        Least M_HI/M* of the cold-gas set (paper: 0.1).
    exclude
        Galaxy ids to leave out, for instance after a visual inspection.
    """

    min_log10_stellar_mass: float = 5.5
    max_log10_stellar_mass: float = 11.0
    min_stars: int = 100
    min_gas: int = 0
    min_high_resolution_fraction: float = 0.95
    cold_gas_cut: bool = False
    min_log10_cold_gas_mass: float = 7.5
    min_cold_gas_fraction: float = 0.1
    exclude: tuple[str, ...] = ()

    _block = "data.selection"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "max_log10_stellar_mass": (
                self.max_log10_stellar_mass > self.min_log10_stellar_mass,
                f"more than min_log10_stellar_mass, {self.min_log10_stellar_mass}",
            ),
            "min_stars": (self.min_stars >= 1, "at least 1"),
            "min_gas": (self.min_gas >= 0, "zero or positive"),
            "min_high_resolution_fraction": (0 <= self.min_high_resolution_fraction <= 1, "between 0 and 1"),
            "min_cold_gas_fraction": (self.min_cold_gas_fraction >= 0, "zero or positive"),
        }


@dataclass(frozen=True)
class SnapshotConfig(_Checked):
    """How simulation snapshots are read.

    Parameters
    ----------
    hi
        Recipe for the neutral gas: what the ``snapshot`` stores, the self-shielding fit ``rahmati2013``, neutral below
        a ``temperature``, ``all`` hydrogen, or ``auto``, the first of the first three that the snapshot allows.
    molecular
        How H2 is split off by gas pressure: ``blitz2006``, ``leroy2008`` or ``none``.
    star_types
        Particle types that are stars in an HDF5 snapshot; isolated galaxies may keep disk and bulge in 2 and 3.
    boundary_types
        Particle types of low resolution in an HDF5 snapshot, as far as they are not stars.
    unit_length_kpc, unit_mass_msun, unit_velocity_kms
        Code units of an HDF5 snapshot that does not state them, in Gadget's convention (comoving, /h, √a).
    radius_fraction
        A galaxy is what lies within this fraction of its halo's virial radius, where the halo catalog gives no other.
    min_stars
        Halos with fewer star particles in the catalog are passed over, where the catalog counts them (AHF, SUBFIND).
    region_pattern
        Regular expression. Snapshots in whose names it finds the same text are runs of one region, with varied physics
        or at several times; their galaxies never go to different splits.
    """

    hi: Literal["auto", "snapshot", "rahmati2013", "temperature", "all"] = "auto"
    molecular: Literal["blitz2006", "leroy2008", "none"] = "blitz2006"
    star_types: tuple[int, ...] = (4,)
    boundary_types: tuple[int, ...] = (2, 3)
    unit_length_kpc: float | None = None
    unit_mass_msun: float | None = None
    unit_velocity_kms: float | None = None
    radius_fraction: float = 0.2
    min_stars: int = 100
    region_pattern: str | None = None

    _block = "snapshots"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            **{
                name: (getattr(self, name) is None or getattr(self, name) > 0, "null or positive")
                for name in ("unit_length_kpc", "unit_mass_msun", "unit_velocity_kms")
            },
            "radius_fraction": (self.radius_fraction > 0, "positive"),
            "min_stars": (self.min_stars >= 0, "zero or positive"),
        }


@dataclass(frozen=True)
class SplitConfig(_Checked):
    """How galaxies are divided; always by host, never by view.

    Parameters
    ----------
    validation
        Share of hosts for choices (early stopping, settings).
    test
        Share of hosts for the final numbers.
    """

    validation: float = 0.15
    test: float = 0.15

    _block = "data.split"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "validation": (0 <= self.validation < 1, "between 0 and 1, without 1"),
            "test": (0 <= self.test < 1 - self.validation, "between 0 and what validation leaves"),
        }


@dataclass(frozen=True)
class DataConfig(_Checked):
    """All that changes the bytes of a data set, but for its source and seed.

    Parameters
    ----------
    views
        Projections.
    stars
        Star maps.
    gas
        HI moment maps.
    truth
        Radii of the target.
    effects
        What observing does to the data.
    selection
        Which galaxies enter.
    split
        Training, validation and test.
    galaxies_per_shard
        Galaxies in one folder of arrays.
    """

    views: ViewConfig = field(default_factory=ViewConfig)
    stars: StarMapConfig = field(default_factory=StarMapConfig)
    gas: HIMapConfig = field(default_factory=HIMapConfig)
    truth: TruthConfig = field(default_factory=TruthConfig)
    effects: EffectsConfig = field(default_factory=EffectsConfig)
    selection: SelectionConfig = field(default_factory=SelectionConfig)
    split: SplitConfig = field(default_factory=SplitConfig)
    galaxies_per_shard: int = 64

    _block = "data"

    @property
    def least_stars(self) -> int:
        """Fewest stars of a sample, with the effects of observing or without."""
        return min(self.stars.min_stars, self.effects.min_stars) if self.effects.share else self.stars.min_stars

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "gas.n_pixels": (self.gas.n_pixels == self.stars.n_pixels, f"stars.n_pixels, {self.stars.n_pixels}"),
            "galaxies_per_shard": (self.galaxies_per_shard >= 1, "at least 1"),
        }


@dataclass(frozen=True)
class ModelConfig(_Checked):
    """Network and flow (§3.2 of the paper; layer sizes are ours).

    Parameters
    ----------
    tracers
        ``star``, ``gas`` or ``stargas``: which maps and scalars the network is given; or ``any``, for one network that
        answers with either or both.
    design
        ``paper`` for branches of convolutions and dense layers (§3.2 of the paper); ``fusion`` for maps that are
        embedded beside the numbers, and residual blocks.
    filters
        Filters of the convolution blocks of each branch: two in the paper's design. None for a network without maps.
    kernel_size
        Side of the convolution kernels [pixels].
    first_stride
        Stride of the first convolution [pixels]; 2 saves most of the arithmetic.
    dense
        Widths of the dense layers, or of the residual blocks, before the 32 features.
    n_features
        Width of the penultimate layer, which feeds the flow (paper: 32); of each member.
    members
        Networks of the fusion design side by side, whose mean is taken.
    dropout
        Dropout rate after the convolution blocks and between dense layers.
    flow_transforms
        Masked autoregressive transforms of the flow.
    flow_hidden
        Widths of the hidden layers of each transform.
    whiten
        Rotate the ten outputs to uncorrelated unit variance before the flow (ours: yes).
    gas_knows_R_hl
        Give R_hl to the gas model too, since the masses are asked for at multiples of it (paper: no).
    numbers
        Give the network what is measured on the stars as a set and on the HI maps, and how good the data are, beside
        maps and scalars (paper: no).
    baseline
        What the network's masses are relative to: the ``mean`` of the training set (paper), or a linear fit in the
        logarithms of the ``scalars`` of the tracers that are there.
    priors
        Suites of the training set that a user may choose as prior; galaxies of others have none (paper: no choice).
    calibrate
        Widen or narrow the flow after training until the central 68 % of the validation split is right (paper: no).
    """

    tracers: Literal["star", "gas", "stargas", "any"] = "stargas"
    design: Literal["paper", "fusion"] = "paper"
    filters: tuple[int, ...] = (8, 16)
    kernel_size: int = 3
    first_stride: int = 2
    dense: tuple[int, ...] = (128, 64)
    n_features: int = 32
    members: int = 1
    dropout: float = 0.1
    flow_transforms: int = 4
    flow_hidden: tuple[int, ...] = (64, 64)
    whiten: bool = True
    gas_knows_R_hl: bool = False  # noqa: N815 (the field's own name)
    numbers: bool = False
    baseline: Literal["mean", "scalars"] = "mean"
    priors: tuple[str, ...] = ()
    calibrate: bool = False

    _block = "model"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "filters": (
                min(self.filters, default=1) >= 1 and (self.design == "fusion" or len(self.filters) == 2),
                "at least 1 each, and two in the paper's design",
            ),
            "design": (self.design == "paper" or bool(self.dense), "paper where there are no dense layers"),
            "kernel_size": (self.kernel_size >= 1 and self.kernel_size % 2 == 1, "an odd number of pixels"),
            "first_stride": (self.first_stride >= 1, "at least 1"),
            "dense": (min(self.dense, default=1) >= 1, "at least 1 each"),
            "n_features": (self.n_features >= 1, "at least 1"),
            "members": (self.members == 1 or (self.members > 1 and self.design == "fusion"), "1, or more in a fusion"),
            "dropout": (0 <= self.dropout < 1, "between 0 and 1, without 1"),
            "flow_transforms": (self.flow_transforms >= 1, "at least 1"),
            "flow_hidden": (min(self.flow_hidden, default=0) >= 1, "one or more widths of at least 1"),
        }


@dataclass(frozen=True)
class TrainingConfig(_Checked):
    """The two stages of training.

    Parameters
    ----------
    batch_size
        Samples per step.
    epochs
        Most passes over the training set for the network.
    learning_rate
        Peak learning rate of the network (one-cycle schedule).
    weight_decay
        Weight decay of AdamW.
    patience
        Epochs without a better validation loss before a stage stops.
    flow_epochs
        Most passes for the flow.
    flow_learning_rate
        Peak learning rate of the flow (one-cycle schedule).
    cold_gas_only
        Train on galaxies of the cold-gas set alone, as the paper does from its Fig. 5 on.
    augment
        Turn and mirror the sky of all maps of a sample together, and change the sign of all its velocities, anew
        in every epoch (paper: no).
    all_tracers
        Of a model of any tracers: share of the samples that keep all they have. The others are equally seen without
        gas, without stars, and without stars and R_hl.
    told_prior
        Of a model with priors: share of the samples whose prior is told.
    number_noise
        Standard deviation of noise that is added to the standardized numbers in training (paper: none).
    auxiliary
        Of the fusion design: weight of the error of cos i beside that of the masses.
    """

    batch_size: int = 128
    epochs: int = 20
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    patience: int = 8
    flow_epochs: int = 30
    flow_learning_rate: float = 3e-3
    cold_gas_only: bool = True
    augment: bool = False
    all_tracers: float = 0.5
    told_prior: float = 0.5
    number_noise: float = 0.0
    auxiliary: float = 0.0

    _block = "training"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "batch_size": (self.batch_size >= 1, "at least 1"),
            "epochs": (self.epochs >= 1, "at least 1"),
            "learning_rate": (self.learning_rate > 0, "positive"),
            "weight_decay": (self.weight_decay >= 0, "zero or positive"),
            "patience": (self.patience >= 1, "at least 1"),
            "flow_epochs": (self.flow_epochs >= 1, "at least 1"),
            "flow_learning_rate": (self.flow_learning_rate > 0, "positive"),
            "all_tracers": (0 <= self.all_tracers <= 1, "between 0 and 1"),
            "told_prior": (0 <= self.told_prior <= 1, "between 0 and 1"),
            "number_noise": (self.number_noise >= 0, "zero or positive"),
            "auxiliary": (self.auxiliary >= 0, "zero or positive"),
        }


@dataclass(frozen=True)
class LocalConfig(_Checked):
    """What cannot change a result.

    Parameters
    ----------
    workers
        Processes; all cores if null.
    scheduler
        Address of a Dask scheduler to build on instead of local processes.
    devices
        Devices per node for training.
    nodes
        Nodes for training.
    accelerator
        What Lightning trains on: ``auto``, ``cpu`` or ``gpu``.
    memory_gb
        Memory [10⁹ bytes] that training may fill with prepared maps; a larger set is read as it is needed.
    progress
        Show progress bars.
    """

    workers: int | None = None
    scheduler: str | None = None
    devices: int = 1
    nodes: int = 1
    accelerator: Literal["auto", "cpu", "gpu"] = "auto"
    memory_gb: float = 4.0
    progress: bool = True

    _block = "local"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "workers": (self.workers is None or self.workers >= 1, "null or at least 1"),
            "devices": (self.devices >= 1, "at least 1"),
            "nodes": (self.nodes >= 1, "at least 1"),
            "memory_gb": (self.memory_gb >= 0, "zero or positive"),
        }


def settings_from(kind: type[T], values: Mapping[str, Any]) -> T:
    """Make settings from plain data, as JSON keeps them.

    Parameters
    ----------
    kind
        Class of the settings.
    values
        Field → value; mappings become settings of their own, lists tuples. Missing fields get their default.

    Raises
    ------
    TypeError
        If a field is unknown, as in settings of a later version.
    ValueError
        If a value is not possible.
    """
    hints = get_type_hints(kind)

    def typed(name: str, value: Any) -> Any:  # noqa: ANN401 (any field)
        if is_dataclass(hints.get(name)) and isinstance(value, Mapping):
            return settings_from(hints[name], value)
        return tuple(value) if isinstance(value, list) else value

    return kind(**{name: typed(name, value) for name, value in values.items()})
