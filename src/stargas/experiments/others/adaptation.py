"""The pretrained model, adapted to galaxies of others and tested on those that were left out.

The galaxies are left out fold by fold, so that each is inferred once by a model that has not seen it. A fold holds some
of each kind. Stars of model galaxies are tracers without weight, so their share of the mass counts as zero.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from stargas.config import DataConfig, LocalConfig, SelectionConfig, SplitConfig, TrainingConfig
from stargas.dataset.build import build_dataset
from stargas.dataset.store import Dataset, open_dataset
from stargas.experiments.measurement import Origin, write_measurement
from stargas.experiments.others.galaxies import GalaxyOfOthers
from stargas.experiments.others.predictions import N_VIEWS, RADII, Predictions, joined, predict
from stargas.experiments.others.scoreboard import rows_of_methods
from stargas.galaxy import Galaxy
from stargas.model.posterior import Posterior
from stargas.report.adaptation_section import ADAPTATION_FILE, ADAPTATION_FORMAT, ADAPTED, AS_IT_WAS
from stargas.simulations.bounds import warn_of_short_profile
from stargas.training.adapt import adapt_model

FOLDS = 8
"""Parts of the galaxies that are left out, one after the other."""


@dataclass(frozen=True, eq=False)
class GalaxiesOfOthers:
    """Galaxies of others as a source of a data set.

    Parameters
    ----------
    galaxies
        All of them.
    """

    galaxies: Sequence[GalaxyOfOthers]
    name: str = "others"

    def __len__(self) -> int:
        """Return the number of galaxies."""
        return len(self.galaxies)

    def __getitem__(self, index: int) -> Galaxy:
        """Return one galaxy in its own frame."""
        return self.galaxies[index].galaxy

    def galaxy_id(self, index: int) -> str:
        """Return the id of a galaxy."""
        return self.galaxies[index].galaxy.id

    def groups(self) -> Sequence[Sequence[int]]:
        """Return indices of galaxies, each alone."""
        return [[index] for index in range(len(self))]

    def provenance(self) -> Mapping[str, Any]:
        """Return who made the galaxies, and their names."""
        return {
            "name": self.name,
            "galaxies": len(self),
            "of": [[one.maker, one.kind, one.galaxy.id] for one in self.galaxies],
        }


def folds(galaxies: Sequence[GalaxyOfOthers], n: int = FOLDS) -> list[list[int]]:
    """Divide galaxies, those of each maker and kind evenly.

    Returns
    -------
    list of list of int
        Indices of the galaxies of each fold; no fold is empty where there are as many galaxies.
    """
    order = sorted(range(len(galaxies)), key=lambda i: (galaxies[i].maker, galaxies[i].kind, galaxies[i].galaxy.id))
    return [order[number::n] for number in range(min(n, len(order)))]


def adapted_predictions(
    model: Posterior,
    galaxies: Sequence[GalaxyOfOthers],
    known: Dataset,
    out: Path,
    training: TrainingConfig,
    local: LocalConfig,
    n_draws: int = 1000,
    seed: int = 0,
    report: Callable[[str], None] = lambda _: None,
) -> dict[str, Predictions]:
    """Infer the masses of all galaxies, by the model as it is and by models that are adapted to the other folds.

    Parameters
    ----------
    model
        A model of any tracers.
    galaxies
        The galaxies; those with fewer stars than a sample may have are left out.
    known
        Data set like those that the model learned from, which is mixed in.
    out
        Folder of the data set of the galaxies and of the adapted models. What is there is not made again.
    training, local
        Settings of the adaptations.
    n_draws
        Posterior draws of each view.
    seed
        Root seed.
    report
        Called with a line for each fold.
    """
    usable = [one for one in galaxies if len(one.galaxy.stars) >= model.data_config.min_stars]
    for one in usable:
        warn_of_short_profile(one.galaxy)
    build_dataset(GalaxiesOfOthers(usable), out / "data", _settings(model.data_config), seed, local)
    whole = open_dataset(out / "data")
    ids = np.asarray(whole.catalogue["galaxy_id"])
    parts = []
    for number, chosen in enumerate(folds(usable)):
        left_out = [usable[i] for i in chosen]
        others = whole.where(~np.isin(ids, [one.galaxy.id for one in left_out]))
        adapted = adapt_model(model, others, out / f"fold_{number}", [known], training, local, seed)
        parts.append(predict(adapted, left_out, None, n_draws, seed))
        report(f"Fold {number}: {len(left_out)} galaxies left out, {adapted.about['minutes']:.1f} min")
    return {AS_IT_WAS: predict(model, usable, None, n_draws, seed), ADAPTED: joined(parts)}


def _settings(config: DataConfig) -> DataConfig:
    """Return settings of the data set: all sides, whatever the galaxies weigh, none for a test."""
    every = SelectionConfig(-30.0, 30.0, min_stars=config.min_stars)
    views = replace(config.views, n_views=N_VIEWS)
    return replace(config, views=views, selection=every, split=SplitConfig(validation=0.2, test=0.0))


def write_adaptation(predictions: Mapping[str, Predictions], results: Path, origin: Origin) -> Path:
    """Write ``adaptation.json``.

    Parameters
    ----------
    predictions
        Of all methods.
    results
        Folder of the results.
    origin
        Where they come from.
    """
    content = {"radii_R_hl": RADII, "folds": FOLDS, "rows": rows_of_methods(predictions)}
    return write_measurement(results / ADAPTATION_FILE, ADAPTATION_FORMAT, origin, content)
