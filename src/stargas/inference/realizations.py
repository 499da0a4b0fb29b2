"""The samples of one galaxy: as measured, and as it may be within the errors of its inputs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from stargas.config import DataConfig
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.observed import star_draws
from stargas.observed.galaxy import ObservedGalaxy
from stargas.observed.hi_draws import draw_hi
from stargas.randomness import rng_for
from stargas.sample import QUALITY, Sample, make_sample
from stargas.sky.projection import SkyGalaxy

if TYPE_CHECKING:
    from stargas.observed.hi import ObservedHI

Input = Literal["distance", "R_hl", "velocities", "HI noise"]
INPUTS: tuple[Input, ...] = ("distance", "R_hl", "velocities", "HI noise")
"""What realizations vary."""

QUALITY_OF_INPUT: Mapping[Input, str] = MappingProxyType(
    {"velocities": "velocity_error_kms", "HI noise": "noise_msun_pc2"}
)
"""Inputs whose errors a model may be conditioned on → entry of `stargas.sample.QUALITY` that states the error."""


@dataclass(frozen=True, eq=False)
class Realizations:
    """Samples of one galaxy.

    Parameters
    ----------
    nominal
        The galaxy as measured.
    mixed
        Realizations in which all inputs vary whose errors the model is not conditioned on; the galaxy as measured
        alone where there are none.
    varied
        Input → realizations in which it alone varies.
    exact
        Input whose error the model is conditioned on → the galaxy as measured, its error of this kind stated as zero.
    all_varied
        Realizations in which every uncertain input varies, for formulas that are not conditioned on anything.
    warnings
        What was changed to make the samples.
    """

    nominal: Sample
    mixed: tuple[Sample, ...]
    varied: Mapping[Input, tuple[Sample, ...]] = field(default_factory=dict)
    exact: Mapping[Input, Sample] = field(default_factory=dict)
    all_varied: tuple[Sample, ...] = ()
    warnings: tuple[str, ...] = ()


def make_realizations(
    galaxy: Sample | SkyGalaxy | ObservedGalaxy, posterior: PosteriorLike, n: int, seed: int
) -> Realizations:
    """Make the samples of a galaxy with the settings of a model.

    Parameters
    ----------
    galaxy
        A sample stays as it is, and has no errors beside those in its ``quality``.
    posterior
        The model.
    n
        Realizations of the inputs of an observed galaxy.
    seed
        Root seed.

    Raises
    ------
    InputError
        As `stargas.sample.make_sample`.
    """
    if isinstance(galaxy, Sample):
        return Realizations(galaxy, (galaxy,))
    if isinstance(galaxy, SkyGalaxy):
        config, warnings = _settings(posterior, None if galaxy.stars is None else len(galaxy.stars))
        sample = make_sample(galaxy, rng_for(seed, "observed sample"), config)
        return Realizations(sample, (sample,), warnings=warnings)
    config, warnings = _settings(posterior, None if galaxy.stars is None else len(galaxy.stars))

    def samples(vary: tuple[Input, ...]) -> tuple[Sample, ...]:
        return tuple(_sample(drawn, config, seed) for drawn in draw_galaxies(galaxy, n, seed, vary))

    nominal = _sample(galaxy, config, seed)
    if np.any(nominal.tracers != [galaxy.stars is not None, galaxy.hi is not None]):
        warnings += ("The HI nowhere reaches 1 Msun/pc², so it has no R_HI and counts as no gas.",)
    uncertain = uncertain_inputs(galaxy)
    conditions = getattr(posterior, "conditions_on_quality", False)
    exact = {name: _as_if_exact(nominal, name) for name in uncertain if conditions and name in QUALITY_OF_INPUT}
    free = tuple(name for name in uncertain if name not in exact)
    mixed = samples(free) if free else (nominal,)
    return Realizations(
        nominal,
        mixed,
        varied={name: samples((name,)) if len(free) > 1 else mixed for name in free},
        exact=exact,
        all_varied=samples(uncertain) if "HI noise" in exact else mixed,
        warnings=warnings,
    )


def _settings(posterior: PosteriorLike, n_stars: int | None) -> tuple[DataConfig, tuple[str, ...]]:
    """Return the settings of the model's samples, which accept as few stars as there are, and a warning if so."""
    config = getattr(posterior, "data_config", None) or DataConfig()
    if n_stars is None or n_stars >= config.min_stars:
        return config, ()
    warning = (
        f"There are {n_stars} members and the model learned from samples of {config.min_stars} stars and more: its "
        "errors need not hold for so few."
    )
    stars, degradation = (
        replace(config.stars, min_stars=n_stars),
        replace(config.degradation, min_stars=n_stars),
    )
    return replace(config, stars=stars, degradation=degradation), (warning,)


