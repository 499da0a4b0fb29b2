"""Samples of galaxies on the sky: what is observed of each tracer, and how."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stargas.config import DataConfig, ViewConfig
from stargas.errors import InputError
from stargas.features.star_features import STAR_FEATURES, measure_stars
from stargas.galaxy import Galaxy
from stargas.map_settings import pretrained_settings
from stargas.randomness import rng_for
from stargas.sample.declaration import FIELDS, QUALITY, SCALARS, STAR_SET
from stargas.sample.sample import Sample
from stargas.sample.truth import Truth
from stargas.sky.channels import channels_of
from stargas.sky.degradation import Degradation, angle_by_gradient, draw_degradation
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


def make_sample(
    sky: SkyGalaxy,
    rng: np.random.Generator,
    config: DataConfig | None = None,
    stars: NDArray[np.intp] | None = None,
    truth: Truth | None = None,
) -> Sample:
    """Make the sample of a galaxy on the sky.

    Parameters
    ----------
    sky
        A projected galaxy, or an observer's data. Either tracer may be missing, not both.
    rng
        Chooses stars where ``stars`` is None and there are too many, and draws the noise of the HI maps.
    config
        Settings of maps and truth: ``model.data_config`` for a model; those of the pretrained model if None.
    stars
        Indices of the stars that are observed, shape (k,). If None, all of ``sky``, up to the largest number that a
        sample may have; of a simulated galaxy, with settings under which views share its stars, one share.
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
        shared = sky.galaxy is not None and config.views.stars == "disjoint"
        views = config.views if shared else ViewConfig(n_views=1)
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
