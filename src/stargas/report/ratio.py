"""Predicted over true mass against radius, from an evaluation, as the paper's Figs. 5, 6 and 8."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from stargas.baselines.estimators import STAR_ESTIMATORS
from stargas.errors import InputError
from stargas.evaluation.accuracy import Accuracy
from stargas.evaluation.result import EvaluationResult
from stargas.evaluation.strata import ALL
from stargas.report.ratio_panels import Panel, Ratio, draw_panels, stratum_label
from stargas.report.style import INK, model_color

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def ratio_of(label: str, r_over_R_hl: ArrayLike, accuracy: Accuracy, color: str = INK) -> Ratio:
    """Return the ratio of the accuracy of a model or mass estimator."""
    median, p16, p84 = (quantity.value for quantity in (accuracy.median, accuracy.p16, accuracy.p84))
    width = accuracy.half_width
    return Ratio(label, r_over_R_hl, median, p16, p84, width.value, width.error, color)


def draw_ratio(
    result: EvaluationResult,
    models: Sequence[str] | None = None,
    stratum: str = ALL,
    estimators: Sequence[str] = tuple(STAR_ESTIMATORS),
) -> "Figure":
    """Draw the ratio of several models with its 16-84 % band, and mass estimators at their own radii.

    Parameters
    ----------
    result
        The evaluation.
    models
        Names of models; all of them if None.
    stratum
        Stratum of the evaluation.
    estimators
        Names of mass estimators; those that apply to no sample are left out.

    Returns
    -------
    Figure
        Above: median (line) and 16-84 % (band) of M_pred/M_true. Below: half-width of the band with its standard
        error over galaxies.

    Raises
    ------
    InputError
        If the evaluation has no such model or stratum.
    """
    names = _checked_models(result, models)
    accuracy = result.scores(names[0], stratum).accuracy
    title = f"{accuracy.n_samples:,} views of {accuracy.n_galaxies:,} galaxies"
    title += "" if stratum == ALL else f", {stratum_label(stratum)}"
    panel = Panel(title, _models(result, names, stratum), estimators=list(_estimators(result, stratum, estimators)))
    return draw_panels([panel], width=6.6, height=6.4)


def draw_ratio_panels(result: EvaluationResult, strata: Sequence[str], models: Sequence[str] | None = None) -> "Figure":
    """Draw the ratio in one panel per stratum.

    Raises
    ------
    InputError
        If the evaluation has no such model or stratum.
    """
    names = _checked_models(result, models)
    panels = []
    for stratum in strata:
        n_galaxies = result.scores(names[0], stratum).accuracy.n_galaxies
        panels.append(Panel(f"{stratum_label(stratum)}  ({n_galaxies} galaxies)", _models(result, names, stratum)))
    return draw_panels(panels, columns=min(len(strata), 3 if len(strata) <= 6 else 4))


def _models(result: EvaluationResult, models: Sequence[str], stratum: str) -> list[Ratio]:
    return [
        ratio_of(name, result.r_over_R_hl, result.scores(name, stratum).accuracy, model_color(name, number))
        for number, name in enumerate(models)
    ]


def _estimators(result: EvaluationResult, stratum: str, estimators: Sequence[str]) -> Iterator[Ratio]:
    """Yield the estimators with one radius of their own that have an accuracy in the stratum."""
    for name in estimators:
        scores = result.estimators.get(name)
        if scores is not None and stratum in scores.strata and len(scores.r_over_R_hl) == 1:
            yield ratio_of(scores.label, scores.r_over_R_hl, scores.strata[stratum])


def _checked_models(result: EvaluationResult, models: Sequence[str] | None) -> list[str]:
    names = list(result.models if models is None else models)
    if not names:
        raise InputError(f"at least one model is needed to draw; the evaluation has {', '.join(result.models)}.")
    for name in names:
        result.scores(name)
    return names
