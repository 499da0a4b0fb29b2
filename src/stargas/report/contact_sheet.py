"""Contact sheets for the eye: many galaxies per page, each as stars, HI and HI velocity on one field of view.

What they are for: finding ongoing mergers and wrecks before a data set is built (§2.3 of the paper). All three
pictures of a galaxy show the same field, so that a gas disk beside its stars or a second nucleus stands out.
"""

import csv
import io
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stargas.config import HIMapConfig, SelectionConfig
from stargas.errors import InputError, VirialWarning
from stargas.galaxy import Galaxy
from stargas.report.style import INK, MUTED, apply_style
from stargas.simulations.selection import Verdict, select
from stargas.simulations.source import Source
from stargas.sky.hi_maps import hi_moments
from stargas.sky.hi_scalars import measure_hi_radius
from stargas.sky.projection import SkyGalaxy, SkyGas, project
from stargas.sky.view import View
from stargas.storage import refuse_foreign

PIXELS = 64
"""Side of one picture."""

COLUMNS, ROWS = 4, 7
"""Galaxies per page."""

INCLINATION_DEG = 60.0
"""Galaxies are shown from here, where both the shape of a disk and its rotation are seen."""

_GAP, _STRIP = 10, 13  # pixels between galaxies, and for the text above each
_DPI, _SCALE = 160, 2  # of the page; picture pixels are drawn as 2 x 2
_EMPTY = 0.93  # gray of a picture without anything to show

_Picture: TypeAlias = NDArray[np.float64]
"""RGB in 0-1, shape (height, width, 3), first row at the top."""


@dataclass(frozen=True)
class Inspection:
    """What an inspection wrote.

    Parameters
    ----------
    pages
        Contact sheets (PNG).
    table
        CSV with one row per galaxy: id, accepted, reason, page, warning.
    exclude
        List of the accepted ids, all commented out, to be edited and given to a build.
    rejected
        Id and reason of each galaxy that is not drawn.
    n_accepted
        Galaxies that are drawn.
    """

    pages: Sequence[Path]
    table: Path
    exclude: Path
    rejected: Sequence[tuple[str, str]]
    n_accepted: int

    def __str__(self) -> str:
        """Say what was drawn and what was not, in a few lines."""
        drawn = f"{self.n_accepted} galaxies drawn in {self.table.parent} (sheets: {len(self.pages)})"
        lines = [f"{drawn}; {len(self.rejected)} rejected, listed with reasons in {self.table}."]
        lines += [f"  rejected {galaxy_id}: {reason}" for galaxy_id, reason in self.rejected[:5]]
        if len(self.rejected) > 5:
            lines.append(f"  … {len(self.rejected) - 5} more")
        lines.append(f"Remove the first # of the galaxies to leave out in {self.exclude}, and give it to --exclude.")
        return "\n".join(lines)


def field_half_width(sky: SkyGalaxy) -> float:
    """Half the side [kpc] of the field that shows a galaxy: 5 R_hl, or 1.25 R_HI where the gas reaches farther."""
    half = 5 * (sky.R_hl_kpc or 1.0)
    if isinstance(sky.gas, SkyGas):
        half = max(half, 1.25 * (measure_hi_radius(sky.gas.x_kpc, sky.gas.y_kpc, sky.gas.mHI_msun) or 0.0))
    return half


