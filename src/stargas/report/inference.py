"""The mass profile of one galaxy from one or more sides: files, figures, page.

A folder of ``inference.json`` (what was asked of which model), ``profile.ecsv`` (quantiles of log10 M at each
radius), ``dynamics.ecsv`` (those of circular velocity, densities and slopes), ``draws.fits`` (the joint posterior),
``estimators.ecsv`` (closed formulas), ``figures/`` and ``report.html``.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from stargas import __version__
from stargas.config import DataConfig
from stargas.errors import InputError
from stargas.evaluation.interpolation import mass_at
from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.galaxy import FloatArray
from stargas.inference.attribution import Explanation
from stargas.inference.range_warnings import falling, unusual
from stargas.profiles import ProfileDraws
from stargas.report.attribution import (
    explain_views,
    explanation_data,
    explanation_sections,
    explanation_table,
    with_prior_warnings,
)
from stargas.report.dynamics import dynamics_table
from stargas.report.inference_page import write_inference_page
from stargas.report.inference_tables import (
    Inference,
    draws_bytes,
    estimator_table,
    judged_lines,
    mass_rows,
    point_rows,
    profile_table,
    table_bytes,
)
from stargas.report.profile import Profile, mass_points
from stargas.sample import SCALARS, TRACERS, Sample
from stargas.storage import refuse_foreign
from stargas.validity.assessment import assess_validity

if TYPE_CHECKING:
    from astropy.table import Table
    from rich.console import Console

    from stargas.model.posterior import Posterior
    from stargas.validity.reference import ValidityReference
    from stargas.validity.result import ValidityResult

MODEL_LABELS = {"star": "Star", "gas": "Gas", "stargas": "StarGas"}
"""Label of a model by its tracers."""


def model_label(posterior: PosteriorLike, sample: Sample) -> str:
    """Return the label of a model; one of any tracers is called after those that the galaxy has."""
    tracers = posterior.config.tracers
    if tracers == "any":
        tracers = "stargas" if sample.tracers.all() else "star" if sample.tracers[TRACERS.index("stars")] else "gas"
    return MODEL_LABELS[tracers]


def model_data(posterior: PosteriorLike) -> dict[str, Any]:
    """Return what ``inference.json`` says of a model."""
    asked = {"tracers": posterior.config.tracers, "prior": getattr(posterior, "prior", None)}
    return {**asked, "about": dict(posterior.about)}


def prior_words(posterior: PosteriorLike) -> str:
    """Say which prior an answer was given under; "" for none."""
    prior = getattr(posterior, "prior", None)
    return f" with the prior {prior}" if prior else ""


def write_inference(
    samples: Sample | Sequence[Sample],
    posterior: PosteriorLike,
    out: str | os.PathLike[str],
    labels: Sequence[str] | None = None,
    n_draws: int = 1000,
    seed: int = 0,
    radii_kpc: Sequence[float] = (),
    *,
    reference: "ValidityReference | None" = None,
    overwrite: bool = False,
) -> Inference:
    """Infer the mass profile of a galaxy from each of its views and write everything down.

    Parameters
    ----------
    samples
        One per view of the same galaxy. Where the truth is known it is drawn and listed too.
    posterior
        The model.
    out
        Folder for the files.
    labels
        Titles of the views; by default the inclination where it is known.
    n_draws
        Posterior draws per view.
    seed
        Root seed of the draws.
    radii_kpc
        Further radii [kpc] for ``dynamics.ecsv``, between the first and the last of every view.
    reference
        Validity reference of the model. Without them the page says so.
    overwrite
        Replace an inference that is already there.

    Raises
    ------
    InputError
        If there is no sample, labels do not match, R_hl is not known, a radius is outside those of a view, or ``out``
        holds an inference.
    """
    views = [samples] if isinstance(samples, Sample) else list(samples)
    folder = Path(out)
    require_free(folder, overwrite=overwrite)
    if not views:
        raise InputError("an inference needs at least one sample, got none.")
    if labels is not None and len(labels) != len(views):
        raise InputError(f"each of the {len(views)} views needs one label, got {len(labels)}.")
    if any(not np.all(sample.r_kpc > 0) for sample in views):
        raise InputError("the masses are asked for at multiples of R_hl, which is not known: give R_hl_kpc.")
    titles = tuple(labels) if labels is not None else tuple(_title(sample, i) for i, sample in enumerate(views))
    draws = posterior.sample(views, n_draws, seed)
    quantiles = np.moveaxis(np.quantile(draws, QUANTILE_LEVELS, axis=1), 0, 1).astype(np.float64)
    profiles = tuple(map(_profile, views, titles, quantiles))
    joint = tuple(ProfileDraws(p.r_kpc, drawn) for p, drawn in zip(profiles, draws, strict=True))
    judgments: Sequence[ValidityResult | None] = [None] * len(views)
    if reference is not None:
        judgments = assess_validity(views, cast("Posterior", posterior), reference)
    explanations = explain_views(posterior, views, n_draws, seed)
    said = tuple(
        tuple(dict.fromkeys((*(judged.reasons if judged else ()), *unusual(s, q, posterior), *falling(d))))
        for judged, s, q, d in zip(judgments, views, quantiles, joint, strict=True)
    )
    warnings = with_prior_warnings(said, explanations)
    name = str(views[0].row.get("galaxy_id") or "galaxy")
    label = model_label(posterior, views[0])
    found = Inference(name, label, profiles, joint, warnings, tuple(judgments), folder)
    dynamics = dynamics_table(profiles, joint, radii_kpc)

    described = {"n_draws": n_draws, "seed": seed, "model": model_data(posterior)}
    sides = f"{len(views)} views" if len(views) > 1 else "one view"
    write_files(
        found,
        views,
        described,
        getattr(posterior, "data_config", None) or DataConfig(),
        f"{found.model} model{prior_words(posterior)}, {sides}, {n_draws:,} posterior draws each.",
        dynamics=dynamics,
        explanations=explanations,
    )
    return found


def require_free(folder: Path, *, overwrite: bool) -> None:
    """Refuse a folder that holds something else, or an inference that must stay."""
    refuse_foreign(folder, "an inference")
    if (folder / "inference.json").exists() and not overwrite:
        raise InputError(f"{folder} already holds an inference: choose another folder or remove it.")


def write_files(
    found: Inference,
    views: Sequence[Sample],
    described: Mapping[str, Any],
    config: DataConfig,
    lead: str,
    dynamics: "Table",
    more: Mapping[str, str] | None = None,
    explanations: Sequence[Explanation] = (),
) -> None:
    """Write tables, figures and page of what was inferred.

    Parameters
    ----------
    found
        What was inferred.
    views
        The inputs.
    described
        What ``inference.json`` holds beside the views and their warnings.
    config
        Settings that the maps were made with.
    lead
        The sentence under the title of the page.
    dynamics
        From `stargas.report.dynamics.dynamics_table`.
    more
        Further sections of the page, heading to HTML.
    explanations
        One per view, or none.
    """
    folder, labels = found.folder, [profile.label for profile in found.profiles]
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "draws.fits", draws_bytes(found))
    write_whole(folder / "profile.ecsv", table_bytes(profile_table(found)))
    write_whole(folder / "dynamics.ecsv", table_bytes(dynamics))
    write_whole(folder / "estimators.ecsv", table_bytes(estimator_table(found)))
    explained = {}
    if explanations:
        write_whole(folder / "explanation.ecsv", table_bytes(explanation_table(explanations, labels)))
        explained = {"explanation": explanation_data(explanations, labels)}
    whole = {
        "format": 1,
        "stargas": __version__,
        "galaxy": found.name,
        **described,
        "views": [
            {
                "label": profile.label,
                **dict(zip(SCALARS, map(float, sample.scalars), strict=True)),
                "tracers": [t for t, present in zip(TRACERS, sample.tracers, strict=True) if present],
                "warnings": list(said),
                "validity": asdict(judged) if judged else None,
            }
            for sample, profile, said, judged in zip(
                views, found.profiles, found.warnings, found.judgments, strict=True
            )
        ],
        "draws_sha256": hashlib.sha256((folder / "draws.fits").read_bytes()).hexdigest(),
    }
    sections = explanation_sections(explanations, found.profiles, views, found.name, folder / "figures")
    write_inference_page(found, views, whole, config, lead, {**sections, **(more or {})})
    whole |= explained  # too long for the page
    text = json.dumps(whole, indent=1, ensure_ascii=False, default=str) + "\n"
    write_whole(folder / "inference.json", text.encode())


def print_inference(found: Inference, console: "Console") -> None:
    """Print the masses, the closed formulas, what is unusual and where the page is."""
    from rich import box
    from rich.table import Table

    known = any(profile.log10_true is not None for profile in found.profiles)
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"{found.name}: mass inside r from {found.model}, 10^x Msun",
        title_justify="left",
        padding=0,  # so that it fits into 80 characters
    )
    table.add_column("", no_wrap=True)
    for heading in ("r/R_hl", "r [kpc]", "log10 M", "95 %", *(("truth", "M/M_true") if known else ())):
        table.add_column(heading, justify="right", no_wrap=True)
    for profile in found.profiles:
        for row in mass_rows(profile, known=known):
            table.add_row(*row)
        for row in point_rows(profile, known=known):
            table.add_row(*row, style="dim")
        table.add_section()
    console.print(table)
    for profile, said in zip(found.profiles, found.warnings, strict=True):
        for text in said:
            console.print(f"[yellow]{profile.label}:[/yellow] {text}", highlight=False)
    for label, text in judged_lines(found):
        console.print(f"{label}{text}", highlight=False)
    console.print(f"Report: {found.report}", highlight=False)


def _title(sample: Sample, number: int) -> str:
    angle = sample.row.get("inclination_deg")
    return f"view {number + 1}" if angle is None else f"i = {float(angle):.0f}°"


def _profile(sample: Sample, title: str, quantiles: FloatArray) -> Profile:
    R_hl, sigma, R_HI, v_cold, _ = map(float, sample.scalars)
    angle = sample.row.get("inclination_deg")
    points = mass_points(sigma, R_hl, v_cold, R_HI, None if angle is None else float(angle))
    r_kpc, truth = np.asarray(sample.r_kpc, dtype=np.float64), None
    if sample.log10_mass is not None:
        truth = np.asarray(sample.log10_mass, dtype=np.float64)
        at_points = mass_at([point.r_kpc for point in points], r_kpc[None], truth[None])
        at_R_HI = float(sample.row.get("log10_mass_R_HI", np.nan))
        points = tuple(
            replace(point, log10_true=at_R_HI if point.r_kpc == R_HI else float(known))
            for point, known in zip(points, at_points, strict=True)
        )
    return Profile(title, r_kpc, quantiles, R_hl, points, truth)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there either whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(path)
