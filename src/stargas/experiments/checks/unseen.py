"""What the checks find of mock galaxies of kinds that the pretrained model has not learned from.

The galaxies are those of ``broad`` that no model learned from, each with one ingredient set outside of the range of the
training, beside the same galaxies as they are, and those of the suite ``shifted``. Everything else of them, and how
they are observed, is as in the training.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from stargas.config import DataConfig
from stargas.errors import InputError
from stargas.experiments.checks.p_values import (
    BOTH,
    HI,
    MISSED_RADII,
    STARS,
    CheckedView,
    Checker,
    check_views,
    rows_of,
    share_of,
    with_each_tracer,
)
from stargas.experiments.default import TEST_SEED
from stargas.experiments.measurement import Origin, write_measurement
from stargas.galaxy import Galaxy
from stargas.inference.predictive_check import ALARM
from stargas.model.posterior import Posterior
from stargas.randomness import rng_for
from stargas.report.checks_page import FORMAT, UNSEEN
from stargas.sample.observation import make_samples
from stargas.simulations.mock_suites.broad.galaxy import BroadProperties
from stargas.simulations.mock_suites.broad.unrest import Breathing, Encounter, Tails
from stargas.simulations.mock_suites.suites import MockSuite, mock_suite
from stargas.validity.reference import load_validity

MAX_DRAWN = 3000
"""Galaxies of a suite that are looked through."""

Change = Callable[[BroadProperties, np.random.Generator], BroadProperties | None]
"""Sets one ingredient of a galaxy; None where the galaxy cannot have it."""


@dataclass(frozen=True)
class Kind:
    """One kind of galaxies.

    Parameters
    ----------
    name
        In the table.
    learned
        What the model has learned from.
    tracers
        What is observed, of `stargas.experiments.checks.p_values.TRACERS`.
    change
        Makes such a galaxy of one of ``broad``; None for galaxies as the suite has them.
    suite
        The suite.
    """

    name: str
    learned: str
    tracers: tuple[str, ...]
    change: Change | None = None
    suite: str = "broad"

    def galaxies(self) -> Iterator[tuple[int, Galaxy]]:
        """Make the galaxies, one after the other, with their numbers in the suite."""
        suite = held_out_suite(self.suite)
        for number in range(len(suite)):
            if self.change is None:
                yield number, suite[number]
                continue
            drawn = suite.properties(number)
            if not isinstance(drawn, BroadProperties):
                raise TypeError(f"only galaxies of broad can be changed, got {type(drawn).__name__}.")
            changed = self.change(drawn, rng_for(TEST_SEED, "unseen", self.name, number))
            if changed is not None:
                yield number, suite.broad_galaxy(changed, number)


def held_out_suite(name: str = "broad") -> MockSuite:
    """Return galaxies of a suite that no model learned from."""
    return mock_suite(name, MAX_DRAWN, TEST_SEED)


def breathing(drawn: BroadProperties, rng: np.random.Generator) -> BroadProperties | None:
    """Let the central dark mass oscillate by nine tenths; velocities that are only Gaussian cannot follow."""
    if drawn.structure.gaussian:
        return None
    breath = Breathing(0.9, reach=1.5, period=1.0, phase=rng.uniform(0, 2 * np.pi))
    return replace(drawn, unrest=replace(drawn.unrest, breathing=breath))


def encounter(drawn: BroadProperties, rng: np.random.Generator) -> BroadProperties | None:
    """Shake the stars by their velocity dispersion, a short time ago."""
    if drawn.structure.gaussian:
        return None
    return replace(drawn, unrest=replace(drawn.unrest, encounter=Encounter(1.0, time=rng.uniform(0.05, 0.5))))


def tails(drawn: BroadProperties, rng: np.random.Generator) -> BroadProperties:
    """Tear off a fifth of the stars."""
    return replace(drawn, unrest=replace(drawn.unrest, tails=Tails(0.2, start=3.0, gradient=rng.uniform(1.5, 3.0))))


def offset(drawn: BroadProperties, _: np.random.Generator) -> BroadProperties:
    """Move the stars by three quarters of R_e and of their dispersion against the halo."""
    return replace(drawn, unrest=replace(drawn.unrest, offset=0.75, drift=0.75))


def spheres_with(**values: float) -> Change:
    """Return what gives spheres with Gaussian velocities, which any profile and orbits may have, other ones."""

    def change(drawn: BroadProperties, _: np.random.Generator) -> BroadProperties | None:
        if not drawn.structure.gaussian:
            return None
        spheroids = tuple(replace(part, **values) for part in drawn.structure.spheroids)
        return replace(drawn, structure=replace(drawn.structure, spheroids=spheroids))

    return change


def gas_with(**values: Any) -> Change:  # noqa: ANN401 (fields of any type)
    """Return what gives the gas of a galaxy other properties."""

    def change(drawn: BroadProperties, _: np.random.Generator) -> BroadProperties | None:
        return None if drawn.gas is None else replace(drawn, gas=replace(drawn.gas, **values))

    return change


_GAS = (HI, BOTH)

KINDS = (
    Kind("unchanged", "the same", (STARS, HI, BOTH)),
    Kind("of shifted", "other masses, sizes and HI", (STARS, HI, BOTH), suite="shifted"),
    Kind("central dark mass oscillates by 0.9", "at most 0.45, in a third", (STARS,), breathing),
    Kind("stars shaken by 1 σ", "at most 0.5 σ, in an eighth", (STARS,), encounter),
    Kind("20 % of the stars in tidal tails", "at most 6 %, in a fifth", (STARS,), tails),
    Kind("stars off their halo by 0.75 R_e and σ", "at most 0.25, in a quarter", (STARS,), offset),
    Kind(
        "spheres with β = 0.9",
        "at most 0.6 in the center",
        (STARS,),
        spheres_with(anisotropy_center=0.9, anisotropy_radius=np.inf),
    ),
    Kind(
        "spheres with β = −2", "at least −0.6", (STARS,), spheres_with(anisotropy_center=-2.0, anisotropy_radius=np.inf)
    ),
    Kind("spheres of Sérsic index 8", "at most 4", (STARS,), spheres_with(sersic_index=8.0)),
    Kind("HI tilted by 90°", "above 30° in a tenth", _GAS, gas_with(gas_tilt_deg=90.0)),
    Kind(
        "HI with σ of 0.5 v_c, falling by e^4 per R_HI",
        "mostly 6 to 12 km/s, by at most e^2.4",
        _GAS,
        gas_with(dispersion_kms=1e3, decline=4.0),
    ),
)
"""Galaxies as the model has learned from, and kinds of which it has seen none, or hardly any."""


def write_unseen(
    model: Posterior,
    results: Path,
    n_galaxies: int,
    config: DataConfig,
    origin: Origin,
    report: Callable[[str], None],
) -> Path:
    """Check galaxies of each of `KINDS` and write ``unseen.json``.

    Parameters
    ----------
    model
        A model of any tracers.
    results
        Folder of the results.
    n_galaxies
        Galaxies of each kind.
    config
        Settings of the samples of ``broad`` that the model learned from.
    origin
        Where the results come from.
    report
        Called with a line for each kind.

    Raises
    ------
    InputError
        If the model has no predictive reference or no validity reference.
    """
    checker = Checker.of(model)
    validity = None if model.folder is None else load_validity(model.folder)
    if validity is None:
        raise InputError("the part unseen needs a model with a validity reference, got one without: train it anew.")
    checker = checker._replace(validity=validity)
    broad = held_out_suite()
    rows: list[dict[str, Any]] = []
    plain: dict[int, list[CheckedView]] = {}
    for kind in KINDS:
        found = {
            number: check_galaxy(checker, galaxy, number, config)
            for number, galaxy in islice(kind.galaxies(), n_galaxies)
        }
        if kind.change is not None:
            plain |= {
                number: check_galaxy(checker, broad[number], number, config) for number in found if number not in plain
            }
        before = [] if kind.change is None else [view for number in found for view in plain[number]]
        views = [view for seen in found.values() for view in seen]
        report(f"unseen, {kind.name}: {len(found)} galaxies")
        rows += [{"galaxies": kind.name, "learned": kind.learned, **row} for row in rows_of_kind(kind, views, before)]
    content = {"n_galaxies": n_galaxies, "missed_radii_R_hl": MISSED_RADII, "alarm": ALARM, "rows": rows}
    return write_measurement(results / f"{UNSEEN}.json", FORMAT, origin, {"part": UNSEEN, **content})


def check_galaxy(checker: Checker, galaxy: Galaxy, seed: int, config: DataConfig) -> list[CheckedView]:
    """Check a galaxy from all sides, with all its tracers and with each of them alone."""
    return list(check_views(checker, with_each_tracer(make_samples(galaxy, config, TEST_SEED)), seed))


def rows_of_kind(kind: Kind, views: Sequence[CheckedView], before: Sequence[CheckedView]) -> list[dict[str, Any]]:
    """Return a row for each of the tracers of a kind.

    Parameters
    ----------
    kind
        The kind.
    views
        Of its galaxies.
    before
        Of the same galaxies as they are; empty where there are none.

    Returns
    -------
    list of dict
        What `stargas.experiments.checks.p_values.rows_of` returns, and ``rms`` of the errors of the medians [dex],
        ``missed`` and ``not_trusted``, the shares of the views with a true mass outside of its interval and with
        validity checks that fail, ``n_distrusted``, the missed ones among the latter, and ``rms_before`` and
        ``missed_before`` of the galaxies as they are; None where there are none.
    """
    rows = []
    for row in rows_of(views):
        if row["tracers"] in kind.tracers:
            own, same = ([view for view in those if view.tracers == row["tracers"]] for those in (views, before))
            judged = {
                "rms": _rms(own),
                "rms_before": _rms(same),
                "missed": share_of(own, [view.missed for view in own]),
                "missed_before": share_of(same, [view.missed for view in same]),
                "not_trusted": share_of(own, [not view.trusted for view in own]),
                "n_distrusted": sum(view.missed and not view.trusted for view in own),
            }
            rows.append(row | judged)
    return rows


def _rms(views: Sequence[CheckedView]) -> float | None:
    return float(np.sqrt(np.mean([view.error_dex**2 for view in views]))) if views else None
