"""The mass profile of an observed galaxy: the files of an inference, the errors of its inputs, checks of its data.

Beside what every inference writes: ``shares.ecsv`` (what each input's error makes of the variance), ``dispersion.ecsv``
(dispersion in rings of stars) and ``settings.yaml``, from which the inference can be repeated.
"""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stargas.baselines.estimators import STAR_ESTIMATORS
from stargas.config.observation import ObservationConfig
from stargas.constants import G
from stargas.galaxy import FloatArray
from stargas.inference.infer import InferenceResult
from stargas.observed.galaxy import ObservedGalaxy
from stargas.observed.velocities import fit_velocities
from stargas.profiles import ProfileDraws
from stargas.report.attribution import explain_views, with_prior_warnings
from stargas.report.dynamics import dynamics_table
from stargas.report.html_fragments import figure_html, list_html, table_html
from stargas.report.inference import model_data, model_label, prior_words, require_free, write_files, write_whole
from stargas.report.inference_tables import Inference, table_bytes
from stargas.report.profile import Profile, mass_points
from stargas.report.style import INK, MUTED, apply_style, draw_band, model_color, new_figure

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure

    from stargas.evaluation.posterior_like import PosteriorLike

STARS_PER_RING = 40
"""Fewest stars of a ring, but where there are fewer in all."""

MAX_RINGS = 8

RINGS_READING = """\
Points are the stars in rings around the center, errors of measurement taken out. No prediction of σ(R) is drawn from \
the posterior: it says how much mass there is, not how orbits are shaped.
The band is the one dispersion that, the same at all radii, gives the posterior's mass inside 4/3 R_hl by the formula \
of Wolf et al. (2010). Stars that scatter about it agree with the mass; a trend with radius alone does not \
contradict it.\
"""


def write_observed(
    found: InferenceResult,
    posterior: "PosteriorLike",
    out: str | os.PathLike[str],
    *,
    config: ObservationConfig | None = None,
    described: Mapping[str, Any] | None = None,
    radii_kpc: Sequence[float] = (),
    overwrite: bool = False,
) -> Inference:
    """Write everything that was inferred of an observed galaxy.

    Parameters
    ----------
    found
        From `stargas.inference.infer.infer_observed`.
    posterior
        The model it came from.
    out
        Folder for the files.
    config
        What was asked, for ``settings.yaml``; none is written if None.
    described
        Further entries of ``inference.json``, such as seed and number of draws.
    radii_kpc
        Further radii [kpc] for ``dynamics.ecsv``, between the first and the last.
    overwrite
        Replace an inference that is already there.

    Raises
    ------
    InputError
        If ``out`` holds an inference or something else, or a radius is outside.
    """
    folder, galaxy = Path(out), found.galaxy
    require_free(folder, overwrite=overwrite)
    label = model_label(posterior, found.sample)
    n_draws = len(found.log10_mass)
    explanations = explain_views(posterior, [found.sample], n_draws)
    warnings = with_prior_warnings([found.warnings], explanations)
    R_hl, sigma, R_HI, v_cold, _ = map(float, found.sample.scalars)
    points = tuple(
        dataclasses.replace(point, log10_error=found.formula_errors_dex.get(point.name, float("nan")))
        for point in mass_points(sigma, R_hl, v_cold, R_HI)
    )
    profile = Profile("observed", found.r_kpc, found.quantiles, R_hl, points)
    shown = Inference(galaxy.name, label, (profile,), (found.draws,), warnings, (found.judgment,), folder)
    dynamics = dynamics_table([profile], [found.draws], radii_kpc)
    folder.mkdir(parents=True, exist_ok=True)
    more = {"Errors of the inputs": _shares_html(found)}
    write_whole(folder / "shares.ecsv", table_bytes(shares_table(found)))
    if galaxy.stars is not None:
        write_whole(folder / "dispersion.ecsv", table_bytes(dispersion_table(galaxy)))
        more["Dispersion and radius"] = figure_html(
            draw_dispersion(found, label),
            f"Dispersion of {galaxy.name} in rings of stars, beside the flat one that the mass asks for.",
            "Points: stars in rings, with standard errors. Gray: all stars.",
            folder / "figures" / "dispersion.png",
        ) + list_html(RINGS_READING.splitlines())
    more["What was observed"] = list_html(describe_galaxy(galaxy))
    about = {
        "n_draws": n_draws,
        "n_realizations": found.n_realizations,
        **(described or {}),
        "observed": describe_galaxy(galaxy),
        "shares": {name: [round(float(x), 4) for x in share] for name, share in found.shares.items()},
        "model": model_data(posterior),
    }
    answered = f"{label} model{prior_words(posterior)}, {n_draws:,} posterior draws"
    lead = f"{answered} over {found.n_realizations} realizations of the inputs."
    if config is not None:
        write_whole(folder / "settings.yaml", settings_yaml(config, described or {}).encode())
    write_files(shown, [found.sample], about, found.data_config, lead, dynamics, more, explanations)
    return shown


