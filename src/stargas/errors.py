"""What stargas raises and warns with.

Every message is one sentence that says what was got, what was expected and what to do. The command
line prints a `StargasError` without a traceback and ends with status 1.
"""


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
    """Data of an observed galaxy can be used, but what follows from them needs care."""
