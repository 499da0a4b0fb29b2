"""The block ``data``: all that changes the bytes of a data set, but for its source and seed."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from stargas.config.checked import Checked, between, positive

PAPER_RADII = (
    0.6,
    0.7999999999999999,
    1.0,
    1.2,
    1.4,
    1.5999999999999999,
    1.7999999999999998,
    2.0,
    2.1999999999999997,
    2.4,
)
"""The paper's ten radii [R_hl], to the last bit those of ``numpy.linspace(0.6, 2.4, 10)``."""


MAX_PIXELS, MAX_CHANNELS, MAX_STARS, MAX_KEPT, MAX_RADII = 1024, 10_000, 10_000_000, 100_000, 100
"""Largest maps, bands, samples, sets of stars and profiles: far beyond what is of use, and within the memory of a
machine."""


@dataclass(frozen=True)
class ViewConfig(Checked):
    """From how many and which sides a galaxy is seen.

    Parameters
    ----------
    n_views
        Projections per galaxy (paper: 12), of rising inclination.
    inclination
        cos i is at the ``midpoints`` of equal intervals, where 12 views are moved to contain 30°, 60° and 90° exactly
        (ours), or ``stratified``: drawn within each of them, so that a few views of many galaxies are of all
        inclinations, 0° included.
    position_angle
        ``aligned`` puts the receding side of the stars' true rotation on +x, as an observer would who knew it (ours);
        ``gradient`` the side toward which the observed velocities of the stars rise, at random where they show no
        gradient; ``random`` draws it.
    stars
        ``disjoint`` shares the stars of a galaxy out among its views (paper); ``any_number`` draws for each view how
        many of them have velocities, from ``data.stars.min_stars`` to all, more often many than few.
    """

    n_views: int = 12
    inclination: Literal["midpoints", "stratified"] = "midpoints"
    position_angle: Literal["aligned", "gradient", "random"] = "aligned"
    stars: Literal["disjoint", "any_number"] = "disjoint"

    _block = "data.views"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "n_views": between(self.n_views, 1, 1000),
        }


@dataclass(frozen=True)
class StarMapConfig(Checked):
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
        Smallest number of stars of a sample (paper: 100). A galaxy with fewer is an error.
    max_stars
        Largest number of stars of a sample (paper: 10⁴).
    kept
        Stars that a sample keeps beside their maps, drawn at random where it has more (paper: none). 0 keeps none.
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
    kept: int = 0

    _block = "data.stars"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "n_pixels": between(self.n_pixels, 4, MAX_PIXELS),
            "xy_limit": positive(self.xy_limit, 100),
            "radius_limit": positive(self.radius_limit, 100),
            "velocity_limit": positive(self.velocity_limit, 100),
            "bandwidth": (
                self.bandwidth == "scott" or 0 < float(self.bandwidth) <= 100,
                "scott, or positive and at most 100",
            ),
            "bandwidth_factor": positive(self.bandwidth_factor, 100),
            "min_stars": (self.min_stars >= 3, "at least 3, since fewer stars have no density"),
            "max_stars": (
                self.min_stars <= self.max_stars <= MAX_STARS,
                f"at least min_stars, {self.min_stars}, and at most {MAX_STARS}",
            ),
            "kept": between(self.kept, 0, MAX_KEPT),
        }


@dataclass(frozen=True)
class HIMapConfig(Checked):
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
            "n_pixels": between(self.n_pixels, 4, MAX_PIXELS),
            "half_width": positive(self.half_width, 100),
            "channel_width_kms": between(self.channel_width_kms, 0.01, 1000),
            "n_channels": between(self.n_channels, 1, MAX_CHANNELS),
            "line_width_kms": (
                self.line_width_kms is None or 0 < self.line_width_kms <= 1000,
                "null, or positive and at most 1000",
            ),
            "mask_cm2": between(self.mask_cm2, 0, 1e24),
            "distance_mpc": positive(self.distance_mpc, 1e4),
            "noise_msun_pc2": between(self.noise_msun_pc2, 0, 1e4),
            "beam_fwhm_kpc": (
                0 < self.beam_fwhm_kpc <= 1000 or (self.beam_fwhm_kpc == 0 and not self.noise_msun_pc2),
                "positive where there is noise, which is per beam, never negative, and at most 1000",
            ),
            "clip_sigma": (
                self.clip_sigma == 0 or (0 < self.clip_sigma <= 1000 and self.noise_msun_pc2 > 0),
                "zero, or positive and at most 1000 where noise_msun_pc2, its unit, is positive too",
            ),
        }


