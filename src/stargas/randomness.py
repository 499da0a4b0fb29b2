"""One root seed, independent streams: the same numbers with one worker or many, in any order."""

import hashlib

import numpy as np


def _key(part: str | int) -> int:
    """Turn a part of a stream's name into 32 bits that are the same on every machine."""
    if isinstance(part, int):
        return part
    return int.from_bytes(hashlib.blake2b(part.encode(), digest_size=4).digest(), "little")


def rng_for(seed: int, stage: str, *parts: str | int) -> np.random.Generator:
    """Random generator of one stage of the work on one object.

    Parameters
    ----------
    seed
        Root seed of the run, ≥ 0.
    stage
        Name of the stage, for instance ``"stars"``.
    *parts
        What the stream belongs to, for instance galaxy id and view number (≥ 0).

    Returns
    -------
    numpy.random.Generator
        Depends on the arguments alone, so results do not depend on order or number of workers.
    """
    keys = tuple(_key(part) for part in (stage, *parts))
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=keys))
