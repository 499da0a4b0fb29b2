"""What is remarked on an observed galaxy and its result: every kind there is, and what it does to the verdict.

A remark lowers the verdict to *with care* where it says that the data may not be what they are taken for, or that the
errors are too small. It becomes a condition of the verdict where nothing is known to be wrong, but something is taken
as true that only the observer can know. It leaves the verdict alone where it says what was done with the data, or where
the stated errors hold what it says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Effect:
    """What a remark does to the verdict.

    Parameters
    ----------
    lowers
        The verdict is *with care* at best, and gives the remark as a reason.
    condition
        What has to hold for the verdict, to stand behind "if"; "" where nothing has to.
    """

    lowers: bool = False
    condition: str = ""


NOTHING, LOWERS = Effect(), Effect(lowers=True)

EFFECTS: Mapping[str, Effect] = MappingProxyType(
    {
        # The data are of two galaxies, or in another unit or frame.
        "another galaxy": LOWERS,
        "another size": LOWERS,
        "unlikely size": LOWERS,
        "unlikely dispersion": LOWERS,
        "unlikely HI mass": LOWERS,
        "angles in radians": LOWERS,
        "angles too wide": LOWERS,
        "strip": LOWERS,
        "another systemic velocity": LOWERS,
        "another center": LOWERS,
        "another center of the photometry": LOWERS,
        "width in place of dispersion": LOWERS,
        # The masses, or their errors, are known to be wrong by what is missing.
        "fields with edges": LOWERS,
        "photometry with an edge": LOWERS,
        "line cut by the band": LOWERS,
        "line cut by a window": LOWERS,
        "continuum": LOWERS,
        "dispersion hardly resolved": LOWERS,
        "many contaminants": LOWERS,
        "narrow peak": LOWERS,
        "fewer stars than learned": LOWERS,
        "measurement outside the training set": LOWERS,
        "masses outside the training set": LOWERS,
        # The light contradicts the masses.
        "stars outweigh all matter": LOWERS,
        # Something is taken as true that the data do not show.
        "no velocity errors": Effect(condition="the velocity errors are small beside the dispersion"),
        "large velocity errors": Effect(condition="the velocity errors are right to a few percent"),
        "size of the stars with velocities": Effect(condition="the stars with velocities follow the light"),
        "contaminated members": Effect(condition="the contaminants among the members move like those of a foreground"),
        "far members": Effect(condition="the members far from the center belong to the galaxy"),
        "photometry without background": Effect(condition="all stars of the photometric catalog are members"),
        "unit of velocities assumed": Effect(condition="the velocities of the cube are in km/s"),
        "masked cube": Effect(condition="the mask of the cube left out no HI and little noise"),
        # What was done with the data, and what the posterior is conditioned on.
        "few stars": NOTHING,
        "contaminants left out": NOTHING,
        "repeated positions": NOTHING,
        "photometry with background": NOTHING,
        "photometry not used": NOTHING,
        "rows left out": NOTHING,
        "several tables": NOTHING,
        "unknown name": NOTHING,
        "blank voxels": NOTHING,
        "blank pixels": NOTHING,
        "faint HI": NOTHING,
        "center not used": NOTHING,
        # What the checks of validity and the limits of the result have decided already.
        "draws continued": NOTHING,
        "falling masses": NOTHING,
        "limitation": NOTHING,
        "validity": NOTHING,
    }
)
"""Kind of a remark → what it does to the verdict, the most serious first."""

_PLACES = {kind: place for place, kind in enumerate(EFFECTS)}


@dataclass(frozen=True)
class Remark:
    """One thing that an observer should know.

    Parameters
    ----------
    kind
        One of `EFFECTS`.
    text
        One sentence for this galaxy, with its numbers.

    Examples
    --------
    >>> print(Remark("few stars", "there are 40 members only."))
    there are 40 members only.
    """

    kind: str
    text: str

    def __str__(self) -> str:
        """Return the sentence."""
        return self.text

    @property
    def effect(self) -> Effect:
        """What it does to the verdict."""
        return EFFECTS[self.kind]


def ordered(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    """Return each remark once, the most serious first."""
    return tuple(sorted(dict.fromkeys(remarks), key=lambda one: _PLACES[one.kind]))
