"""What a build of a data set did, for the terminal."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stargas.dataset.galaxy_result import Outcome
from stargas.dataset.manifest import MANIFEST, REJECTED


@dataclass(frozen=True)
class BuildReport:
    """What came out of a build.

    Parameters
    ----------
    path
        Folder of the data set.
    n_galaxies, n_done, n_rejected, n_failed
        Galaxies of the source, and what became of them.
    n_samples
        Samples in the data set.
    n_made
        Galaxies that this run made or tried; the others were there already.
    seconds
        Duration of this run.
    rejected, failed, warned
        Id and reason of each such galaxy.
    """

    path: Path
    n_galaxies: int
    n_done: int
    n_rejected: int
    n_failed: int
    n_samples: int
    n_made: int
    seconds: float
    rejected: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    failed: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    warned: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        """Return a few lines for the terminal."""
        counts = f"{self.n_rejected} rejected, {self.n_failed} failed, of {self.n_galaxies}"
        made = f"{self.n_made} made in {self.seconds:.1f} s"
        lines = [f"{self.path}: {self.n_samples} samples of {self.n_done} galaxies; {counts}; {made}."]
        for what, listed in (("rejected", self.rejected), ("failed", self.failed), ("warning", self.warned)):
            lines += [f"  {what} {galaxy_id}: {reason}" for galaxy_id, reason in listed[:5]]
            if len(listed) > 5:
                lines.append(
                    f"  … {len(listed) - 5} more in {self.path / (MANIFEST if what == 'warning' else REJECTED)}"
                )
        return "\n".join(lines)

    @classmethod
    def of(
        cls, folder: Path, outcomes: Sequence[Outcome], n_samples: int, n_made: int, seconds: float
    ) -> "BuildReport":
        """Count outcomes."""
        by_status = {
            status: tuple((o.galaxy_id, o.reason) for o in outcomes if o.status == status)
            for status in ("done", "rejected", "failed")
        }
        return cls(
            path=folder,
            n_galaxies=len(outcomes),
            n_done=len(by_status["done"]),
            n_rejected=len(by_status["rejected"]),
            n_failed=len(by_status["failed"]),
            n_samples=n_samples,
            n_made=n_made,
            seconds=seconds,
            rejected=by_status["rejected"],
            failed=by_status["failed"],
            warned=tuple((o.galaxy_id, text) for o in outcomes for text in o.warnings),
        )
