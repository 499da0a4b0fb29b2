"""One sample, and the same sample with less known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stargas.config import DataConfig
from stargas.representation import Described, interval
from stargas.sample.declaration import FIELDS, QUALITY, Arrays
from stargas.tracers import TRACERS


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Sample(Described, Arrays):
    """Maps, scalars and truth of one galaxy seen from one side.

    Its arrays are those of `~stargas.sample.declaration.Arrays`; ``log10_mass`` is None for an observed galaxy. They
    are checked when it is made.

    Parameters
    ----------
    config
        Settings of its maps and radii; a model reads only samples of its own settings.
    row
        Its row of the catalogue (ids, view, masses, star count, …).

    Examples
    --------
    >>> import stargas as sg
    >>> sample = sg.make_samples(sg.mock_suite("bursty", n_galaxies=3, seed=1)[2])[0]
    >>> sample.maps.shape[0], sample.tracers
    (5, array([ True,  True]))
    """

    config: DataConfig
    row: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check every array against its declaration."""
        for declared in FIELDS:
            value = getattr(self, declared.name)
            if value is not None or declared.name != "log10_mass":
                object.__setattr__(self, declared.name, declared.checked(value, self.config))

    def _facts(self) -> Mapping[str, str]:
        galaxy = self.row.get("galaxy_id")
        return {
            **({"galaxy": str(galaxy)} if galaxy else {}),
            "tracers": " and ".join(name for name, there in zip(TRACERS, self.tracers, strict=True) if there),
            "maps": " x ".join(map(str, self.maps.shape)),
            "radii": interval(self.r_kpc, "kpc"),
            "truth": "not known" if self.log10_mass is None else "known",
        }


def without_tracer(sample: Sample, tracer: str) -> Sample:
    """Return a sample as it is if one of `stargas.tracers.TRACERS` is not observed; R_hl stays known."""
    changed = {}
    for declared in FIELDS:
        hidden = [tracer in entry.needs for entry in declared.entries]
        if any(hidden):
            array = getattr(sample, declared.name).copy()
            array[hidden] = declared.absent
            changed[declared.name] = array
    return replace(sample, **changed)


def with_exact(sample: Sample, name: str) -> Sample:
    """Return a sample with one of its errors, an entry of `~stargas.sample.declaration.QUALITY`, stated as zero."""
    quality = sample.quality.copy()
    quality[QUALITY.index(name)] = 0.0
    return replace(sample, quality=quality)