@dataclass(frozen=True)
class DegradationConfig(Checked):
    """How the samples of simulated galaxies are degraded as observations are (ours; the paper's are perfect).

    Parameters
    ----------
    share
        Fraction of the views that are degraded; the others stay perfect. 0 for none.
    each
        Probability that a given effect acts on a degraded view, with a strength drawn uniformly up to its maximum.
    min_stars
        Smallest number of stars with velocities; the number is drawn uniformly in its logarithm.
    velocity_error_kms
        Largest typical error of the velocities [km/s], and never more than the dispersion.
    interlopers
        Largest fraction of stars that do not belong to the galaxy.
    interloper_radius
        Interlopers lie within this many R_hl.
    beam_pixels
        Largest FWHM of the beam in pixels of the HI maps.
    min_limit_cm2, max_limit_cm2
        Range of the column density [atoms/cm²] below which HI is not seen, drawn uniformly in its logarithm.
    selection_radius_dex
        The stars with velocities are chosen around a radius whose log10 over R_hl is drawn up to this, to both sides;
        positions of all stars stay those of photometry. 0 chooses at random.
    edges
        Probability that a degraded view has stars with velocities inside a radius alone, as a spectrograph of a small
        field sees them, or outside of one.
    error_range_dex
        Largest range of log10 of the errors of single stars within a sample.
    binaries
        Largest fraction of stars with a companion, whose orbits widen the velocities where the dispersion is small.
    interloper_velocity
        Largest mean velocity of the interlopers, in dispersions of the galaxy. 0 spreads them evenly in velocity.
    center_offset
        Largest error of the center [R_hl].
    velocity_offset
        Largest error of the systemic velocity [dispersions].
    unknown_angle
        Probability that the position angle of a degraded view is known from the gradient of the velocities alone.
    photometry
        Probability that a degraded view has a photometric catalog of all stars, which the xy map shows.
    """

    share: float = 0.0
    each: float = 0.6
    min_stars: int = 30
    velocity_error_kms: float = 10.0
    interlopers: float = 0.1
    interloper_radius: float = 4.0
    beam_pixels: float = 8.0
    min_limit_cm2: float = 1e19
    max_limit_cm2: float = 3e20
    selection_radius_dex: float = 0.0
    edges: float = 0.0
    error_range_dex: float = 0.0
    binaries: float = 0.0
    interloper_velocity: float = 0.0
    center_offset: float = 0.0
    velocity_offset: float = 0.0
    unknown_angle: float = 0.0
    photometry: float = 0.0

    _block = "data.degradation"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "share": (0 <= self.share <= 1, "between 0 and 1"),
            "each": (0 <= self.each <= 1, "between 0 and 1"),
            "min_stars": (self.min_stars >= 3, "at least 3, since fewer stars have no density"),
            "velocity_error_kms": between(self.velocity_error_kms, 0, 1000),
            "interlopers": (0 <= self.interlopers < 1, "between 0 and 1, without 1"),
            "interloper_radius": positive(self.interloper_radius, 1000),
            "beam_pixels": between(self.beam_pixels, 0, 1000),
            "min_limit_cm2": positive(self.min_limit_cm2, 1e24),
            "max_limit_cm2": (
                self.min_limit_cm2 <= self.max_limit_cm2 <= 1e24,
                f"at least min_limit_cm2, {self.min_limit_cm2:g}, and at most 1e24",
            ),
            "selection_radius_dex": (0 <= self.selection_radius_dex <= 1, "between 0 and 1"),
            "edges": (0 <= self.edges <= 1, "between 0 and 1"),
            "error_range_dex": (0 <= self.error_range_dex <= 2, "between 0 and 2"),
            "binaries": (0 <= self.binaries <= 1, "between 0 and 1"),
            "interloper_velocity": between(self.interloper_velocity, 0, 1000),
            "center_offset": between(self.center_offset, 0, 100),
            "velocity_offset": between(self.velocity_offset, 0, 100),
            "unknown_angle": (0 <= self.unknown_angle <= 1, "between 0 and 1"),
            "photometry": (0 <= self.photometry <= 1, "between 0 and 1"),
        }


@dataclass(frozen=True)
class TruthConfig(Checked):
    """Radii inside which the mass is inferred.

    Parameters
    ----------
    radii
        In units of R_hl, rising (paper: ten from 0.6 to 2.4).
    """

    radii: tuple[float, ...] = PAPER_RADII

    _block = "data.truth"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        rising = all(inner < outer for inner, outer in itertools.pairwise((0.0, *self.radii)))
        possible = rising and 1 <= len(self.radii) <= MAX_RADII and self.radii[-1] <= 1000
        return {"radii": (possible, f"1 to {MAX_RADII} positive, rising numbers up to 1000")}


@dataclass(frozen=True)
class SelectionConfig(Checked):
    """Which galaxies enter a data set (§2.3 of the paper).

    Parameters
    ----------
    min_log10_stellar_mass
        Lowest log10 M* [Msun] (paper: 5.5).
    max_log10_stellar_mass
        Highest log10 M* [Msun] (paper: 11).
    min_stars
        Smallest number of star particles (paper: 100).
    min_gas
        Smallest number of gas particles (paper: 100; ours: 0, which lets galaxies without gas through as "no gas").
    min_high_resolution_fraction
        Smallest mass fraction in high-resolution particles, where the source knows it (paper: 0.95).
    cold_gas_cut
        Keep the cold-gas set alone: M_HI above ``min_log10_cold_gas_mass`` and ``min_cold_gas_fraction`` of M*.
    min_log10_cold_gas_mass
        Lowest log10 M_HI [Msun] of the cold-gas set (paper: 7.5).
    min_cold_gas_fraction
        Lowest M_HI/M* of the cold-gas set (paper: 0.1).
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
class SplitConfig(Checked):
    """How galaxies are divided; always by host, never by view.

    Parameters
    ----------
    validation
        Fraction of the hosts that choices are made on (early stopping, settings).
    test
        Fraction of the hosts that final results are measured on.
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
class DataConfig(Checked):
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
    degradation
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
    degradation: DegradationConfig = field(default_factory=DegradationConfig)
    selection: SelectionConfig = field(default_factory=SelectionConfig)
    split: SplitConfig = field(default_factory=SplitConfig)
    galaxies_per_shard: int = 64

    _block = "data"

    @property
    def min_stars(self) -> int:
        """Smallest number of stars of a sample, degraded or not."""
        return min(self.stars.min_stars, self.degradation.min_stars) if self.degradation.share else self.stars.min_stars

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            "gas.n_pixels": (self.gas.n_pixels == self.stars.n_pixels, f"stars.n_pixels, {self.stars.n_pixels}"),
            "galaxies_per_shard": between(self.galaxies_per_shard, 1, 100_000),
        }
