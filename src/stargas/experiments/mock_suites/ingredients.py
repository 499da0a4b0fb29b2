"""What each ingredient of a suite does to mass estimates: the same galaxies without it, one ingredient at a time.

Two questions are answered for each ingredient. How much of the scatter of the formulas, and of the error of boosted
trees that have learned from such galaxies, comes from it? And how much worse are trees on the galaxies of the whole
suite if they have learned from galaxies without it? Galaxies that do not have the ingredient are not made again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stargas.baselines.estimators import estimate_mass
from stargas.baselines.tree_features import hand_features
from stargas.baselines.trees import fit_features
from stargas.batch import Batch
from stargas.config import ModelConfig, TruthConfig, ViewConfig
from stargas.constants import G
from stargas.errors import InputError
from stargas.experiments.mock_suites.measure import Workers
from stargas.experiments.mock_suites.realism import spread
from stargas.galaxy import FloatArray
from stargas.map_settings import pretrained_settings
from stargas.randomness import rng_for
from stargas.sample import SCALARS, make_samples
from stargas.simulations.mock_suites.physics import INGREDIENTS
from stargas.simulations.mock_suites.suites import MockSuite
from stargas.sky.view import MIN_INCLINATION_DEG

N_VIEWS = 2
"""Views per galaxy."""

RADII_R_HL = (0.6, 1.0, 2.4)
"""Radii of the masses that trees predict."""

N_FOLDS = 4
"""Trees are fitted to all galaxies but one part of so many, and tested on that part."""

N_BOOTSTRAP = 200
"""Resamplings of the galaxies for the errors of the table."""

MODEL = ModelConfig(tracers="any", features=True)
"""Stars, HI or both, with features of the stars as a set."""


DISTURBANCES = tuple(name for name in INGREDIENTS if name.startswith("gas_"))
"""Ingredients that do not appear among the drawn properties of a galaxy."""


@dataclass(frozen=True, eq=False)
class Measured:
    """A galaxy as mass estimates see it, one row per view.

    Parameters
    ----------
    features
        What trees learn from, shape (n_views, k).
    masses
        log10 M [Msun] inside `RADII_R_HL`, shape (n_views, 3).
    wolf, hi_rotation
        Wolf+10 and v²R/G at R_HI (true inclination, above 30°) over the true mass, shape (n_views,).
    """

    features: NDArray[np.float32]
    masses: FloatArray
    wolf: FloatArray
    hi_rotation: FloatArray


def measure(suite: MockSuite, index: int) -> Measured:
    """Make one galaxy and measure it in `N_VIEWS` views."""
    galaxy = suite[index]
    config = replace(pretrained_settings(), views=ViewConfig(N_VIEWS), truth=TruthConfig(RADII_R_HL))
    samples = make_samples(galaxy, config, suite.seed)
    batch = Batch.stack(samples)
    known = {name: batch.scalars[:, column].astype(float) for column, name in enumerate(SCALARS)}
    r, wolf = estimate_mass("wolf2010", known["sigma_kms"], known["R_hl_kpc"])
    inclination = np.array([sample.row["inclination_deg"] for sample in samples])
    tilted = (inclination >= MIN_INCLINATION_DEG) & batch.tracers[:, 1]
    R_HI = np.where(tilted, known["R_HI_kpc"], np.nan)
    v = known["v_cold_kms"] / np.sin(np.radians(np.where(tilted, inclination, 90.0)))
    inside = np.full(len(samples), np.nan)
    inside[tilted] = galaxy.enclosed_mass(R_HI[tilted])
    return Measured(
        hand_features(batch, MODEL),
        batch.log10_mass.astype(float),
        wolf / galaxy.enclosed_mass(r),
        v**2 * R_HI / G / inside,
    )


def measure_ingredients(
    suite: MockSuite, workers: Workers, ingredients: Sequence[str] | None = None, report: Callable[[str], None] = print
) -> dict[str, Any]:
    """Measure a suite as it is, and without each ingredient in turn.

    Parameters
    ----------
    suite
        The suite.
    workers
        From `stargas.experiments.mock_suites.measure.start_workers`.
    ingredients
        Names; all of the suite if None.
    report
        Called with a line after each ingredient.

    Returns
    -------
    dict
        Per ingredient, and for ``nothing`` switched off: the share of the galaxies that change, the spread of Wolf+10
        and of v²R/G over the true mass, the rms error [dex] of trees that have learned from such galaxies, on such
        galaxies (``trees``) and on those of the whole suite (``trees_on_suite``), each with its change.
    """
    fold = _folds(suite)
    whole = workers(measure, suite, range(len(suite)))
    (error,) = _errors(whole, [whole], fold)
    found: dict[str, Any] = {"nothing": _summary(whole, 0.0, (error, error), error)}
    for name in suite.physics.ingredients if ingredients is None else ingredients:
        variant = suite.without(name)
        changed = [index for index in range(len(suite)) if _differs(suite, variant, index, name)]
        made = dict(zip(changed, workers(measure, variant, changed), strict=True))
        galaxies = [made.get(index, one) for index, one in enumerate(whole)]
        own, on_suite = _errors(galaxies, [galaxies, whole], fold)
        found[name] = _summary(galaxies, len(changed) / len(suite), (own, on_suite), error)
        report(f"{suite.name} without {name}: {len(changed)} of {len(suite)} galaxies change")
    return found


def _differs(suite: MockSuite, variant: MockSuite, index: int, ingredient: str) -> bool:
    """Whether a galaxy may change; properties are compared as text, since a number that is not set is NaN."""
    if ingredient in DISTURBANCES:  # they are looked at when the gas is made
        return suite.properties(index).hi_mass_msun > 0
    first, second = (repr(_without_switches(one.properties(index))) for one in (suite, variant))
    return first != second


def _without_switches(properties: Any) -> Any:  # noqa: ANN401 (properties of any suite)
    gas = getattr(properties, "gas", None)
    if is_dataclass(gas):
        return replace(properties, gas=replace(gas, without=frozenset()))  # type: ignore[type-var] # any dataclass
    return replace(properties, without=frozenset()) if hasattr(properties, "without") else properties


def _folds(suite: MockSuite) -> NDArray[np.int_]:
    """Part of each galaxy; galaxies of one host are in the same."""
    hosts = [suite.properties(index).host_id for index in range(len(suite))]
    names, number = np.unique(hosts, return_inverse=True)
    if len(names) < N_FOLDS:
        raise InputError(
            f"trees are tested on galaxies that they have not seen, which takes {N_FOLDS} hosts or more, got "
            f"{len(names)} in {len(suite)} galaxies of {suite.name}; measure more galaxies."
        )
    parts: NDArray[np.int_] = rng_for(suite.seed, "folds").permutation(len(names)) % N_FOLDS
    return parts[number]


def _errors(
    learned: Sequence[Measured], tests: Sequence[Sequence[Measured]], fold: NDArray[np.int_]
) -> list[FloatArray]:
    """Mean squared error [dex²] of each galaxy of some tests, of trees that have not seen it."""
    results = [np.full(len(learned), np.nan) for _ in tests]
    for part in range(N_FOLDS):
        train = [one for one, its in zip(learned, fold, strict=True) if its != part]
        trees = fit_features(
            np.concatenate([one.features for one in train]), np.concatenate([one.masses for one in train]), MODEL
        )
        held_out = np.flatnonzero(fold == part).tolist()
        for result, galaxies in zip(results, tests, strict=True):
            features = np.concatenate([galaxies[index].features for index in held_out])
            masses = np.stack([galaxies[index].masses for index in held_out])
            predicted = trees.predict_features(features).reshape(masses.shape)
            result[held_out] = np.mean((predicted - masses) ** 2, axis=(1, 2))
    return results


def _summary(
    galaxies: Sequence[Measured], share: float, errors: tuple[FloatArray, FloatArray], whole: FloatArray
) -> dict[str, Any]:
    own, on_suite = errors
    return {
        "changed": share,
        "wolf2010": spread(np.concatenate([one.wolf for one in galaxies])),
        "hi_rotation": spread(np.concatenate([one.hi_rotation for one in galaxies])),
        "trees": _compared(own, whole),
        "trees_on_suite": _compared(on_suite, whole),
    }


def _compared(squares: FloatArray, whole: FloatArray) -> dict[str, float]:
    """Rms error [dex], and its change against the whole suite with a standard error from a bootstrap over galaxies."""
    rng = rng_for(0, "ingredients")
    drawn = rng.integers(len(squares), size=(N_BOOTSTRAP, len(squares)))
    change = np.sqrt(squares[drawn].mean(axis=1)) - np.sqrt(whole[drawn].mean(axis=1))
    rms, before = float(np.sqrt(squares.mean())), float(np.sqrt(whole.mean()))
    return {"rms_dex": rms, "change_dex": rms - before, "change_error_dex": float(change.std())}