def galaxy_pictures(sky: SkyGalaxy, half_width_kpc: float) -> tuple[list[_Picture], float]:
    """Draw one galaxy as three pictures of one field.

    Parameters
    ----------
    sky
        A projected galaxy.
    half_width_kpc
        Half the side of the field [kpc].

    Returns
    -------
    pictures
        Stars (log of the number per pixel, lightly smoothed), HI (log of the column, 0.1 to 20 Msun/pc²) and HI
        velocity (receding red); gray where there is none. y points up.
    speed_kms
        Velocity [km/s] of the full red; 0 without gas.
    """
    from matplotlib import colormaps
    from scipy.ndimage import gaussian_filter

    n = PIXELS
    pictures: list[_Picture] = [np.full((n, n, 3), _EMPTY) for _ in range(3)]
    if sky.stars is not None:
        counts, _, _ = np.histogram2d(
            sky.stars.y_kpc, sky.stars.x_kpc, bins=n, range=[[-half_width_kpc, half_width_kpc]] * 2
        )
        light = gaussian_filter(counts, float(np.clip(150 / np.sqrt(max(len(sky.stars), 1)), 0.6, 4)))
        if light.max() > 0:
            light = np.log10(np.maximum(light / light.max(), 1e-3)) / 3 + 1
        pictures[0] = colormaps["magma"](light)[..., :3]
    speed = 0.0
    if isinstance(sky.gas, SkyGas):
        gas = sky.gas
        column, velocity, dispersion = hi_moments(
            gas.x_kpc, gas.y_kpc, gas.v_los_kms, gas.mHI_msun, gas.temperature_K, gas.hsm_kpc, half_width_kpc,
            config=HIMapConfig(n_pixels=n),
        ).astype(np.float64)  # fmt: skip
        pictures[1] = colormaps["inferno"]((np.log10(np.maximum(column, 0.1)) + 1) / 2.3)[..., :3]
        seen = dispersion > 0
        if seen.any():
            speed = max(float(np.percentile(np.abs(velocity[seen]), 98)), 1.0)
            colors = colormaps["RdBu_r"](0.5 + 0.5 * velocity / speed)[..., :3]
            pictures[2] = np.where(seen[..., None], colors, _EMPTY)
    return [picture[::-1] for picture in pictures], speed


def _label(galaxy: Galaxy, half_width_kpc: float, speed_kms: float) -> str:
    parts = [f"log M* {np.log10(galaxy.stellar_mass_msun):.1f}"]
    if galaxy.hi_mass_msun > 0:
        parts.append(f"HI {np.log10(galaxy.hi_mass_msun):.1f}")
    parts.append(f"{2 * half_width_kpc:.3g} kpc")
    if speed_kms > 0:
        parts.append(f"±{speed_kms:.0f} km/s")
    return "  ".join(parts)


def write_contact_sheet(
    galaxies: Iterable[Galaxy], folder: str | PathLike[str], *, inclination_deg: float = INCLINATION_DEG
) -> list[Path]:
    """Draw galaxies on contact sheets.

    Parameters
    ----------
    galaxies
        Taken one by one, so that only one page's pictures are in memory.
    folder
        Where ``sheet-001.png``, … are written; it is made if need be.
    inclination_deg
        From where the galaxies are shown.

    Returns
    -------
    list of Path
        The pages, `COLUMNS` x `ROWS` galaxies each. Above each galaxy: id, log10 of M* and of the HI mass [Msun], width
        of the field [kpc], velocity of the full colors.

    Raises
    ------
    InputError
        If there is already a sheet in the folder.
    """
    book = _Book(Path(folder), inclination_deg)
    for galaxy in galaxies:
        book.add(galaxy)
    book.close()
    return book.pages


class _Book:
    """Pages that fill up galaxy by galaxy."""

    def __init__(self, folder: Path, inclination_deg: float) -> None:
        self.folder, self.view = folder, View(inclination_deg)
        self.pages: list[Path] = []
        self._tiles: list[tuple[str, str, _Picture]] = []
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.glob("sheet-*.png")):
            raise InputError(f"{folder} holds contact sheets already: choose another folder or remove them.")

    def add(self, galaxy: Galaxy) -> Path:
        """Draw one more galaxy; the path is that of the page on which it will be."""
        sky = project(galaxy, self.view)
        half = field_half_width(sky)
        pictures, speed = galaxy_pictures(sky, half)
        self._tiles.append((galaxy.id, _label(galaxy, half, speed), np.concatenate(pictures, axis=1)))
        page = self.folder / f"sheet-{len(self.pages) + 1:03d}.png"
        if len(self._tiles) == COLUMNS * ROWS:
            self.close()
        return page

    def close(self) -> None:
        """Write the page that is not full yet."""
        if not self._tiles:
            return
        path = self.folder / f"sheet-{len(self.pages) + 1:03d}.png"
        path.write_bytes(_page(self._tiles))
        self.pages.append(path)
        self._tiles = []


