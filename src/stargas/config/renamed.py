"""Settings of earlier versions and their names of today, so that an old file is refused with a remedy."""

from collections.abc import Mapping

RENAMED: Mapping[str, str] = {
    "data.effects": "data.degradation",
    "data.degradation.least_stars": "data.degradation.min_stars",
    "data.degradation.least_limit_cm2": "data.degradation.min_limit_cm2",
    "data.degradation.most_limit_cm2": "data.degradation.max_limit_cm2",
    "data.truth.n_radii": "data.truth.radii, the list of all radii in R_hl",
    "data.truth.r_min": "data.truth.radii, the list of all radii in R_hl",
    "data.truth.r_max": "data.truth.radii, the list of all radii in R_hl",
    "model.design": "model.network",
    "model.filters": "model.convolutional.filters, or model.residual.filters",
    "model.kernel_size": "model.convolutional.kernel_size",
    "model.first_stride": "model.convolutional.first_stride",
    "model.dense": "model.convolutional.dense, or width and n_blocks of model.residual",
    "model.n_features": "model.convolutional.embedding_size, or model.residual.embedding_size",
    "model.members": "model.residual.ensemble_size",
    "model.dropout": "model.convolutional.dropout, or model.residual.dropout",
    "model.flow_transforms": "model.maf.transforms",
    "model.flow_hidden": "model.maf.hidden",
    "model.numbers": "model.features",
    "training.all_tracers": "training.complete_fraction",
    "training.told_prior": "training.prior_probability",
    "training.number_noise": "training.feature_noise",
    "training.auxiliary": "training.inclination_weight",
}
"""Old name → new name, with what else changed."""


def renamed(name: str) -> str | None:
    """Return a sentence on a setting that has another name today; None for any other.

    Parameters
    ----------
    name
        Dotted name of a setting, or of one inside a block that was renamed.

    Examples
    --------
    >>> renamed("data.effects.share")
    "data.effects is now data.degradation: change the name, or let 'stargas convert FILE --out NEW' change the file"
    """
    for end in range(name.count(".") + 2):
        old = ".".join(name.split(".")[:end])
        if old in RENAMED:
            remedy = "change the name, or let 'stargas convert FILE --out NEW' change the file"
            return f"{old} is now {RENAMED[old]}: {remedy}"
    return None
