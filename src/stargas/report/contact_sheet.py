"""Contact sheets: galaxies side by side, each as three color images of stars, HI and HI velocity."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from stargas.galaxy import FloatArray
from stargas.report.style import INK, MUTED, apply_style

PIXELS = 64
"""Side of one image."""

EMPTY = 0.93
"""Gray of an image without anything in it."""

STAR_RANGE_DEX = 3.0
"""Densities of stars below the highest by more than this are black."""

_GAP, _STRIP = 10, 13  # pixels between galaxies, and for the text above each
_DPI, _SCALE = 160, 2  # of the page; image pixels are drawn as 2 x 2


@dataclass(frozen=True, eq=False)
class GalaxyImages:
    """A galaxy as maps of `PIXELS` x `PIXELS`, row index y upward.

    Parameters
    ----------
    stars
        Number of stars per pixel; None without stars.
    moments
        HI column density [Msun/pc²], mean velocity [km/s] and dispersion [km/s], shape (3, n, n), the velocities 0
        where they are not measured; None without HI.
    """

    stars: FloatArray | None
    moments: FloatArray | None

    @cached_property
    def top_speed_kms(self) -> float:
        """Velocity [km/s] of the full colors, the 98th percentile of the map's; 0 without measured velocities."""
        if self.moments is None or not (measured := self.moments[2] > 0).any():
            return 0.0
        return max(float(np.percentile(np.abs(self.moments[1][measured]), 98)), 1.0)

    def rgb(self) -> FloatArray:
        """Return the three images side by side.

        Returns
        -------
        numpy.ndarray
            RGB in 0-1, shape (n, 3 n, 3), first row on top: stars (logarithm of their number), HI (logarithm of the
            column, 0.1 to 20 Msun/pc²), HI velocity (receding red). What there is not is gray.
        """
        from matplotlib import colormaps

        images = [np.full((PIXELS, PIXELS, 3), EMPTY) for _ in range(3)]
        if self.stars is not None:
            share = self.stars / max(float(self.stars.max()), 1e-30)
            light = np.log10(np.maximum(share, 10**-STAR_RANGE_DEX)) / STAR_RANGE_DEX + 1
            images[0] = colormaps["magma"](light)[..., :3]
        if self.moments is not None:
            column, velocity, dispersion = self.moments
            images[1] = colormaps["inferno"]((np.log10(np.maximum(column, 0.1)) + 1) / 2.3)[..., :3]
            if self.top_speed_kms > 0:
                colors = colormaps["RdBu_r"](0.5 + 0.5 * velocity / self.top_speed_kms)[..., :3]
                images[2] = np.where((dispersion > 0)[..., None], colors, EMPTY)
        return np.concatenate(images, axis=1)[::-1]


@dataclass(frozen=True, eq=False)
class Tile:
    """One galaxy of a sheet.

    Parameters
    ----------
    images
        What is seen of it.
    name, label
        Text above it, on the left and on the right.
    """

    images: GalaxyImages
    name: str = ""
    label: str = ""


def compose(tiles: Sequence[Tile], columns: int, gap: int = _GAP, strip: int = _STRIP) -> FloatArray:
    """Place galaxies on white paper, row by row.

    Parameters
    ----------
    tiles
        The galaxies.
    columns
        Galaxies in a row.
    gap, strip
        Pixels between columns and above rows.

    Returns
    -------
    numpy.ndarray
        RGB in 0-1, shape (height, width, 3), first row on top.
    """
    rows = -(-len(tiles) // columns)
    canvas = np.ones((rows * (PIXELS + strip) + gap, columns * (3 * PIXELS + gap) + gap, 3))
    for number, tile in enumerate(tiles):
        top, left = _place(number, columns, gap, strip)
        canvas[top : top + PIXELS, left : left + 3 * PIXELS] = tile.images.rgb()
    return canvas


def save_sheet(tiles: Sequence[Tile], columns: int, path: Path) -> Path:
    """Write a sheet with the names and labels of its galaxies as PNG and return the path."""
    from matplotlib.figure import Figure

    canvas = compose(tiles, columns)
    height, width, _ = canvas.shape
    with apply_style():
        figure = Figure(figsize=(_SCALE * width / _DPI, _SCALE * height / _DPI))
        for number, tile in enumerate(tiles):
            top, left = _place(number, columns, _GAP, _STRIP)
            y = 1 - (top - 3) / height
            figure.text(left / width, y, _shortened(tile.name), fontsize=5.2, color=INK, weight="bold")
            figure.text((left + 3 * PIXELS) / width, y, tile.label, fontsize=4.4, color=MUTED, ha="right")
        figure.figimage(np.kron(canvas[::-1], np.ones((_SCALE, _SCALE, 1))), zorder=-1)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    path.write_bytes(buffer.getvalue())
    return path


def _place(number: int, columns: int, gap: int, strip: int) -> tuple[int, int]:
    """Row and column of the top left pixel of a galaxy."""
    return number // columns * (PIXELS + strip) + strip, number % columns * (3 * PIXELS + gap) + gap


def _shortened(name: str, longest: int = 26) -> str:
    return name if len(name) <= longest else f"{name[: longest // 2 - 1]}…{name[-longest // 2 :]}"
