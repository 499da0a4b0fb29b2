"""Velocity field of the HI beside the one that an inference predicts: a figure, and a FITS file of the maps."""

import io
from typing import TYPE_CHECKING

import numpy as np

from stargas.inference.result import InferenceResult
from stargas.inference.velocity_field import VelocityField
from stargas.report.inference_tables import Views
from stargas.report.maps import draw_beam, draw_frame, draw_radius, sky_axes
from stargas.report.style import BLANK, INK, apply_style, new_figure
from stargas.sample import QUALITY, SCALARS, Sample

if TYPE_CHECKING:
    from astropy.wcs import WCS
    from matplotlib.figure import Figure as Drawing

TITLES = ("observed", "predicted", "observed − predicted")
"""What the panels show."""

CAPTION = (
    "Velocities from the systemic one; red recedes. Dashed: the major axis; dotted circle: R_HI; in the corner the "
    "beam, where it is known. Gray: no velocity, or beyond the radii of the masses. Arms, warps and gas that streams "
    "leave residuals that no circular rotation removes."
)
"""What stands below the figure, after the numbers."""


def fields_of(views: Views) -> dict[str, VelocityField]:
    """Return the velocity field of each view that has one."""
    checks = {label: result.predictive for label, result in views.items()}
    fields = {label: check.velocity_field for label, check in checks.items() if check is not None}
    return {label: field for label, field in fields.items() if field is not None}


def describe_velocity_field(field: VelocityField, title: str) -> dict[str, str]:
    """Return ``alt``, the description, and ``caption`` of the figure of a galaxy of this title."""
    alt = f"Observed and predicted velocity field of the HI of {title}, and their difference. {field.sentence}"
    return {"alt": alt, "caption": f"{field.sentence} {CAPTION}"}


def draw_velocity_field(field: VelocityField, sample: Sample, title: str = "") -> "Drawing":
    """Draw observed velocities, predicted ones and their difference on the sky.

    Parameters
    ----------
    field
        Of a galaxy.
    sample
        From which it was made.
    title
        Name of the galaxy.
    """
    from matplotlib.colors import Normalize

    half = field.half_width_kpc
    shown = (field.observed_kms, field.predicted_kms, field.residual_kms)
    fast, left = _symmetric(*shown[:2]), _symmetric(shown[2])
    x, y = (np.array([-half, half]) * turn(np.radians(field.axis_deg)) for turn in (np.cos, np.sin))
    with apply_style():
        figure = new_figure(8.4, 4.0, images=True)
        panels = figure.subplots(1, 3, sharex=True, sharey=True)
        for axes, velocity, top, name in zip(panels, shown, (fast, fast, left), TITLES, strict=True):
            axes.set_facecolor(BLANK)
            image = axes.imshow(
                np.ma.masked_invalid(velocity),
                origin="lower",
                extent=(-half, half, -half, half),
                norm=Normalize(-top, top),
                cmap="RdBu_r",
            )
            axes.plot(x, y, color=INK, linewidth=0.7, linestyle="--", scalex=False, scaley=False)
            draw_radius(axes, float(sample.scalars[SCALARS.index("R_HI_kpc")]))
            draw_frame(axes)
            figure.colorbar(image, ax=axes, location="top", label=f"{name}  [km/s]", aspect=25)
        x_label, y_label = sky_axes(sample)
        for axes in panels:
            axes.set_xlabel(f"{x_label} [kpc]")
        panels[0].set_ylabel(f"{y_label} [kpc]")
        draw_beam(panels[0], float(sample.quality[QUALITY.index("beam_fwhm_kpc")]), half)
        if title:
            figure.suptitle(title, fontsize=11, x=0.02, ha="left")
    return figure


def _symmetric(*maps: np.ndarray) -> float:
    """Return the end of a color scale about zero [km/s]."""
    return max(float(np.nanpercentile(np.abs(maps), 99)), 1.0)


def velocity_field_bytes(views: Views) -> bytes:
    """Return a FITS file with an image of the column, and of observed, predicted and residual velocities, of each view.

    Images of an observed galaxy have sky coordinates, others are in kpc from the center. The version of an image is the
    number of its view.
    """
    from astropy.io import fits

    images = [fits.PrimaryHDU()]
    for number, (label, field) in enumerate(fields_of(views).items(), 1):
        header = _wcs(views[label], field).to_header()
        header["VIEW"] = label.replace("°", " deg").encode("ascii", "replace").decode()
        header["RMS"] = (field.rms_kms, "[km/s] of RESIDUAL, weighted by COLUMN")
        header["SHARE"] = (field.residual_share, "RMS over that of OBSERVED")
        if field.larger_fraction is not None:
            header["LARGER"] = (field.larger_fraction, "fraction of galaxies of larger SHARE")
        maps = {
            "COLUMN": (field.column_msun_pc2, "solMass pc-2"),
            "OBSERVED": (field.observed_kms, "km s-1"),
            "PREDICTED": (field.predicted_kms, "km s-1"),
            "RESIDUAL": (field.residual_kms, "km s-1"),
        }
        for name, (values, unit) in maps.items():
            image = fits.ImageHDU(values.astype(np.float32), header, name=name, ver=number)
            image.header["BUNIT"] = unit
            images.append(image)
    buffer = io.BytesIO()
    fits.HDUList(images).writeto(buffer)
    return buffer.getvalue()


def _wcs(result: InferenceResult, field: VelocityField) -> "WCS":
    """Return where the pixels lie: on the sky, or from the center [kpc] where the galaxy has no place on the sky."""
    from astropy.wcs import WCS

    n, wcs = len(field.observed_kms), WCS(naxis=2)
    step = 2 * field.half_width_kpc / n
    wcs.wcs.crpix = [(n + 1) / 2] * 2
    galaxy, angle = result.galaxy, result.sample.row.get("x_position_angle_deg")
    if galaxy is None or galaxy.hi is None or angle is None:
        wcs.wcs.cunit, wcs.wcs.cdelt = ["kpc"] * 2, [step] * 2
        wcs.wcs.ctype = ["X", "Y"]
        return wcs
    turn = np.radians(angle)  # of +x from north through east; +y lies 90 degrees farther
    directions = np.array([[np.sin(turn), np.cos(turn)], [np.cos(turn), -np.sin(turn)]])
    wcs.wcs.ctype, wcs.wcs.cunit = ["RA---TAN", "DEC--TAN"], ["deg"] * 2
    wcs.wcs.radesys, wcs.wcs.crval = "ICRS", galaxy.hi.center_deg
    wcs.wcs.cd = np.degrees(step / galaxy.hi.distance_kpc) * directions
    return wcs
