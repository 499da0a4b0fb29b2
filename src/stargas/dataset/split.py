"""Training, validation and test: decided by the host halo, so no galaxy and no view can leak."""

import hashlib

from stargas.config import SplitConfig

SPLITS = ("train", "validation", "test")
"""Names of the splits."""


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
