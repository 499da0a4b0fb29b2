"""The samples of one galaxy: as measured, and as it may be within the errors of its inputs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from stargas.config import DataConfig
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.observed.draws import Input, draw_galaxies, uncertain_inputs
from stargas.observed.galaxy import ObservedGalaxy
from stargas.randomness import rng_for
from stargas.remarks import Remark
from stargas.sample import Sample, Truth, make_sample, with_exact
from stargas.sky.projection import SkyGalaxy

QUALITY_OF_INPUT: Mapping[Input, str] = MappingProxyType(
    {"velocities": "velocity_error_kms", "HI noise": "noise_msun_pc2"}
)
"""Inputs whose errors a model may be conditioned on → entry of `stargas.sample.declaration.QUALITY` that states it."""


WEST_DEG = 270.0
"""Position angle of the west [deg], north through east."""

NO_LIGHT = Remark(
    "photometry not used",
    "The model has not learned from photometric catalogs, so it uses no more of this one than R_hl: its map of "
    "positions shows the stars with velocities.",
)
"""Remark where a photometric catalog is not shown to the model."""


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
    free
        Inputs that vary in ``mixed``.
    exact
        Input whose error the model is conditioned on → the galaxy as measured, its error of this kind stated as zero.
    remarks
        What was changed to make the samples.
    galaxy
        The observation; None for a sample, and for a galaxy on the sky without one.
    vary
        Makes realizations in which the named inputs vary; called when they are needed, as they take time.
    """

    nominal: Sample
    mixed: tuple[Sample, ...]
    free: tuple[Input, ...] = ()
    exact: Mapping[Input, Sample] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    galaxy: ObservedGalaxy | None = None
    vary: Callable[[tuple[Input, ...]], tuple[Sample, ...]] = lambda _: ()

    @cached_property
    def varied(self) -> Mapping[Input, tuple[Sample, ...]]:
        """Input → realizations in which it alone varies."""
        return {name: self.vary((name,)) if len(self.free) > 1 else self.mixed for name in self.free}

    @cached_property
    def all_varied(self) -> tuple[Sample, ...]:
        """Realizations in which every uncertain input varies, for formulas that are not conditioned on anything."""
        return self.vary((*self.free, *self.exact)) if "HI noise" in self.exact else self.mixed


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
        Root seed. Of too many stars each realization keeps the same ones.

    Raises
    ------
    InputError
        As `stargas.sample.observation.make_sample`.
    """
    if isinstance(galaxy, Sample):
        return Realizations(galaxy, (galaxy,))
    config, remarks = _settings(posterior, None if galaxy.stars is None else len(galaxy.stars))
    shows_light = galaxy.photometry is None or bool(config.degradation.photometry)
    if not shows_light and galaxy.stars is not None:
        remarks += (NO_LIGHT,)
    if isinstance(galaxy, SkyGalaxy):
        sky = galaxy if shows_light else replace(galaxy, photometry=None)
        sample = make_sample(sky, rng_for(seed, "observed sample"), config)
        return Realizations(sample, (sample,), remarks=remarks)
    uncertain = uncertain_inputs(galaxy)

    def samples(*galaxies: ObservedGalaxy) -> tuple[Sample, ...]:
        shown = galaxies if shows_light else [replace(one, photometry=None) for one in galaxies]
        return tuple(
            make_sample(one.sky_galaxy(), rng_for(seed, "observed sample"), config, truth=Truth(row=_row(one)))
            for one in shown
        )

    (nominal,) = samples(galaxy)
    if np.any(nominal.tracers != [galaxy.stars is not None, galaxy.hi is not None]):
        text = "The HI nowhere reaches 1 Msun/pc², so it has no R_HI and counts as no gas."
        remarks += (Remark("faint HI", text),)
    conditions = getattr(posterior, "conditions_on_quality", False)
    exact = {
        name: with_exact(nominal, QUALITY_OF_INPUT[name])
        for name in uncertain
        if conditions and name in QUALITY_OF_INPUT
    }
    free = tuple(name for name in uncertain if name not in exact)

    def vary(names: tuple[Input, ...]) -> tuple[Sample, ...]:
        return samples(*draw_galaxies(galaxy, n, seed, names))

    return Realizations(nominal, vary(free) if free else (nominal,), free, exact, remarks, galaxy, vary)


def _row(galaxy: ObservedGalaxy) -> dict[str, Any]:
    """Return name and distance of a galaxy, and the position angle of the x axis of its maps: west, north being up."""
    angle = galaxy.position_angle_deg
    return {
        "galaxy_id": galaxy.name,
        "x_position_angle_deg": WEST_DEG if angle is None else angle,
        "distance_kpc": galaxy.distance_kpc,
    }


def _settings(posterior: PosteriorLike, n_stars: int | None) -> tuple[DataConfig, tuple[Remark, ...]]:
    """Return the settings of the model's samples, which accept as few stars as there are, and a remark if so."""
    config = getattr(posterior, "data_config", None) or DataConfig()
    if n_stars is None or n_stars >= config.min_stars:
        return config, ()
    remark = Remark(
        "fewer stars than learned",
        f"There are {n_stars} members and the model learned from samples of {config.min_stars} stars and more: its "
        "errors need not hold for so few.",
    )
    stars, degradation = (
        replace(config.stars, min_stars=n_stars),
        replace(config.degradation, min_stars=n_stars),
    )
    return replace(config, stars=stars, degradation=degradation), (remark,)
