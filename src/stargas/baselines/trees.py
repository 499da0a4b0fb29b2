"""Boosted trees on features of the same maps and scalars: the baseline of the networks.

The gain of a network over a mass estimator may come from its maps, or from any flexible fit. Trees distinguish the two:
they receive the same inputs as some dozens of features that a person would measure
(`stargas.baselines.tree_features`), learn from the same galaxies and are evaluated in the same way. One regressor per
radius (scikit-learn's HistGradientBoostingRegressor) predicts the residual of a linear regression of log10 M on the
logarithms of the scalars. That regression is the physical baseline: Wolf's formula is its special case with slopes 2
and 1, v²R/G another, so it serves stars and gas alike, and unlike trees it extrapolates. It uses the scalars that every
training sample has.

As a posterior the trees are a Gaussian around their prediction, of one width for all galaxies: its covariance is that
of the residuals on the validation split, all radii jointly. Coverage and TARP are measured on galaxies that enter
neither the regressors nor the covariance.

Nothing stops early: scikit-learn would hold out random samples for that, so that a galaxy is in part of its own
validation set. The settings in `SETTINGS` were compared on a validation split of the bursty suite.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.baselines.tree_features import feature_names, hand_features
from stargas.config import ModelConfig, TrainingConfig
from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.model.inputs import batches_of, count_samples, require_tracers
from stargas.model.layout import scalar_columns
from stargas.model.target import require_profiles
from stargas.randomness import rng_for

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingRegressor

    from stargas.dataset.store import Dataset
    from stargas.sample import Sample

SETTINGS = {
    "max_iter": 400,
    "learning_rate": 0.06,
    "max_leaf_nodes": 63,
    "min_samples_leaf": 120,
    "max_features": 0.25,
    "l2_regularization": 1.0,
}
"""Settings of each regressor. A galaxy has a dozen views, so a leaf holds ten galaxies or more."""

_AT_ONCE = 512


@dataclass(frozen=True, eq=False)
class Trees:
    """Gaussian posterior of log10 M(<r) around the prediction of boosted trees.

    Parameters
    ----------
    config
        Settings of the model: its tracers, and whether gas knows R_hl.
    regressors
        One per radius, in the order of the radii.
    baseline
        Linear regression of log10 M on log10 of the scalars, shape (1 + n_scalars, m), constant first; zero for a
        scalar that some training samples lacked.
    covariance
        Of the residuals on the validation split [dex²], shape (m, m).
    about
        Plain data: provenance, training set, settings, names of the features, residuals on the validation split.
    """

    config: ModelConfig
    regressors: "tuple[HistGradientBoostingRegressor, ...]"
    baseline: FloatArray
    covariance: FloatArray
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def n_masses(self) -> int:
        """Number of radii."""
        return len(self.covariance)

    def predict(self, samples: "Sample | Sequence[Sample] | Dataset") -> FloatArray:
        """Return the mean of the posterior, log10 M [Msun], shape (n_samples, m).

        Raises
        ------
        InputError
            If a sample lacks a tracer that all galaxies of the training set had, or holds values that are not finite.
        """
        parts = [self.predict_features(features) for features in self._features(samples)]
        return np.concatenate(parts) if parts else np.zeros((0, self.n_masses))

    def predict_features(self, features: NDArray[np.float32]) -> FloatArray:
        """Return log10 M [Msun], shape (n, m), for features (n, k) as ``hand_features`` gives them."""
        residual = np.column_stack([regressor.predict(features) for regressor in self.regressors])
        result: FloatArray = _linear(features, self.baseline) + residual
        return result

    def sample(
        self, samples: "Sample | Sequence[Sample] | Dataset", n: int = 1000, seed: int = 0
    ) -> NDArray[np.float32]:
        """Draw mass profiles.

        Parameters
        ----------
        samples
            One galaxy, several, or a data set.
        n
            Draws per galaxy.
        seed
            Root seed; galaxy i has a stream of its own, so its draws do not depend on those after it.

        Returns
        -------
        numpy.ndarray
            log10 M [Msun], shape (n_samples, n, m).

        Raises
        ------
        InputError
            As `predict`, or if ``n`` is less than 1.
        """
        if n < 1:
            raise InputError(f"at least 1 draw per galaxy is needed, got {n}.")
        mean = self.predict(samples)
        root = np.linalg.cholesky(self.covariance)
        drawn = np.empty((len(mean), n, self.n_masses), np.float32)
        for row, center in enumerate(mean):
            noise = rng_for(seed, "trees", row).standard_normal((n, self.n_masses))
            drawn[row] = center + noise @ root.T
        return drawn

    def log_prob(self, samples: "Sample | Sequence[Sample] | Dataset", log10_mass: ArrayLike) -> FloatArray:
        """Evaluate the natural logarithm of the posterior density, per dex of each mass.

        Parameters
        ----------
        samples
            One galaxy, several, or a data set.
        log10_mass
            log10 M [Msun], shape (n_samples, m), or (n_samples, k, m) for k profiles each.

        Returns
        -------
        numpy.ndarray
            Shape (n_samples,) or (n_samples, k).

        Raises
        ------
        InputError
            If the shapes do not fit, or as `predict`.
        """
        mass = np.asarray(log10_mass, dtype=np.float64)
        m = self.n_masses
        require_profiles(mass, count_samples(samples), m, f"the masses at {m} radii")
        mean = self.predict(samples)
        root = np.linalg.cholesky(self.covariance)
        left = mass - (mean if mass.ndim == 2 else mean[:, None])
        unit = np.linalg.solve(root, left.reshape(-1, m).T).T.reshape(left.shape)
        result: FloatArray = -0.5 * np.sum(unit**2, axis=-1) - np.log(np.diag(root)).sum() - 0.5 * m * np.log(2 * np.pi)
        return result

    def _features(self, samples: "Sample | Sequence[Sample] | Dataset") -> Iterator[NDArray[np.float32]]:
        first = 0
        for batch in batches_of(samples, _AT_ONCE):
            require_tracers(batch, self.config, self.about.get("tracer_share", {}), first)
            yield hand_features(batch, self.config)
            first += len(batch.tracers)


def fit_trees(
    datasets: "Dataset | Sequence[Dataset]",
    config: ModelConfig | None = None,
    training: TrainingConfig | None = None,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
) -> Trees:
    """Fit trees to the training split of the galaxies that a network of the same settings would learn from.

    Parameters
    ----------
    datasets
        One or more data sets with the same maps and radii.
    config
        Settings of the model: its tracers, whether gas knows R_hl, and whether it receives features of the stars as a
        set.
    training
        Whether the cold-gas set alone is used; other settings do not matter.
    seed
        Root seed of the features among which each split of a tree is chosen.
    settings
        Settings of each regressor; `SETTINGS` if None.

    Returns
    -------
    Trees
        The covariance is that of the validation split; the test split is not read.

    Raises
    ------
    InputError
        If a split is empty, or the validation split has too few samples for a covariance.

    Notes
    -----
    scikit-learn uses as many threads as ``OMP_NUM_THREADS`` says, all cores by default.
    """
    from stargas.training.training_set import describe_training_set, provenance, radii_R_hl, training_splits

    config, training, settings = config or ModelConfig(), training or TrainingConfig(), settings or SETTINGS
    datasets = list(datasets) if isinstance(datasets, Sequence) else [datasets]
    started = time.monotonic()
    learn, choose = training_splits(datasets, training)
    learned, held_out = _measure(learn, config), _measure(choose, config)
    measured = time.monotonic()
    n_radii = learned.masses.shape[1]
    if len(choose) <= n_radii:
        raise InputError(
            f"the validation split has {len(choose)} samples, too few for a covariance of {n_radii} masses: "
            "build more galaxies or change data.split."
        )
    fitted = fit_features(learned.features, learned.masses, config, seed, settings)
    residual = fitted.predict_features(held_out.features) - held_out.masses
    of_baseline = _linear(held_out.features, fitted.baseline) - held_out.masses
    covariance = residual.T @ residual / len(residual)
    about = {
        "kind": "boosted trees",
        "model": asdict(config),
        "training": asdict(training),
        "trees": dict(settings),
        "seed": seed,
        "data": [provenance(dataset) for dataset in datasets],
        "radii_R_hl": radii_R_hl(learn),
        "features": list(feature_names(config)),
        **describe_training_set(learn, learned.scalars, learned.tracers, learned.masses),
        "validation": {
            "samples": len(choose),
            "rms_dex": float(np.sqrt(np.mean(residual**2))),
            "baseline_rms_dex": float(np.sqrt(np.mean(of_baseline**2))),
            "log_prob": _mean_log_prob(covariance),
        },
        "minutes": round((time.monotonic() - started) / 60, 2),
        "minutes_features": round((measured - started) / 60, 2),
    }
    return replace(fitted, covariance=covariance, about=about)


def _mean_log_prob(covariance: FloatArray) -> float:
    """Mean log-density of the residuals that a Gaussian's covariance was measured on [per dex of each mass]."""
    _, log_determinant = np.linalg.slogdet(covariance)
    return float(-0.5 * (len(covariance) * (1 + np.log(2 * np.pi)) + log_determinant))


