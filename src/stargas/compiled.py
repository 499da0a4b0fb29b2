"""Compiled functions, which are kept on disk where there is a folder that may be written to.

numba keeps them beside the package, else in the home folder of the user. Where neither can be written to, as in an
installation for many users, importing a module with such a function would fail.
"""

import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(**options: Any) -> Callable[[Function], Function]:  # noqa: ANN401 (those of numba)
    """Return a decorator that compiles a function when it is first called.

    Parameters
    ----------
    **options
        Of ``numba.njit``.

    Returns
    -------
    callable
        The compiled function is read from disk where an earlier process kept it, and is kept in memory alone where it
        can be kept nowhere else.

    Warns
    -----
    RuntimeWarning
        Once per process, if it can be kept in memory alone.
    """

    def decorate(function: Function) -> Function:
        try:
            result: Function = numba.njit(cache=True, **options)(function)
        except RuntimeError as error:
            if "no locator available" not in str(error):
                raise
            _warn_once()
            result = numba.njit(**options)(function)
        return result

    return decorate


def _warn_once() -> None:
    if not _warned:
        _warned.append(True)
        warnings.warn(
            "compiled functions are kept in memory alone, as neither the folder of stargas nor the home folder can be "
            "written to: set NUMBA_CACHE_DIR to a folder to start faster.",
            RuntimeWarning,
            stacklevel=4,
        )


_warned: list[bool] = []
