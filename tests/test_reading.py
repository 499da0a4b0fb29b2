"""Whatever a library raises of a file is one sentence; warnings of ours pass."""

import errno
import warnings

import pytest

from stargas.errors import DamagedFileError, InputError, NoGalaxyError, ObservationWarning
from stargas.reading import one_sentence, reason


@pytest.mark.parametrize(
    ("raised", "error", "message"),
    [
        (KeyError("BITPIX"), DamagedFileError, r"x is damaged or is not FITS \(KeyError: 'BITPIX'\): write or copy it"),
        (ValueError("bad card. More text.\nAnd more"), DamagedFileError, r"\(bad card\): "),
        (RecursionError(), DamagedFileError, r"\(RecursionError\)"),
        (AssertionError(), DamagedFileError, r"\(AssertionError\)"),
        (MemoryError(), InputError, "x does not fit into memory"),
        (PermissionError(errno.EACCES, "Permission denied"), InputError, "x may not be read: change its permissions"),
        (NoGalaxyError("none here"), NoGalaxyError, "^none here$"),
    ],
)
def test_any_exception_is_one_sentence(raised, error, message):
    with pytest.raises(error, match=message) as caught, one_sentence("x", "FITS"):
        raise raised
    assert "\n" not in str(caught.value)


def test_an_interruption_passes():
    with pytest.raises(KeyboardInterrupt), one_sentence("x"):
        raise KeyboardInterrupt


def warn_twice():
    with one_sentence("x"):
        warnings.warn("theirs", RuntimeWarning, stacklevel=1)
        warnings.warn(ObservationWarning("few stars", "ours"), stacklevel=1)


def test_warnings_of_libraries_are_silent_and_ours_are_not():
    with pytest.warns(ObservationWarning, match="ours") as caught:
        warn_twice()
    assert len(caught) == 1


def test_a_long_reason_is_cut():
    assert len(reason(ValueError("x" * 10_000))) == 200
