"""How often the validity check doubts galaxies that it should trust, and whether it doubts the right ones.

On mock galaxies of the suites that the pretrained model learned from, though not on these, a doubt is a false alarm. On
all suites the views with the smallest p-values should have the largest errors.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stargas.evaluation.bootstrap import bootstrap_galaxies
from stargas.experiments.part_file import MODEL, stated, write_part
from stargas.experiments.run import Run
from stargas.galaxy import FloatArray
from stargas.model.files import load_model
from stargas.randomness import rng_for
from stargas.report.false_alarms_section import FILE, FORMAT
from stargas.validity.assessment import assess_validity
from stargas.validity.reference import load_validity

PART = "false_alarms"
"""Name of the part."""

TESTS = ("observed", "broad_every", "bursty", "smooth", "shifted")
"""Tests of the plan."""

MADE_BY = ("observed", "accuracy")
"""Parts of the plan that evaluate the model on those."""

MAX_VIEWS = 500
"""Views of a test that are checked at most, drawn at random."""


def write_false_alarms(run: Run) -> Path:
    """Check views of held-out galaxies as `stargas infer` does, and write the part into the folder of results.

    Parameters
    ----------
    run
        Whose model is trained and has a validity reference; evaluations that are missing are made.

    Returns
    -------
    pathlib.Path
        The file.
    """
    run.make(MADE_BY)
    rows = [row for test in TESTS if (row := _row(run, test)) is not None]
    return write_part(run, FILE, FORMAT, {"rows": rows})


def _row(run: Run, test: str) -> dict[str, Any] | None:
    """Return the counts of one test; None where there are no galaxies or no reference."""
    folder, spec, result = run.out / "models" / MODEL, run.plan.tests[test], run.evaluation(test, MODEL)
    reference = load_validity(folder)
    if result is None or reference is None:
        return None
    rng = rng_for(run.seed, PART, test)
    chosen = np.zeros(result.n_samples, dtype=bool)
    chosen[rng.permutation(result.n_samples)[:MAX_VIEWS]] = True
    posterior = load_model(folder).conditioned_on(spec.tracer_set)
    verdicts = assess_validity(run.test_set(spec).where(chosen), posterior, reference)
    p_values = np.array([np.nan if one.p_value is None else one.p_value for one in verdicts])
    error = (result.summaries[MODEL].median - result.samples.log10_mass)[chosen]
    numbers = doubt(
        np.array([one.trusted for one in verdicts]), p_values, error, result.samples.galaxy[chosen], run.seed
    )
    return {"tested_on": spec.label, "tracers": spec.tracer_set or "all that is known", **numbers}


def doubt(
    trusted: NDArray[np.bool_], p_values: FloatArray, error: FloatArray, galaxy: NDArray[np.integer], seed: int = 0
) -> dict[str, Any]:
    """Count what is not trusted, and compare the errors of the most doubtful third with those of the others.

    Parameters
    ----------
    trusted
        Of n views, shape (n,).
    p_values
        Of the validity check, shape (n,).
    error
        Of the medians of log10 M [dex], shape (n, m).
    galaxy
        Galaxy of each view, shape (n,).
    seed
        Root seed of the bootstrap over galaxies.

    Returns
    -------
    dict
        Plain data: ``n_galaxies``, ``n_views``, ``not_trusted`` with its error, ``rms_doubtful`` and ``rms_others``.
    """
    bootstrap = bootstrap_galaxies(galaxy, seed=seed)
    doubtful, others = np.split(np.argsort(p_values, kind="stable"), [len(p_values) // 3])
    return {
        "n_galaxies": bootstrap.n_galaxies,
        "n_views": len(trusted),
        **stated("not_trusted", bootstrap.measure_mean(~trusted)),
        "rms_doubtful": float(np.sqrt(np.mean(error[doubtful] ** 2))),
        "rms_others": float(np.sqrt(np.mean(error[others] ** 2))),
    }
