"""What the report of an observed galaxy has in addition: its data, the errors of its inputs, rings of stars."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stargas.inference.estimates import flat_dispersion
from stargas.inference.predictive_check import STARS
from stargas.inference.result import InferenceResult
from stargas.observed.columns import listed
from stargas.observed.dispersion_profile import dispersion_profile
from stargas.observed.galaxy import ObservedGalaxy, Origin
from stargas.observed.stars import ObservedStars
from stargas.report.page import Bullets, Figure, Section, Table, text_from
from stargas.report.style import INK, MUTED, apply_style, draw_band, model_color, new_figure, save_png_and_pdf

if TYPE_CHECKING:
    from astropy.table import Table as FileTable
    from matplotlib.figure import Figure as Drawing

ORIGINS: dict[Origin, str] = {
    "given": "as given",
    "database": "of the Local Volume Database",
    "photometry": "of the photometric catalog",
    "stars": "of the stars",
    "table": "the origin of the table's offsets",
    "HI": "of the HI",
}
"""Origin of a number → how the report describes it."""


def observed_sections(result: InferenceResult, figures: Path) -> list[Section]:
    """Return the sections about the observation; none for a galaxy that was not observed.

    The dispersion in rings has a figure of its own only where the posterior predicts none to stand over it.

    Parameters
    ----------
    result
        The result.
    figures
        Folder for the figures.
    """
    galaxy = result.galaxy
    if galaxy is None:
        return []
    sections = []
    if galaxy.stars is not None and not _are_predicted(result):
        figure = Figure(
            save_png_and_pdf(draw_dispersion(result, galaxy.stars), figures / "dispersion.png"),
            f"Dispersion of {galaxy.name} in rings of stars, beside the flat dispersion that has the inferred mass.",
            "Points: stars in rings, with standard errors. Gray: all stars.",
        )
        sections.append(Section("Dispersion and radius", [figure, text_from("inference", "rings")]))
    return [*sections, Section("Observation", [Bullets(describe_galaxy(galaxy))])]


def _are_predicted(result: InferenceResult) -> bool:
    """Whether the dispersions of the stars stand beside the predicted ones already."""
    compared = {} if result.predictive is None else result.predictive.comparisons
    return STARS in compared and bool(compared[STARS].known.any())


def describe_galaxy(galaxy: ObservedGalaxy) -> list[str]:
    """Return what was measured of the data, and the origin of all that the tracers share, one sentence each."""
    sentences = [
        f"Center {galaxy.center[0]:.5f}, {galaxy.center[1]:.5f} ({ORIGINS[galaxy.center_from]}), one for all tracers.",
        f"R_hl = {galaxy.R_hl_kpc:.4g} ± {galaxy.R_hl_error_kpc:.2g} kpc ({ORIGINS[galaxy.R_hl_from]}).",
    ]
    if galaxy.distance_kpc is not None:
        sentences.append(f"Distance {galaxy.distance_kpc:.5g} ± {galaxy.distance_error_kpc:.3g} kpc.")
    if galaxy.position_angle_deg is not None:
        error = f" ± {galaxy.position_angle_error_deg:.2g}°" if galaxy.position_angle_error_deg else ""
        sentences.append(
            f"The sky is turned: the side at position angle {galaxy.position_angle_deg:.1f}°{error} "
            f"({ORIGINS[galaxy.position_angle_from]}) lies to the right."
        )
    if galaxy.inclination_deg is not None:
        sentences.append(f"Inclination {galaxy.inclination_deg:g} ± {galaxy.inclination_error_deg:g}° (as given).")
    if galaxy.stars is not None:
        stars = galaxy.stars
        sentences.append(
            f"{len(stars)} members of {stars.n_catalogue} stars; σ = {stars.sigma_kms:.2f} ± "
            f"{stars.sigma_error_kms:.2f} km/s; systemic velocity {stars.systemic_kms:.2f} km/s "
            f"({stars.systemic_from})."
        )
        if stars.columns:
            read = ", ".join(
                name if name == quantity else f"{quantity} = {name}" for quantity, name in stars.columns.items()
            )
            unread = f"; not read: {listed(stars.unread)}" if stars.unread else ""
            sentences.append(f"Columns: {read}{unread}.")
    if galaxy.photometry is not None:
        light = galaxy.photometry
        sentences.append(
            f"Photometric catalog: {light.n_members:.0f} members are expected among {light.n_catalogue} stars, with a "
            f"half-count radius of {light.R_hl_kpc:.4g} ± {light.R_hl_error_kpc:.2g} kpc."
        )
    if galaxy.hi is not None:
        hi = galaxy.hi
        beam = f"{hi.beam_fwhm_kpc:.3g} kpc" if hi.beam_fwhm_kpc else "not known"
        sentences.append(
            f"HI mass {hi.hi_mass_msun:.3g} Msun; systemic velocity {hi.systemic_kms:.2f} km/s "
            f"({'given' if hi.systemic_given else 'mean of the HI'}); noise of a channel {hi.noise_msun_pc2:.2g} "
            f"Msun/pc²; beam {beam}."
        )
    return sentences


def dispersion_table(stars: ObservedStars) -> "FileTable":
    """Return the dispersion in rings: the fields of ``DispersionProfile``."""
    from astropy.table import Table as FileTable

    table = FileTable(vars(dispersion_profile(stars)))
    for name in table.colnames:
        if name == "n_stars":
            table[name] = table[name].astype(int)
        else:
            table[name].unit = "km/s" if name.startswith("sigma") else "kpc"
    table.round(6)
    return table


def draw_dispersion(result: InferenceResult, stars: ObservedStars) -> "Drawing":
    """Draw the dispersion in rings beside that of all stars and the flat one that has the inferred mass."""
    rings, model = dispersion_profile(stars), result.model.label
    with apply_style():
        figure = new_figure(5.8, 3.6)
        axes = figure.subplots()
        flat = flat_dispersion(result.draws, result.R_hl_kpc)
        ends = np.array([0.0, float(rings.r_high_kpc.max())])
        if flat is not None:
            low95, low, median, high, high95 = np.quantile(flat, (0.025, 0.16, 0.5, 0.84, 0.975))
            color = model_color(model)
            draw_band(axes, ends, np.full(2, low95), np.full(2, high95), color, alpha=0.18)
            draw_band(axes, ends, np.full(2, low), np.full(2, high), color, alpha=0.35)
            axes.plot(ends, [median, median], color=color, label=f"{model}: flat, of its mass inside 4/3 $R_{{hl}}$")
        axes.axhline(stars.sigma_kms, color=MUTED, linewidth=1, linestyle=(0, (5, 2)), label="all stars")
        axes.errorbar(
            rings.r_kpc,
            rings.sigma_kms,
            rings.sigma_error_kms,
            [rings.r_kpc - rings.r_low_kpc, rings.r_high_kpc - rings.r_kpc],
            fmt="o",
            color=INK,
            markerfacecolor="white",
            linewidth=0.9,
            label="stars in rings",
        )
        axes.axvline(result.R_hl_kpc, color=MUTED, linewidth=0.7, linestyle=":")
        axes.set(xlabel="R [kpc]", ylabel=r"$\sigma_{los}$  [km s$^{-1}$]", title=result.name)
        axes.set_ylim(bottom=0)
        axes.set_xlim(left=0)
        figure.legend(loc="outside lower left", ncols=3)
    return figure


def share_table(result: InferenceResult) -> Table | None:
    """Return the sources of the variance at three radii; None where all of it is the posterior's own."""
    if not any(share.any() for name, share in result.variance_shares.items() if name != "posterior"):
        return None
    places = (0, int(np.argmin(np.abs(result.r_kpc - result.R_hl_kpc))), -1)
    rows = [
        [name, *(f"{100 * min(max(share[j], 0.0), 1.0):.0f} %" for j in places)]
        for name, share in result.variance_shares.items()
        if share.any()
    ]
    caption = text_from(
        "inference", "shares", n_realizations=result.n_realizations, conditioned_on=result.conditioned_on
    ).markdown
    return Table(["", *(f"{result.r_kpc[j]:.3g} kpc" for j in places)], rows, caption)
