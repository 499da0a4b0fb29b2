"""The same model with tracers taken away, and under its priors: further rows of one evaluation."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from stargas.errors import InputError

if TYPE_CHECKING:
    from stargas.model.posterior import Posterior

TRACER_SET_WITHOUT = {
    frozenset({"gas"}): "stars",
    frozenset({"stars"}): "gas and R_hl",
    frozenset({"stars", "R_hl"}): "gas",
}
"""What is left (`stargas.model.inputs.TRACER_SETS`) where something is taken away."""


def with_variants(
    posteriors: "Mapping[str, Posterior]", without: Sequence[Sequence[str]] = (), priors: Sequence[str] = ()
) -> "dict[str, Posterior]":
    """Add to each model what it answers without some tracers and under some priors.

    Parameters
    ----------
    posteriors
        Name → model.
    without
        Sets of what is taken away, each of ``gas``, ``stars``, or ``stars`` and ``R_hl``; for models of any tracers.
    priors
        Suites; for models that were trained with them.

    Returns
    -------
    dict
        Each model, followed by its variants, as ``"NAME without stars and R_hl"`` and ``"NAME, prior bursty"``.

    Raises
    ------
    InputError
        If a set is another, or no model can do what is asked.
    """
    cases = {}
    for taken in without:
        if frozenset(taken) not in TRACER_SET_WITHOUT:
            raise InputError(
                f"without {' and '.join(taken)} is not known: take away gas, stars, or stars and R_hl, which HI alone "
                "does not show."
            )
        label = " and ".join(name for name in ("gas", "stars", "R_hl") if name in taken)
        cases[label] = TRACER_SET_WITHOUT[frozenset(taken)]
    found: dict[str, Posterior] = {}
    for name, posterior in posteriors.items():
        found[name] = posterior
        if posterior.config.tracers == "any":
            found |= {f"{name} without {label}": posterior.conditioned_on(case) for label, case in cases.items()}
        found |= {f"{name}, prior {p}": posterior.with_prior(p) for p in priors if p in posterior.config.priors}
    for label in cases:
        if not any(name.endswith(f" without {label}") for name in found):
            raise InputError(f"no model answers without {label}: give one that was trained with model.tracers any.")
    for prior in priors:
        if not any(name.endswith(f", prior {prior}") for name in found):
            raise InputError(f"no model has the prior {prior}: give one that was trained with it in model.priors.")
    return found
