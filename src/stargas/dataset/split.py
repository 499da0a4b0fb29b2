"""Training, validation and test: decided by the host halo, so no galaxy and no view can leak."""

import hashlib

from stargas.config import SplitConfig
from stargas.errors import InputError

SPLITS = ("train", "validation", "test")
"""Names of the splits."""


def check_split(config: SplitConfig) -> None:
    """Raise `InputError` where the shares are no shares."""
    if config.validation < 0 or config.test < 0 or config.validation + config.test >= 1:
        raise InputError(
            f"data.split needs shares ≥ 0 that leave galaxies for training, got validation {config.validation} and "
            f"test {config.test}."
        )


def split_of(host_id: str, seed: int, config: SplitConfig) -> str:
    """Split that a host and all its galaxies belong to.

    Parameters
    ----------
    host_id
        Id of the host halo.
    seed
        Root seed of the data set.
    config
        Shares of the splits.

    Returns
    -------
    str
        One of `SPLITS`. It depends on the arguments alone, so it stays what it is when galaxies are added, and the
        same host goes the same way in every data set of one seed.
    """
    digest = hashlib.blake2b(f"{seed}/{host_id}".encode(), digest_size=8).digest()
    place = int.from_bytes(digest, "little") / 2**64
    if place < config.test:
        return "test"
    return "validation" if place < config.test + config.validation else "train"
