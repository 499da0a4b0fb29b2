"""What stargas raises and warns with.

Every message is one sentence that says what was got, what was expected and what to do. The command
line prints a `StargasError` without a traceback and ends with status 1.
"""

import difflib
from collections.abc import Iterable

from stargas.remarks import Remark


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the known word that is nearest to one that is not known, as the end of a message; "" if none is near.

    Parameters
    ----------
    word
        What was given.
    known
        What there is.
    cutoff
        Least likeness, 0 to 1, as ``difflib.get_close_matches`` has it.

    Examples
    --------
    >>> did_you_mean("burtsy", ["bursty", "smooth"])
    ' (did you mean bursty?)'
    """
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=cutoff)
    return f" (did you mean {by_lower[close[0]]}?)" if close else ""


class StargasError(Exception):
    """Base of all errors that a user can correct."""


class InputError(StargasError, ValueError):
    """A value, an array or a file is not what the function needs."""


class NoGalaxyError(InputError):
    """A galaxy has too few stars or is not selected: no fault of the file, so a build counts it as rejected."""


class DamagedFileError(StargasError, OSError):
    """A file is truncated, unreadable or not of the format that its name promises."""


class VirialWarning(UserWarning):
    """The motions of a galaxy's stars contradict its masses."""


class AssumptionWarning(UserWarning):
    """A file does not state something that is assumed."""


class ObservationWarning(UserWarning):
    """Data of an observed galaxy can be used, but what follows from them needs care.

    Parameters
    ----------
    kind
        One of `stargas.remarks.EFFECTS`.
    text
        One sentence for this galaxy, with its numbers.
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(kind, text)
        self.remark = Remark(kind, text)

    def __str__(self) -> str:
        """Return the sentence."""
        return self.remark.text
