"""Variants of a model, evaluated beside it: without some tracers, and under its priors."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from stargas.errors import InputError
from stargas.tracers import STARS_AND_GAS

if TYPE_CHECKING:
    from stargas.model.posterior import Posterior


def with_variants(
    posteriors: "Mapping[str, Posterior]", without: Sequence[Sequence[str]] = (), priors: Sequence[str] = ()
) -> "dict[str, Posterior]":
    """Add to each model its variants without some tracers and under some priors.

    Parameters
    ----------
    posteriors
        Name → model.
    without
        Sets of what is hidden, each ``gas``, ``stars``, or ``stars`` and ``R_hl``; for models of any tracers.
    priors
        Suites; for models that were trained with them.

    Returns
    -------
    dict
        Each model, followed by its variants, as ``"NAME without stars and R_hl"`` and ``"NAME, prior bursty"``.

    Raises
    ------
    InputError
        If a set cannot be hidden, or no model has such a variant.
    """
    tracer_sets = {}
    for hidden in without:
        label = " and ".join(name for name in ("gas", "stars", "R_hl") if name in hidden)
        tracer_sets[label] = STARS_AND_GAS.without(hidden).name
    found: dict[str, Posterior] = {}
    for name, posterior in posteriors.items():
        found[name] = posterior
        if posterior.config.tracers == "any":
            found |= {
                f"{name} without {label}": posterior.conditioned_on(known) for label, known in tracer_sets.items()
            }
        found |= {f"{name}, prior {p}": posterior.with_prior(p) for p in priors if p in posterior.config.priors}
    for label in tracer_sets:
        if not any(name.endswith(f" without {label}") for name in found):
            raise InputError(
                f"no model can be evaluated without {label}: give one that was trained with model.tracers any."
            )
    for prior in priors:
        if not any(name.endswith(f", prior {prior}") for name in found):
            raise InputError(f"no model has the prior {prior}: give one that was trained with it in model.priors.")
    return found
