"""Reading files with libraries of others: whatever they raise becomes one sentence.

A damaged file makes a library raise nearly any exception there is, at nearly any of its lines.
"""

import contextlib
import os
import warnings
from collections.abc import Iterator

from stargas.errors import DamagedFileError, InputError, ObservationWarning, StargasError

LONGEST_REASON = 200
"""Characters of a library's message that are repeated."""


@contextlib.contextmanager
def one_sentence(path: str | os.PathLike[str], kind: str = "what its name says") -> Iterator[None]:
    """Turn any exception of the block into one sentence about a file, and silence the warnings of libraries.

    Those of ours (`stargas.errors.ObservationWarning`) come after the block.

    Parameters
    ----------
    path
        The file.
    kind
        What it should be, as ``FITS``.

    Raises
    ------
    InputError
        If the file does not fit into memory, or may not be read.
    DamagedFileError
        In place of any other exception but a `StargasError`, which passes.

    Examples
    --------
    >>> with one_sentence("cube.fits", "FITS"):
    ...     {}["BITPIX"]
    Traceback (most recent call last):
    stargas.errors.DamagedFileError: cube.fits is damaged or is not FITS (KeyError: 'BITPIX'): write or copy it again.
    """
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", ObservationWarning)
            yield
        for ours in caught:
            warnings.warn_explicit(ours.message, ours.category, ours.filename, ours.lineno)
    except StargasError:
        raise
    except MemoryError as error:
        raise InputError(f"{path} does not fit into memory: cut the galaxy out of it first.") from error
    except PermissionError as error:
        raise InputError(f"{path} may not be read: change its permissions, or copy it.") from error
    except Exception as error:
        raise DamagedFileError(
            f"{path} is damaged or is not {kind} ({reason(error)}): write or copy it again."
        ) from error


def reason(error: Exception) -> str:
    """Return the first sentence of an exception, with its type where the text alone says little."""
    text = " ".join(str(error).split()).split(". ")[0].rstrip(".:;, ")[:LONGEST_REASON]
    if not text:
        return type(error).__name__
    return text if isinstance(error, OSError | ValueError | RuntimeError) else f"{type(error).__name__}: {text}"
