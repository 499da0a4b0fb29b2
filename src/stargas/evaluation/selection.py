"""Samples on which models are compared: those with every tracer that every model needs."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stargas.evaluation.posterior_like import PosteriorLike
from stargas.model.layout import received
from stargas.tracers import STARS_AND_GAS, TRACERS, tracer_set


def accepted_by_all(posteriors: Iterable[PosteriorLike], catalogue: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Whether each sample has the tracers that all models need.

    A model of fixed tracers needs those that every galaxy of its training set had; a model of any tracers needs one of
    those that it is conditioned on.

    Parameters
    ----------
    posteriors
        The models.
    catalogue
        Of n samples; without a column ``n_stars`` or ``has_gas``, all have that tracer.

    Returns
    -------
    numpy.ndarray
        Shape (n,), bool.
    """
    present = present_tracers(catalogue)
    accepted = np.ones(len(catalogue["galaxy_id"]), dtype=bool)
    for posterior in posteriors:
        if posterior.config.tracers == "any":
            known = tracer_set(getattr(posterior, "tracer_set", None) or STARS_AND_GAS.name)
            usable = [name for name in TRACERS if known.knows([name])]
            accepted &= np.any([present[name] for name in usable], axis=0)
        else:
            share = posterior.about.get("tracer_share", {})
            needed = [name for name in received(posterior.config).tracers if share.get(name) == 1.0]
            accepted &= np.all([present[name] for name in needed], axis=0)
    return accepted


def present_tracers(catalogue: Mapping[str, Any]) -> dict[str, NDArray[np.bool_]]:
    """Tracer → whether each sample has it, shape (n,)."""
    all_have_it = np.ones(len(catalogue["galaxy_id"]), dtype=bool)
    columns = catalogue.keys()  # a Table has no "in"
    return {
        "stars": np.asarray(catalogue["n_stars"]) > 0 if "n_stars" in columns else all_have_it,
        "gas": np.asarray(catalogue["has_gas"]).astype(bool) if "has_gas" in columns else all_have_it,
    }


def galaxy_names(catalogue: Mapping[str, Any]) -> NDArray[np.str_]:
    """Return ``suite/id`` of each sample's galaxy, shape (n,): two suites may use the same ids."""
    ids = np.asarray(catalogue["galaxy_id"]).astype(str)
    suites = np.asarray(catalogue["suite"]).astype(str) if "suite" in catalogue.keys() else np.full(len(ids), "")  # noqa: SIM118 (a Table has no "in")
    return np.char.add(np.char.add(suites, "/"), ids)
