"""What a result rests on: each tracer alone, the prior, and the parts of the input.

Three questions to one posterior about one galaxy: the profile without each tracer
(`stargas.inference.ablations.leave_out`), under each prior (`stargas.inference.ablations.prior_sensitivity`), and the
change of the median where a part of the input is hidden (`stargas.inference.occlusion.occlude`). All draws share their
noise, so differences are those of the posteriors. Errors of the inputs are left aside: all is for the galaxy as
measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.galaxy import FloatArray
from stargas.inference.ablations import leave_out, prior_sensitivity
from stargas.inference.occlusion import Occlusion, occlude
from stargas.model.posterior import Posterior
from stargas.sample import Sample

_MEDIAN = QUANTILE_LEVELS.index(0.5)


@dataclass(frozen=True, eq=False)
class Attribution:
    """What the result for one galaxy rests on.

    Parameters
    ----------
    r_kpc
        Radii [kpc] of everything below, shape (m,).
    quantiles
        Quantiles of log10 M [Msun] of the galaxy as measured, shape (5, m).
    left_out
        Tracer → quantiles without it; empty where the galaxy has one only, or the model needs both.
    priors
        Prior → quantiles under it, None for all that the model learned from; empty for a model without priors.
    occlusion
        Changes of the median where parts of the input are hidden; None if they were not requested.
    """

    r_kpc: FloatArray
    quantiles: FloatArray
    left_out: Mapping[str, FloatArray]
    priors: Mapping[str | None, FloatArray]
    occlusion: Occlusion | None

    @property
    def conditions(self) -> dict[str, FloatArray]:
        """All quantiles by what the posterior is conditioned on, as tables name it."""
        named = {"all inputs": self.quantiles}
        named |= {f"without {tracer}": values for tracer, values in self.left_out.items()}
        return named | {"no prior" if name is None else f"prior {name}": v for name, v in self.priors.items()}

    @property
    def systematic_dex(self) -> FloatArray:
        """Root mean square change of the median [dex] with the tracers and the prior, shape (m,); zero without either.

        It stands beside the statistical width of the posterior: where it is larger, the answer depends on a choice more
        than on the data.
        """
        medians = np.array([values[_MEDIAN] for values in (*self.left_out.values(), *self.priors.values())])
        if not len(medians):
            return np.zeros(len(self.r_kpc))
        result: FloatArray = np.sqrt(np.mean(np.square(medians - self.quantiles[_MEDIAN]), axis=0))
        return result


def attribute(
    posterior: Posterior, sample: Sample, n_draws: int = 1000, seed: int = 0, *, occlusion: bool = True
) -> Attribution:
    """Measure what the result for a galaxy rests on.

    Parameters
    ----------
    posterior
        The model.
    sample
        The galaxy.
    n_draws
        Draws of each posterior.
    seed
        Root seed.
    occlusion
        Whether to hide parts of the input one by one, which takes most of the time.

    Raises
    ------
    InputError
        As `stargas.model.posterior.Posterior.sample`.
    """
    own = posterior.quantiles(sample, QUANTILE_LEVELS, n_draws, seed)[0]
    return Attribution(
        sample.r_kpc,
        own,
        leave_out(posterior, sample, n_draws, seed),
        prior_sensitivity(posterior, sample, n_draws, seed, own),
        occlude(posterior, sample, seed=seed) if occlusion else None,
    )