def fit_features(
    features: NDArray[np.float32],
    masses: FloatArray,
    config: ModelConfig,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
) -> Trees:
    """Fit trees to features, without a covariance.

    Parameters
    ----------
    features
        As ``hand_features`` gives them, shape (n, k).
    masses
        log10 M [Msun], shape (n, m).
    config
        Settings of the model that the features belong to.
    seed
        Root seed of the features among which each split of a tree is chosen.
    settings
        Settings of each regressor; `SETTINGS` if None.

    Returns
    -------
    Trees
        With a covariance of 1 dex² and nothing in ``about``.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor  # imports slowly, and only training needs it

    baseline = _fit_linear(features[:, : len(scalar_columns(config))], masses)
    target = masses - _linear(features, baseline)
    # A column of nothing but NaN has no bins; as a constant it is never split, whatever it holds later.
    usable = np.where(np.isnan(features).all(axis=0), np.float32(0), features)
    regressors = tuple(
        HistGradientBoostingRegressor(
            **(settings or SETTINGS),
            early_stopping=False,
            random_state=int(rng_for(seed, "trees", number).integers(2**31)),
        ).fit(usable, target[:, number])
        for number in range(masses.shape[1])
    )
    return Trees(config, regressors, baseline, np.eye(masses.shape[1]))


class _MeasuredSamples(NamedTuple):
    """Features (n, k), masses (n, m), scalars (n, 5) and tracers (n, 2) of n samples."""

    features: NDArray[np.float32]
    masses: FloatArray
    scalars: FloatArray
    tracers: NDArray[np.bool_]


def _measure(dataset: "Dataset", config: ModelConfig) -> _MeasuredSamples:
    """Measure all samples; the maps are read once."""
    parts = []
    for start in range(0, len(dataset), _AT_ONCE):
        batch = dataset.batch(np.arange(start, min(start + _AT_ONCE, len(dataset))))
        parts.append((hand_features(batch, config), batch.log10_mass, batch.scalars, batch.tracers))
    features, masses, scalars, tracers = (np.concatenate(part) for part in zip(*parts, strict=True))
    return _MeasuredSamples(features, masses.astype(np.float64), scalars, tracers)


def _fit_linear(log_scalar: NDArray[np.floating], masses: FloatArray) -> FloatArray:
    """Least squares of the masses (n, m) on a constant and the scalars (n, k) that all samples have: (1 + k, m)."""
    known = np.isfinite(log_scalar).all(axis=0)
    terms = np.column_stack([np.ones(len(masses)), log_scalar[:, known].astype(np.float64)])
    result = np.zeros((1 + log_scalar.shape[1], masses.shape[1]))
    result[np.append([True], known)] = np.linalg.lstsq(terms, masses, rcond=None)[0]
    return result


def _linear(features: NDArray[np.floating], baseline: FloatArray) -> FloatArray:
    """Masses (n, m) of the baseline; features begin with log10 of the scalars."""
    log_scalar = features[:, : len(baseline) - 1].astype(np.float64)
    known = baseline[1:].any(axis=1)
    result: FloatArray = baseline[0] + log_scalar[:, known] @ baseline[1:][known]
    return result
