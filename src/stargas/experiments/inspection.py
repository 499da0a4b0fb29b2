"""Contact sheets for the eye: many galaxies per page, each as stars, HI and HI velocity on one field of view.

They are for finding ongoing mergers and badly resolved galaxies before a data set is built (§2.3 of the paper). All
three images of a galaxy show the same field, so that a gas disk beside its stars or a second nucleus stands out.
"""

import csv
import importlib
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from stargas.config import HIMapConfig, SelectionConfig
from stargas.errors import InputError, StargasError, VirialWarning
from stargas.galaxy import Galaxy
from stargas.report.contact_sheet import PIXELS, GalaxyImages, Tile, save_sheet
from stargas.sandbox import in_child
from stargas.simulations.selection import Verdict, select
from stargas.simulations.source import Source
from stargas.sky.hi_maps import hi_moments
from stargas.sky.hi_particles import SkyGas
from stargas.sky.hi_scalars import measure_hi_radius
from stargas.sky.projection import SkyGalaxy, project
from stargas.sky.view import View
from stargas.storage import refuse_foreign

COLUMNS, ROWS = 4, 7
"""Galaxies per page."""

INCLINATION_DEG = 60.0
"""Galaxies are seen from here, where both the shape of a disk and its rotation show."""

MAX_LISTED = 5
"""Rejected galaxies that a summary names."""


@dataclass(frozen=True)
class Inspection:
    """The files of an inspection.

    Parameters
    ----------
    pages
        Contact sheets (PNG).
    table
        CSV with one row per galaxy: id, accepted, reason, page, warning.
    exclude
        List of the accepted ids, all commented out, to be edited and passed to a build.
    rejected
        Id and reason of each galaxy that is on no sheet.
    n_accepted
        Galaxies on the sheets.
    """

    pages: Sequence[Path]
    table: Path
    exclude: Path
    rejected: Sequence[tuple[str, str]]
    n_accepted: int

    def __str__(self) -> str:
        """Summarize the inspection in a few lines."""
        drawn = f"{self.n_accepted} galaxies drawn in {self.table.parent} (sheets: {len(self.pages)})"
        lines = [f"{drawn}; {len(self.rejected)} rejected, listed with reasons in {self.table}."]
        lines += [f"  rejected {galaxy_id}: {reason}" for galaxy_id, reason in self.rejected[:MAX_LISTED]]
        if len(self.rejected) > MAX_LISTED:
            lines.append(f"  … {len(self.rejected) - MAX_LISTED} more")
        lines.append(f"Remove the first # of the galaxies to leave out in {self.exclude}, and pass it to --exclude.")
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class _Examined:
    """What is listed of one galaxy, and drawn if it is accepted."""

    galaxy_id: str
    reason: str | None
    warning: str = ""
    tile: Tile | None = None