def _page(tiles: Sequence[tuple[str, str, _Picture]]) -> bytes:
    """Compose a page and write the names above the galaxies."""
    from matplotlib.figure import Figure

    rows = -(-len(tiles) // COLUMNS)
    step_x, step_y = 3 * PIXELS + _GAP, PIXELS + _STRIP
    width, height = COLUMNS * step_x + _GAP, rows * step_y + _GAP
    canvas = np.ones((height, width, 3))
    with apply_style():
        figure = Figure(figsize=(_SCALE * width / _DPI, _SCALE * height / _DPI))
        for number, (name, label, tile) in enumerate(tiles):
            top, left = number // COLUMNS * step_y + _STRIP, number % COLUMNS * step_x + _GAP
            canvas[top : top + PIXELS, left : left + 3 * PIXELS] = tile
            y = 1 - (top - 3) / height
            figure.text(left / width, y, _shortened(name), fontsize=5.2, color=INK, weight="bold")
            figure.text((left + 3 * PIXELS) / width, y, label, fontsize=4.4, color=MUTED, ha="right")
        figure.figimage(np.kron(canvas[::-1], np.ones((_SCALE, _SCALE, 1))), zorder=-1)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    return buffer.getvalue()


def _shortened(name: str, longest: int = 26) -> str:
    return name if len(name) <= longest else f"{name[: longest // 2 - 1]}…{name[-longest // 2 :]}"


def inspect_source(
    source: Source,
    selection: SelectionConfig,
    folder: str | PathLike[str],
    *,
    on_galaxy: Callable[[Verdict], Any] | None = None,
) -> Inspection:
    """Select the galaxies of a source, draw the accepted ones and list all.

    Parameters
    ----------
    source
        Galaxies.
    selection
        The limits; galaxies on its exclusion list are not drawn.
    folder
        Where the sheets, ``galaxies.csv`` and ``exclude.txt`` are written.
    on_galaxy
        Called after each galaxy, for a progress bar.

    Returns
    -------
    Inspection
        What was written. Remove the ``#`` in front of the galaxies that you want to leave out in ``exclude.txt``.

    Raises
    ------
    InputError
        If the folder holds an inspection already.
    """
    folder = Path(folder)
    refuse_foreign(folder, "contact sheets")
    book = _Book(folder, INCLINATION_DEG)
    table, exclude = folder / "galaxies.csv", folder / "exclude.txt"
    for path in (table, exclude):
        if path.exists():
            raise InputError(f"{path} exists: choose another folder, or remove the old inspection.")
    rows: list[tuple[str, str, str, str, str]] = []
    candidates: list[str] = []
    for verdict, warning in _with_warnings(select(source, selection)):
        page = ""
        if verdict.galaxy is not None:
            page = book.add(verdict.galaxy).name
            candidates.append(f"# {verdict.galaxy_id}   # {page}")
        rows.append((verdict.galaxy_id, "yes" if verdict.accepted else "no", verdict.reason or "", page, warning))
        if on_galaxy is not None:
            on_galaxy(verdict)
    book.close()
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("galaxy_id", "accepted", "reason", "page", "warning"))
        writer.writerows(rows)
    head = "# Galaxies to leave out, one id per line. Remove the first # of a line to leave that galaxy out.\n"
    exclude.write_text(head + "\n".join([*selection.exclude, *candidates, ""]), encoding="utf-8")
    rejected = tuple((galaxy_id, reason) for galaxy_id, _, reason, _, _ in rows if reason)
    return Inspection(tuple(book.pages), table, exclude, rejected, len(candidates))


def _with_warnings(verdicts: Iterator[Verdict]) -> Iterator[tuple[Verdict, str]]:
    """Pair each verdict with what the virial check said of its galaxy."""
    while True:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", VirialWarning)
            verdict = next(verdicts, None)
        for other in caught:
            if not issubclass(other.category, VirialWarning):
                warnings.warn_explicit(other.message, other.category, other.filename, other.lineno)
        if verdict is None:
            return
        yield verdict, " ".join(str(one.message) for one in caught if issubclass(one.category, VirialWarning))
