"""Candidates for the pretrained model on galaxies of others: a look each, which decides nothing.

The candidates are chosen on suites that were left out of their training. What they do on galaxies of others tells why
the model that ships does what it does there.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from stargas.errors import InputError
from stargas.experiments.measurement import Origin, write_measurement
from stargas.experiments.others.galaxies import GalaxyOfOthers
from stargas.experiments.others.predictions import RADII, predict
from stargas.experiments.others.scoreboard import rows_of_methods
from stargas.model.posterior import Posterior
from stargas.report.candidates import CANDIDATES_FILE, CANDIDATES_FORMAT
from stargas.validity.reference import weights_of


def write_candidates(
    groups: Sequence[Mapping[str, Posterior]],
    galaxies: Sequence[GalaxyOfOthers],
    results: Path,
    command: str,
    n_draws: int = 1000,
    seed: int = 0,
    report: Callable[[str], None] = lambda _: None,
) -> Path:
    """Infer the masses of all galaxies by all candidates, and write ``candidates.json``.

    Parameters
    ----------
    groups
        Name of a candidate → the model, of any tracers. The others of a group stand beside its first.
    galaxies
        The galaxies; those with fewer stars than a sample may have are left out.
    results
        Folder of the results.
    command
        Command that makes them again.
    n_draws
        Posterior draws of each view.
    seed
        Root seed.
    report
        Called with a line for each candidate.

    Raises
    ------
    InputError
        If a candidate is a model of fixed tracers.
    """
    models = {name: model for group in groups for name, model in group.items()}
    for name, model in models.items():
        if model.config.tracers != "any":
            raise InputError(
                f"the candidate {name!r} is a model of {model.config.tracers!r}: candidates are models of any tracers."
            )
    rows = []
    for number, group in enumerate(groups):
        predictions = {}
        for name, model in group.items():
            predictions[name] = predict(model, galaxies, None, n_draws, seed)
            report(f"{name}: {len(predictions[name].galaxy):,} views")
        rows += [{"group": number, **row} for row in rows_of_methods(predictions)]
    weights = {name: weights_of(model.folder) for name, model in models.items() if model.folder is not None}
    content = {"radii_R_hl": RADII, "candidates_sha256": weights, "rows": rows}
    return write_measurement(results / CANDIDATES_FILE, CANDIDATES_FORMAT, Origin(command), content)
