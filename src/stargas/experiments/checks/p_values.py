"""p-values of the predictive check: of galaxies as they are, with wrong masses, and with the HI of other galaxies."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stargas.config import DataConfig, DegradationConfig
from stargas.errors import InputError
from stargas.evaluation.bootstrap import bootstrap_galaxies
from stargas.experiments.default import TEST_SEED
from stargas.experiments.measurement import Origin, write_measurement
from stargas.experiments.others.galaxies import read_galaxies_of_others
from stargas.experiments.others.mocks import held_out_galaxies
from stargas.experiments.others.predictions import N_VIEWS, sides_of
from stargas.galaxy import FloatArray
from stargas.inference.predictive_check import ALARM, N_DRAWS, check_predictions, split_targets
from stargas.inference.predictive_reference import PredictiveReference, load_predictive
from stargas.model.posterior import Posterior
from stargas.report.checks_page import FORMAT, P_VALUES
from stargas.sample import FIELDS, Sample, without_tracer
from stargas.sample.observation import make_samples
from stargas.validity.assessment import assess_validity
from stargas.validity.reference import ValidityReference

MISSED_RADII = (0.6, 1.0, 1.8, 2.4)
"""Radii [R_hl] at which a true mass outside its 95 % interval counts as missed."""

SHIFTS = (-0.5, -0.3, 0.3, 0.5)
"""Errors of all masses [dex]."""

AS_SEEN, PERFECT, OTHERS = "broad, as observers see it", "broad, perfect data", "of others"
"""Kinds of galaxies."""

STARS, HI, BOTH, EXCHANGED = TRACERS = "stars", "HI", "both", "both, HI of another galaxy"
"""What is observed of a galaxy."""


class CheckedView(NamedTuple):
    """One galaxy from one side with some of its tracers.

    Parameters
    ----------
    galaxy
        Its id.
    tracers
        One of `TRACERS`.
    p_value
        Of the check.
    missed
        Whether a true mass lies outside its 95 % interval at one of `MISSED_RADII`.
    p_shifted
        p-values with all masses off by each of `SHIFTS`; empty where they were not checked.
    error_dex
        rms error of the medians at `MISSED_RADII` [dex].
    trusted
        Whether the validity checks pass; true where they were not made.
    """

    galaxy: str
    tracers: str
    p_value: float
    missed: bool
    p_shifted: tuple[float, ...] = ()
    error_dex: float = 0.0
    trusted: bool = True


class Checker(NamedTuple):
    """A model with its references.

    Parameters
    ----------
    model
        Predicts `stargas.inference.predictive_check.NEEDED`.
    reference
        Predictive reference of the model.
    validity
        Its validity reference, where the validity checks are to be made, too.
    """

    model: Posterior
    reference: PredictiveReference
    validity: ValidityReference | None = None

    @classmethod
    def of(cls, model: Posterior) -> "Checker":
        """Read the predictive reference of a model.

        Raises
        ------
        InputError
            If it has none.
        """
        reference = None if model.folder is None else load_predictive(model.folder)
        if reference is None:
            raise InputError(
                "p-values need a model with a predictive reference, and this one has none: write it with "
                "stargas.inference.predictive_check.fit_predictive."
            )
        return cls(model, reference)

    def p_value(self, sample: Sample, draws: FloatArray, shift: float = 0.0) -> float:
        """Return the p-value of a sample with draws of all targets, shape (draws, targets), all masses moved [dex].

        NaN where nothing can be compared.
        """
        log10_mass, further = split_targets(draws, self.model)
        check = check_predictions(sample, log10_mass + shift, further, self.reference)
        return np.nan if check is None or check.p_value is None else check.p_value

    def trusted(self, samples: Sequence[Sample]) -> list[bool]:
        """Return whether the validity checks pass; true where they are not made."""
        if self.validity is None:
            return [True] * len(samples)
        return [one.trusted for one in assess_validity(samples, self.model, self.validity)]


def write_p_values(
    model: Posterior,
    results: Path,
    n_galaxies: int,
    others: Sequence[Path],
    config: DataConfig,
    origin: Origin,
    report: Callable[[str], None],
) -> Path:
    """Check galaxies and write ``p_values.json``.

    Parameters
    ----------
    model
        A model of any tracers.
    results
        Folder of the results.
    n_galaxies
        Galaxies of ``broad`` that no model learned from.
    others
        Files and folders of galaxies that others made.
    config
        Settings of the samples of ``broad`` that the model learned from: as observers see them. The reference is of
        such samples, so p-values are uniform on them alone.
    origin
        Where the results come from.
    report
        Called with a line for each kind of galaxies.
    """
    checker, perfect = Checker.of(model), replace(config, degradation=DegradationConfig())
    galaxies = {
        AS_SEEN: (make_samples(one.galaxy, config, TEST_SEED) for one in islice(held_out_galaxies(), n_galaxies)),
        PERFECT: (make_samples(one.galaxy, perfect, TEST_SEED) for one in islice(held_out_galaxies(), n_galaxies)),
    }
    if others:
        galaxies[OTHERS] = (
            [side.sample for side in sides_of(one, model.data_config, numbers=range(0, N_VIEWS, 2))]
            for one in read_galaxies_of_others(others)
        )
    rows = []
    for kind, samples in galaxies.items():
        views = list(check_galaxies(checker, samples, with_errors=kind == AS_SEEN))
        report(f"p-values, {kind}: {len(views)} views of {len({view.galaxy for view in views})} galaxies")
        rows += [{"galaxies": kind, **row} for row in rows_of(views)]
    radii = {"missed_radii_R_hl": MISSED_RADII, "shifts_dex": SHIFTS, "alarm": ALARM}
    return write_measurement(results / f"{P_VALUES}.json", FORMAT, origin, {"part": P_VALUES, **radii, "rows": rows})


def check_galaxies(
    checker: Checker, galaxies: Iterable[Sequence[Sample]], *, with_errors: bool = False
) -> Iterator[CheckedView]:
    """Check every view of every galaxy with all its tracers and with each of them alone.

    Parameters
    ----------
    checker
        The model.
    galaxies
        Views of one galaxy after the other.
    with_errors
        Whether to check wrong masses, and views with the HI of the galaxy before from its first side.
    """
    before: Sample | None = None
    for number, complete in enumerate(galaxies):
        yield from check_views(checker, with_each_tracer(complete), number, SHIFTS if with_errors else ())
        both = [sample for sample in complete if sample.tracers.all()]
        if with_errors and both:
            if before is not None:
                mixed = [with_hi_of(sample, before) for sample in both]
                yield from (view._replace(tracers=EXCHANGED) for view in check_views(checker, mixed, number))
            before = both[0]


def with_each_tracer(samples: Sequence[Sample]) -> list[Sample]:
    """Return samples as they are, and those of both tracers with each of them alone."""
    both = [sample for sample in samples if sample.tracers.all()]
    return [*samples, *(without_tracer(sample, name) for name in ("gas", "stars") for sample in both)]


def check_views(
    checker: Checker, samples: Sequence[Sample], seed: int, shifts: Sequence[float] = ()
) -> Iterator[CheckedView]:
    """Check samples with draws of their own, and with all masses off by each of some shifts [dex]."""
    if not samples:
        return
    drawn = checker.model.sample_targets(samples, N_DRAWS, seed).astype(np.float64)
    for sample, draws, trusted in zip(samples, drawn, checker.trusted(samples), strict=True):
        p_value, *shifted = (checker.p_value(sample, draws, shift) for shift in (0.0, *shifts))
        if np.isfinite(p_value):
            tracers = BOTH if sample.tracers.all() else STARS if sample.tracers[0] else HI
            missed, error = compare_masses(checker.model, sample, draws)
            yield CheckedView(str(sample.row["galaxy_id"]), tracers, p_value, missed, tuple(shifted), error, trusted)


def compare_masses(model: Posterior, sample: Sample, draws: FloatArray) -> tuple[bool, float]:
    """Compare draws with the true masses at `MISSED_RADII`: `CheckedView.missed` and `CheckedView.error_dex`."""
    radii = np.array(model.target.radii_R_hl)
    places = [int(np.abs(radii - radius).argmin()) for radius in MISSED_RADII]
    low, median, high = np.quantile(draws[:, places], (0.025, 0.5, 0.975), axis=0)
    truth = np.asarray(sample.log10_mass, dtype=np.float64)[places]
    return bool(((truth < low) | (truth > high)).any()), float(np.sqrt(np.mean((median - truth) ** 2)))


def with_hi_of(sample: Sample, other: Sample) -> Sample:
    """Return a galaxy with the HI of another."""
    changed = {}
    for declared in FIELDS:
        of_hi = ["gas" in entry.needs for entry in declared.entries]
        if any(of_hi):
            array = getattr(sample, declared.name).copy()
            array[of_hi] = getattr(other, declared.name)[of_hi]
            changed[declared.name] = array
    return replace(sample, **changed, row={**sample.row, "half_width_kpc": other.row["half_width_kpc"]})


def rows_of(views: Sequence[CheckedView]) -> list[dict[str, Any]]:
    """Return a row for each of `TRACERS` that was observed.

    Returns
    -------
    list of dict
        ``tracers``, ``n_views``, ``n_galaxies``, ``from_uniform`` (largest distance of the distribution of the p-values
        from the uniform one), ``small`` (share below `stargas.inference.predictive_check.ALARM`), ``n_missed``,
        ``n_found`` (of those with small p-values), ``small_rest`` (share of small ones among the others), and where
        they were checked ``small_shifted`` by shift. Shares have their standard errors from a bootstrap over galaxies.
    """
    rows = []
    for tracers in TRACERS:
        own = [view for view in views if view.tracers == tracers]
        if own:
            rows.append({"tracers": tracers, **_row(own)})
    return rows


def _row(views: Sequence[CheckedView]) -> dict[str, Any]:
    p_values = np.array([view.p_value for view in views])
    missed = [view for view in views if view.missed]
    rest = [view for view in views if not view.missed]
    row: dict[str, Any] = {
        "n_views": len(views),
        "n_galaxies": len({view.galaxy for view in views}),
        "from_uniform": distance_from_uniform(p_values),
        "small": share_of(views, p_values < ALARM),
        "n_missed": len(missed),
        "n_found": sum(view.p_value < ALARM for view in missed),
        "small_rest": share_of(rest, [view.p_value < ALARM for view in rest]),
    }
    if views[0].p_shifted:
        columns = zip(*(view.p_shifted for view in views), strict=True)
        row["small_shifted"] = [share_of(views, np.array(column) < ALARM) for column in columns]
    return row


def distance_from_uniform(p_values: FloatArray) -> float:
    """Return the largest distance between the distribution of n p-values and the uniform one (Kolmogorov-Smirnov)."""
    ordered, n = np.sort(p_values), len(p_values)
    above, below = np.arange(1, n + 1) / n - ordered, ordered - np.arange(n) / n
    return float(max(above.max(), below.max()))


def share_of(views: Sequence[CheckedView], chosen: ArrayLike) -> list[float] | None:
    """Return the share of the views that are chosen, and its standard error; None of no views."""
    if not views:
        return None
    found = bootstrap_galaxies([view.galaxy for view in views]).measure_mean(chosen)
    return [float(found.value), float(found.error)]