def inspect_source(
    source: Source,
    selection: SelectionConfig,
    folder: str | PathLike[str],
    *,
    files: Sequence[Path] | None = None,
    on_galaxy: Callable[[str], Any] | None = None,
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
    files
        Files that the source reads. Each group of its galaxies is then read and measured by
        `stargas.sandbox.in_child`, and rejected as a whole if that ends it; in this process if None.
    on_galaxy
        Called with the id of each galaxy that is done, for a progress bar.

    Returns
    -------
    Inspection
        The files. Remove the ``#`` in front of the galaxies to leave out in ``exclude.txt``.

    Raises
    ------
    InputError
        If the folder holds an inspection already.
    """
    folder = Path(folder)
    refuse_foreign(folder, "contact sheets")
    sheets = _Sheets(folder)
    table, exclude = folder / "galaxies.csv", folder / "exclude.txt"
    for path in (table, exclude):
        if path.exists():
            raise InputError(f"{path} exists: choose another folder, or remove the old inspection.")
    rows: list[tuple[str, str, str, str, str]] = []
    candidates: list[str] = []
    examine = _examine if files is None else partial(_examine_in_child, files)
    for one in chain.from_iterable(examine(source, selection, group) for group in source.groups()):
        page = ""
        if one.tile is not None:
            page = sheets.add(one.tile).name
            candidates.append(f"# {one.galaxy_id}   # {page}")
        rows.append((one.galaxy_id, "no" if one.reason else "yes", one.reason or "", page, one.warning))
        if on_galaxy is not None:
            on_galaxy(one.galaxy_id)
    sheets.finish()
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("galaxy_id", "accepted", "reason", "page", "warning"))
        writer.writerows(rows)
    head = "# Galaxies to leave out, one id per line. Remove the first # of a line to leave that galaxy out.\n"
    exclude.write_text(head + "\n".join([*selection.exclude, *candidates, ""]), encoding="utf-8")
    rejected = tuple((galaxy_id, reason) for galaxy_id, _, reason, _, _ in rows if reason)
    return Inspection(tuple(sheets.pages), table, exclude, rejected, len(candidates))


def _examine(source: Source, selection: SelectionConfig, indices: Sequence[int]) -> Iterator[_Examined]:
    view = View(INCLINATION_DEG)
    for verdict, warning in _with_warnings(select(source, selection, indices)):
        tile = None if verdict.galaxy is None else _tile(verdict.galaxy, view)
        yield _Examined(verdict.galaxy_id, verdict.reason, warning, tile)


def _examine_in_child(
    files: Sequence[Path], source: Source, selection: SelectionConfig, indices: Sequence[int]
) -> Iterable[_Examined]:
    importlib.import_module("stargas.dataset.warmup")  # children are born with compiled kernels
    try:
        return in_child(files, lambda: list(_examine(source, selection, indices)))
    except StargasError as error:
        return [_Examined(source.galaxy_id(index), str(error)) for index in indices]


def write_contact_sheet(
    galaxies: Iterable[Galaxy], folder: str | PathLike[str], *, inclination_deg: float = INCLINATION_DEG
) -> list[Path]:
    """Draw galaxies on contact sheets.

    Parameters
    ----------
    galaxies
        Taken one by one, so that the images of one page alone are in memory.
    folder
        Where ``sheet-001.png``, … are written; it is made if need be.
    inclination_deg
        Inclination of the views [degree].

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
    sheets, view = _Sheets(Path(folder)), View(inclination_deg)
    for galaxy in galaxies:
        sheets.add(_tile(galaxy, view))
    sheets.finish()
    return sheets.pages


def field_half_width(sky: SkyGalaxy) -> float:
    """Half the side [kpc] of the field of a galaxy: 5 R_hl, or 1.25 R_HI where the gas reaches farther."""
    half = 5 * (sky.R_hl_kpc or 1.0)
    if isinstance(sky.gas, SkyGas):
        half = max(half, 1.25 * (measure_hi_radius(sky.gas.x_kpc, sky.gas.y_kpc, sky.gas.mHI_msun) or 0.0))
    return half


def galaxy_images(sky: SkyGalaxy, star_half_width_kpc: float, hi_half_width_kpc: float) -> GalaxyImages:
    """Return a galaxy as images of stars and HI.

    Parameters
    ----------
    sky
        A projected galaxy.
    star_half_width_kpc, hi_half_width_kpc
        Half the side of each field [kpc].

    Returns
    -------
    GalaxyImages
        Stars per pixel, smoothed the more the fewer there are, and the three HI moments; None for what it lacks.
    """
    from scipy.ndimage import gaussian_filter

    stars = moments = None
    if sky.stars is not None:
        field = [[-star_half_width_kpc, star_half_width_kpc]] * 2
        counts, _, _ = np.histogram2d(sky.stars.y_kpc, sky.stars.x_kpc, bins=PIXELS, range=field)
        stars = gaussian_filter(counts, float(np.clip(150 / np.sqrt(max(len(sky.stars), 1)), 0.6, 4)))
    if isinstance(sky.gas, SkyGas):
        gas = sky.gas
        moments = hi_moments(
            gas.x_kpc, gas.y_kpc, gas.v_los_kms, gas.mHI_msun, gas.temperature_K, gas.hsm_kpc, hi_half_width_kpc,
            config=HIMapConfig(n_pixels=PIXELS),
        ).astype(np.float64)  # fmt: skip
    return GalaxyImages(stars, moments)


class _Sheets:
    """Pages that fill up galaxy by galaxy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pages: list[Path] = []
        self._tiles: list[Tile] = []
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.glob("sheet-*.png")):
            raise InputError(f"{folder} holds contact sheets already: choose another folder or remove them.")

    def add(self, tile: Tile) -> Path:
        """Add one more galaxy; the path is that of the page on which it will be."""
        self._tiles.append(tile)
        page = self.folder / f"sheet-{len(self.pages) + 1:03d}.png"
        if len(self._tiles) == COLUMNS * ROWS:
            self.finish()
        return page

    def finish(self) -> None:
        """Write the page that is not full yet."""
        if self._tiles:
            self.pages.append(save_sheet(self._tiles, COLUMNS, self.folder / f"sheet-{len(self.pages) + 1:03d}.png"))
            self._tiles = []


def _tile(galaxy: Galaxy, view: View) -> Tile:
    sky = project(galaxy, view)
    half = field_half_width(sky)
    images = galaxy_images(sky, half, half)
    return Tile(images, galaxy.id, _label(galaxy, half, images.top_speed_kms))


def _label(galaxy: Galaxy, half_width_kpc: float, speed_kms: float) -> str:
    parts = [f"log M* {np.log10(galaxy.stellar_mass_msun):.1f}"]
    if galaxy.hi_mass_msun > 0:
        parts.append(f"HI {np.log10(galaxy.hi_mass_msun):.1f}")
    parts.append(f"{2 * half_width_kpc:.3g} kpc")
    if speed_kms > 0:
        parts.append(f"±{speed_kms:.0f} km/s")
    return "  ".join(parts)


def _with_warnings(verdicts: Iterator[Verdict]) -> Iterator[tuple[Verdict, str]]:
    """Pair each verdict with the warning of the virial check of its galaxy."""
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
