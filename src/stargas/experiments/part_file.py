"""Files of the parts that measure the pretrained model in their own way: what all of them state, and how numbers do.

The parts that a plan describes are written by `stargas.experiments.results`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stargas import __version__
from stargas.evaluation.bootstrap import Measured
from stargas.experiments.measurement import DIGITS
from stargas.experiments.run import Run
from stargas.storage import Format, json_bytes, plain, rounded, write_atomically
from stargas.validity.reference import weights_of

MODEL = "default"
"""Name of the pretrained model in its plan."""


def write_part(run: Run, file: str, kind: Format, content: Mapping[str, Any], model: str = MODEL) -> Path:
    """Write a part into the folder of results of a run.

    Parameters
    ----------
    run
        Whose model was measured.
    file
        Name of the file.
    kind
        Its format.
    content
        Its entries. Their numbers are rounded to `stargas.experiments.measurement.DIGITS`.
    model
        Name of the model in the plan; the file states the digest of its weights.

    Returns
    -------
    pathlib.Path
        The file.
    """
    weights = weights_of(run.out / "models" / model)
    head = {**kind.stated, "stargas": __version__, "scale": run.plan.scale, "weights_sha256": weights}
    path = run.results / file
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json_bytes(head | rounded(plain(content), DIGITS)))
    return path


def stated(name: str, measured: Measured) -> dict[str, Any]:
    """Return the entries of a statistic and of its standard error: plain numbers, or lists of them."""
    return {name: measured.value.tolist(), f"{name}_se": measured.error.tolist()}
