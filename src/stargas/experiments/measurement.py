"""Results that say which command measured them, on which model."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from stargas import __version__
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.model.posterior import Posterior
from stargas.storage import Format, json_bytes, plain, rounded, write_atomically
from stargas.validity.reference import weights_of

DIGITS = 4
"""Significant digits of the numbers."""


@dataclass(frozen=True)
class Origin:
    """Where results come from.

    Parameters
    ----------
    command
        Command that makes them again.
    weights_sha256
        SHA-256 of the weights of the model that was measured; empty where it has no file of weights.
    """

    command: str
    weights_sha256: str = ""

    @classmethod
    def of(cls, command: str, model: PosteriorLike) -> Self:
        """Return the origin of what a command measures on a model."""
        folder = model.folder if isinstance(model, Posterior) else None
        return cls(command, "" if folder is None else weights_of(folder))


def write_measurement(path: Path, kind: Format, origin: Origin, content: Mapping[str, Any]) -> Path:
    """Write results as JSON.

    Parameters
    ----------
    path
        The file.
    kind
        Its format.
    origin
        Where they come from.
    content
        Their entries.
    """
    whole = {**kind.stated, "stargas": __version__, **asdict(origin), **content}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json_bytes(rounded(plain(whole), DIGITS)))
    return path