def describe_galaxy(galaxy: ObservedGalaxy) -> list[str]:
    """Say what was measured of the data, and where shared numbers come from."""
    origins = {
        "given": "as given",
        "stars": "of the stars",
        "table": "the origin of the table's offsets",
        "HI": "of the HI",
    }
    said = [
        f"Center {galaxy.center[0]:.5f}, {galaxy.center[1]:.5f} ({origins[galaxy.center_from]}), one for all tracers.",
        f"R_hl = {galaxy.R_hl_kpc:.4g} ± {galaxy.R_hl_error_kpc:.2g} kpc ({origins[galaxy.R_hl_from]}).",
    ]
    if galaxy.distance_kpc is not None:
        said.append(f"Distance {galaxy.distance_kpc:.5g} ± {galaxy.distance_error_kpc:.3g} kpc.")
    if galaxy.position_angle_deg is not None:
        said.append(
            f"The sky is turned: the side at position angle {galaxy.position_angle_deg:.1f}° "
            f"({origins[galaxy.position_angle_from]}) lies to the right."
        )
    if galaxy.stars is not None:
        stars = galaxy.stars
        said.append(
            f"{len(stars)} members of {stars.n_catalogue} stars; σ = {stars.sigma_kms:.2f} ± "
            f"{stars.sigma_error_kms:.2f} km/s; systemic velocity {stars.systemic_kms:.2f} km/s "
            f"({stars.systemic_from})."
        )
    if galaxy.hi is not None:
        hi = galaxy.hi
        said.append(
            f"HI mass {hi.hi_mass_msun:.3g} Msun; systemic velocity {hi.systemic_kms:.2f} km/s "
            f"({'given' if hi.systemic_given else 'mean of the HI'}); noise of a channel {hi.noise_msun_pc2:.2g} "
            f"Msun/pc²; beam {hi.beam_fwhm_kpc:.3g} kpc."
        )
    return said


def shares_table(found: InferenceResult) -> "Table":
    """Return the share of each input in the variance of log10 M, one column each, at each radius."""
    from astropy.table import Table

    columns = {f"share_{name.replace(' ', '_')}": share for name, share in found.shares.items()}
    table = Table({"r_kpc": found.r_kpc, **columns})
    table["r_kpc"].unit = "kpc"
    table.round(6)
    return table