def _sample(galaxy: ObservedGalaxy, config: DataConfig, seed: int) -> Sample:
    """Make the network's input; of too many stars each realization keeps the same ones."""
    sample = make_sample(galaxy.sky_galaxy(), rng_for(seed, "observed sample"), config)
    return replace(sample, row={**sample.row, "galaxy_id": galaxy.name})


def _as_if_exact(sample: Sample, name: Input) -> Sample:
    """Return the same data with one of their errors stated as zero."""
    quality = sample.quality.copy()
    quality[QUALITY.index(QUALITY_OF_INPUT[name])] = 0.0
    return replace(sample, quality=quality)


def uncertain_inputs(galaxy: ObservedGalaxy) -> tuple[Input, ...]:
    """Return the inputs of a galaxy that have an error."""
    has = {
        "distance": galaxy.distance_kpc is not None and galaxy.distance_error_kpc > 0,
        "R_hl": galaxy.R_hl_error_kpc > 0,
        "velocities": galaxy.stars is not None and bool(galaxy.stars.v_los_error_kms.any()),
        "HI noise": galaxy.hi is not None and galaxy.hi.noise_msun_pc2 > 0,
    }
    return tuple(name for name in INPUTS if has[name])


def draw_galaxies(galaxy: ObservedGalaxy, n: int, seed: int, vary: tuple[Input, ...] = INPUTS) -> list[ObservedGalaxy]:
    """Draw realizations of an observed galaxy.

    Parameters
    ----------
    galaxy
        As measured.
    n
        Number of realizations.
    seed
        Root seed: an input has the same values in every call, whatever varies beside it.
    vary
        Which of `INPUTS`. Distance and R_hl are Gaussian in their logarithm, and the same for both tracers; velocities
        as in `stargas.observed.star_draws.draw_inputs`, noise of the HI as in `stargas.observed.hi_draws.draw_hi`.
    """
    if galaxy.stars is not None:
        of_stars = cast("tuple[star_draws.Input, ...]", tuple(name for name in vary if name != "HI noise"))
        stars = star_draws.draw_inputs(galaxy.stars, n, rng_for(seed, "observed stars"), of_stars)
        drawn = [replace(galaxy, stars=one, R_hl_kpc=one.R_hl_kpc, distance_kpc=one.distance_kpc) for one in stars]
    else:
        drawn = _draw_without_stars(galaxy, n, seed, vary)
    if galaxy.hi is None:
        return drawn
    hi: list[ObservedHI] = [galaxy.hi] * n
    if "HI noise" in vary:
        hi = draw_hi(galaxy.hi, n, rng_for(seed, "observed HI"), np.full(n, galaxy.hi.distance_kpc))
    return [
        replace(one, hi=own if one.distance_kpc is None else own.at_distance(one.distance_kpc))
        for one, own in zip(drawn, hi, strict=True)
    ]


def _draw_without_stars(galaxy: ObservedGalaxy, n: int, seed: int, vary: tuple[Input, ...]) -> list[ObservedGalaxy]:
    """Draw distance and R_hl of a galaxy that is observed in HI alone."""
    normal = rng_for(seed, "observed stars").standard_normal((n, 2))
    stretch, R_hl = np.ones(n), np.full(n, galaxy.R_hl_kpc)
    distance = galaxy.distance_kpc
    if "distance" in vary and distance is not None:
        stretch = np.exp(normal[:, 0] * galaxy.distance_error_kpc / distance)
    if "R_hl" in vary:
        R_hl = R_hl * np.exp(normal[:, 1] * galaxy.R_hl_error_kpc / galaxy.R_hl_kpc)
    return [
        replace(galaxy, distance_kpc=None if distance is None else distance * float(s), R_hl_kpc=float(R * s))
        for s, R in zip(stretch, R_hl, strict=True)
    ]
