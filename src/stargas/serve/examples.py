"""Examples that a visitor can click: files that come with the package, and the numbers that belong to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from stargas.errors import InputError
from stargas.serve.settings import TRACER_OF_ROLE

FOLDER = Path(__file__).parent / "examples"
"""Where the files lie."""

NAME = "mock dwarf"
"""Name of the galaxy of all examples."""

_STARS, _CUBE = "mock_dwarf_stars.csv", "mock_dwarf_hi.fits"


@dataclass(frozen=True)
class Example:
    """One example.

    Parameters
    ----------
    title
        What the page calls it.
    files
        Role of a file → its name in `FOLDER`.
    values
        Settings that are filled in.
    """

    title: str
    files: Mapping[str, str]
    values: Mapping[str, float]

    def suits(self, needs: Sequence[str]) -> bool:
        """Whether it has the tracers that a model cannot do without."""
        return set(needs) <= {TRACER_OF_ROLE[role] for role in self.files}


_MOCK_DWARF = MappingProxyType(
    {"distance_kpc": 950.0, "distance_error_kpc": 30.0, "R_hl_kpc": 1.41, "R_hl_error_kpc": 0.08}
)

EXAMPLES: Mapping[str, Example] = MappingProxyType(
    {
        "both": Example("Mock dwarf: stars and HI", {"stars": _STARS, "hi_cube": _CUBE}, _MOCK_DWARF),
        "stars": Example("Mock dwarf: stars alone", {"stars": _STARS}, _MOCK_DWARF),
        "hi": Example("Mock dwarf: HI alone", {"hi_cube": _CUBE}, _MOCK_DWARF),
    }
)
"""Examples by name."""

TRUE_LOG10_MASS: Mapping[float, float] = MappingProxyType({0.84: 7.60, 1.41: 8.10, 1.87: 8.38, 3.37: 8.86})
"""Radius [kpc] → true log10 M [Msun] inside it, of the mock dwarf."""


def example(name: str = "both") -> dict[str, Any]:
    """Return what `stargas.inference.infer.infer` takes, for a mock dwarf galaxy that comes with the package.

    Parameters
    ----------
    name
        ``"both"``, ``"stars"`` or ``"hi"``.

    Returns
    -------
    dict
        Paths of ``stars`` and ``hi``, and what is known beside them.

    Raises
    ------
    InputError
        If there is no such example.

    Examples
    --------
    >>> sorted(example("stars"))
    ['R_hl_error_kpc', 'R_hl_kpc', 'distance_error_kpc', 'distance_kpc', 'name', 'stars']
    """
    if name not in EXAMPLES:
        raise InputError(f"there is no example {name!r}: expected one of {', '.join(EXAMPLES)}.")
    keywords = {"stars": "stars", "hi_cube": "hi"}
    files = {keywords[role]: str(FOLDER / file) for role, file in EXAMPLES[name].files.items()}
    return {**files, **EXAMPLES[name].values, "name": NAME}