def dispersion_table(galaxy: ObservedGalaxy) -> "Table":
    """Return the dispersion in rings of equally many stars, errors of measurement taken out.

    Columns: the median projected radius of a ring and its limits [kpc], stars, dispersion and its error [km/s]. The
    dispersion is that around the ring's own mean.
    """
    from astropy.table import Table

    rows: list[tuple[float, ...]] = []
    stars = galaxy.stars
    if stars is not None:
        radius = np.hypot(stars.x_kpc, stars.y_kpc)
        n_rings = int(np.clip(len(stars) // STARS_PER_RING, 1, MAX_RINGS))
        for ring in np.array_split(np.argsort(radius, kind="stable"), n_rings):
            fit = fit_velocities(stars.v_los_kms[ring], stars.v_los_error_kms[ring], stars.p_member[ring])
            inside = radius[ring]
            rows.append(
                (float(np.median(inside)), inside[0], inside[-1], len(ring), fit.sigma_kms, fit.sigma_error_kms)
            )
    names = ("r_kpc", "r_low_kpc", "r_high_kpc", "n_stars", "sigma_kms", "sigma_error_kms")
    table = Table(rows=rows or None, names=names, dtype=(float, float, float, int, float, float))
    for name in names:
        if name != "n_stars":
            table[name].unit = "km/s" if name.startswith("sigma") else "kpc"
    table.round(6)
    return table


def flat_dispersion(draws: ProfileDraws, R_hl_kpc: float) -> FloatArray | None:
    """Flat dispersion [km/s] of each draw that gives its mass inside 4/3 R_hl by Wolf et al. (2010), shape (n,).

    None where 4/3 R_hl lies outside the radii of the draws.
    """
    wolf = STAR_ESTIMATORS["wolf2010"]
    r = wolf.radius_in_R_hl * R_hl_kpc
    if not draws.r_kpc[0] <= r <= draws.r_kpc[-1]:
        return None
    return np.sqrt(G * draws.mass(r)[:, 0] / (wolf.coefficient * R_hl_kpc))


def draw_dispersion(found: InferenceResult, model: str = "StarGas") -> "Figure":
    """Draw the dispersion in rings beside that of all stars and the flat one that the posterior's mass asks for."""
    table, stars = dispersion_table(found.galaxy), found.galaxy.stars
    with apply_style():
        figure = new_figure(5.8, 3.6)
        axes = figure.subplots()
        flat = flat_dispersion(found.draws, found.galaxy.R_hl_kpc)
        ends = np.array([0.0, float(np.max(table["r_high_kpc"]))])
        if flat is not None:
            low95, low, median, high, high95 = np.quantile(flat, (0.025, 0.16, 0.5, 0.84, 0.975))
            color = model_color(model)
            draw_band(axes, ends, np.full(2, low95), np.full(2, high95), color, alpha=0.18)
            draw_band(axes, ends, np.full(2, low), np.full(2, high), color, alpha=0.35)
            axes.plot(ends, [median, median], color=color, label=f"{model}: flat, of its mass inside 4/3 $R_{{hl}}$")
        if stars is not None:
            axes.axhline(stars.sigma_kms, color=MUTED, linewidth=1, linestyle=(0, (5, 2)), label="all stars")
        axes.errorbar(
            table["r_kpc"],
            table["sigma_kms"],
            table["sigma_error_kms"],
            [table["r_kpc"] - table["r_low_kpc"], table["r_high_kpc"] - table["r_kpc"]],
            fmt="o",
            color=INK,
            markerfacecolor="white",
            linewidth=0.9,
            label="stars in rings",
        )
        axes.axvline(found.galaxy.R_hl_kpc, color=MUTED, linewidth=0.7, linestyle=":")
        axes.set(xlabel="R [kpc]", ylabel=r"$\sigma_{los}$  [km s$^{-1}$]", title=found.galaxy.name)
        axes.set_ylim(bottom=0)
        axes.set_xlim(left=0)
        figure.legend(loc="outside lower left", ncols=3)
    return figure


def _shares_html(found: InferenceResult) -> str:
    """Table of the shares at the first, the middle and the last radius."""
    rows = [
        [name, *(f"{100 * share[j]:.0f} %" for j in (0, len(share) // 2, -1))] for name, share in found.shares.items()
    ]
    radii = [f"{found.r_kpc[j]:.3g} kpc" for j in (0, len(found.r_kpc) // 2, -1)]
    carried = ""
    if found.carried:
        carried = (
            f" The model is told how good the data are and holds the errors of {' and '.join(found.carried)} in its "
            "posterior: their share is what goes away when it is told that they are exact."
        )
    return table_html(
        ["", *radii],
        rows,
        f"Share in the variance of log10 M, from {found.n_realizations} realizations: variance with the errors of one "
        "input alone less that with none, over that with all. With so few they are known to about a third of "
        f"themselves, and one may come out below zero.{carried}",
    )


def settings_yaml(config: ObservationConfig, described: Mapping[str, Any]) -> str:
    """Return the settings file that repeats an inference, its command in the first line."""
    import yaml

    values = dataclasses.asdict(config)
    for name in ("stars", "hi_cube", "moment0", "moment1", "moment2"):
        if values[name] is not None:
            values[name] = str(Path(values[name]).resolve())
    plain = {name: _plain(value) for name, value in values.items()}
    command = described.get("command", "stargas infer --config settings.yaml --model MODEL --out OUT")
    return f"# {command}\n" + yaml.safe_dump({"observation": plain}, sort_keys=False, allow_unicode=True)


def _plain(value: Any) -> Any:  # noqa: ANN401 (any setting)
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
