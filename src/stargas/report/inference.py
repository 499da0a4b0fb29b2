"""The files of an inference, and its summary on the terminal.

A folder of ``inference.json`` (settings, measurements, warnings, provenance), ``profile.ecsv`` (quantiles of log10 M
at each radius), ``dynamics.ecsv`` (those of circular velocity, densities and slopes), ``draws.fits`` (the joint
posterior), ``estimators.ecsv`` (closed formulas), ``attribution.ecsv`` (the profile without each tracer and under each
prior), ``further.ecsv`` (what the model predicts beside the masses), ``predictive.ecsv`` (velocities that the posterior
predicts, beside the observed ones, and density and kurtosis of the stars), ``velocity_field.fits`` (maps of the
observed and predicted velocities of the HI), ``figures/`` (PNG and PDF) and ``report.html``. An observed galaxy has in
addition ``shares.ecsv`` (sources of the variance), ``dispersion.ecsv`` (dispersion in rings of stars), ``members.ecsv``
(probability of membership of every star) and ``settings.yaml``, which repeats the inference; with a stellar mass also
``dark_matter.ecsv`` (mass, circular velocity and density of the dark matter alone).
"""

import dataclasses
import os
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stargas import __version__
from stargas.config.observation import ObservationConfig
from stargas.errors import InputError
from stargas.inference.dark_matter import DarkMatter
from stargas.inference.result import InferenceResult
from stargas.inference.velocity_field import VelocityField
from stargas.inference.verdict import Level, limitations, other_warnings, verdict
from stargas.report.attribution import attribution_data
from stargas.report.dark_matter import describe_dark_matter
from stargas.report.dynamics import dynamics_table
from stargas.report.inference_page import inference_page
from stargas.report.inference_tables import (
    Views,
    attribution_table,
    draws_bytes,
    estimate_rows,
    estimator_table,
    further_table,
    has_truth,
    mass_head,
    mass_rows,
    profile_table,
    table_bytes,
    variance_table,
)
from stargas.report.observed import describe_galaxy, dispersion_table
from stargas.report.page import Table, terminal_table, write_page
from stargas.report.predictive import predictive_table
from stargas.report.velocity_field import fields_of, velocity_field_bytes
from stargas.sample import SCALARS
from stargas.storage import Format, json_bytes, refuse_foreign, sha256_of, write_atomically
from stargas.tracers import TRACERS

if TYPE_CHECKING:
    from rich.console import Console

FORMAT = Format("stargas inference", 2)

OPTIONAL_FILES = (
    "further.ecsv",
    "predictive.ecsv",
    "velocity_field.fits",
    "attribution.ecsv",
    "dark_matter.ecsv",
    "shares.ecsv",
    "dispersion.ecsv",
    "members.ecsv",
    "settings.yaml",
)
"""Files of a report that not every result has."""

MAX_SHOWN_FIRST = 3
"""Warnings that are printed above the masses; the others stand below."""

LEVEL_COLORS: dict[Level, str] = {
    "trusted": "green",
    "with care": "yellow",
    "not trusted": "red",
    "not checked": "yellow",
}
"""Color of a verdict on the terminal."""


def write_inference_report(
    results: Sequence[InferenceResult],
    folder: str | os.PathLike[str],
    *,
    radii_kpc: Sequence[float] = (),
    dark: DarkMatter | None = None,
    overwrite: bool = False,
) -> Path:
    """Write the tables, figures and page of an inference.

    Parameters
    ----------
    results
        One, or one for each view of the same galaxy.
    folder
        Folder for the files.
    radii_kpc
        Further radii [kpc] for ``dynamics.ecsv``, between the first and the last of every view.
    dark
        Dark matter of the galaxy, for a section of its own.
    overwrite
        Replace an inference that is already there.

    Returns
    -------
    Path
        ``report.html``.

    Raises
    ------
    InputError
        If there is no result, the folder holds an inference or something else, or a radius is outside those of a view.
    """
    folder = Path(folder)
    require_free(folder, overwrite=overwrite)
    if not results:
        raise InputError("a report needs at least one result, got none.")
    views = label_views(results)
    tables = {"dynamics.ecsv": dynamics_table(views, radii_kpc), "profile.ecsv": profile_table(views)}
    tables["estimators.ecsv"] = estimator_table(views)
    if any(result.further for result in results):
        tables["further.ecsv"] = further_table(views)
    if any(result.predictive is not None for result in results):
        tables["predictive.ecsv"] = predictive_table(views)
    if any(result.attribution is not None for result in results):
        tables["attribution.ecsv"] = attribution_table(views)
    if dark is not None:
        tables["dark_matter.ecsv"] = dark.to_table()
    first = results[0]
    if first.galaxy is not None:
        tables["shares.ecsv"] = variance_table(first)
        if first.galaxy.stars is not None:
            tables["dispersion.ecsv"] = dispersion_table(first.galaxy.stars)
            tables["members.ecsv"] = first.galaxy.stars.membership_table()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "figures", ignore_errors=True)  # of an inference before, which may have had others
    contents = {name: table_bytes(table) for name, table in tables.items()}
    contents["draws.fits"] = draws_bytes(views)
    if fields_of(views):
        contents["velocity_field.fits"] = velocity_field_bytes(views)
    command = repeat_command(first, dark)
    if first.galaxy is not None and first.galaxy.settings is not None:
        repeated = dataclasses.replace(first.galaxy.settings, n_realizations=first.n_realizations)
        contents["settings.yaml"] = settings_yaml(repeated, command).encode()
    for name, content in contents.items():
        write_atomically(folder / name, content, lasting=False)
    for name in set(OPTIONAL_FILES) - set(contents):
        (folder / name).unlink(missing_ok=True)  # of an inference before
    described = describe_inference(views, command) | (
        {} if dark is None else {"dark_matter": describe_dark_matter(dark)}
    )
    described |= {"draws_sha256": sha256_of(contents["draws.fits"])}
    page = write_page(inference_page(views, described, folder / "figures", dark), folder / "report.html")
    described |= {"attribution": attribution_data(views)}  # too long for the page
    write_atomically(folder / "inference.json", json_bytes(described), lasting=False)
    return page


def require_free(folder: Path, *, overwrite: bool) -> None:
    """Raise `stargas.errors.InputError` for a folder that holds something else, or an inference that must stay."""
    refuse_foreign(folder, "an inference")
    if (folder / "inference.json").exists() and not overwrite:
        raise InputError(
            f"{folder} already holds an inference: choose another folder, or overwrite=True to replace it."
        )


def label_views(results: Sequence[InferenceResult]) -> Views:
    """Return results by the direction of their view, numbered where it is not known or the same for several."""
    directions = [result.view for result in results]
    unique = len(set(directions)) == len(results)
    return {
        direction if direction and unique else f"view {number}" + (f": {direction}" if direction else ""): result
        for number, (direction, result) in enumerate(zip(directions, results, strict=True), 1)
    }


def describe_inference(views: Views, command: str) -> dict[str, Any]:
    """Return the provenance, settings and measurements of an inference as plain data."""
    first, fields = next(iter(views.values())), fields_of(views)
    observed: dict[str, Any] = {}
    if first.galaxy is not None:
        observed["observed"] = describe_galaxy(first.galaxy)
        observed["variance_shares"] = {name: share.round(4) for name, share in first.variance_shares.items()}
        if command:
            observed["command"] = command
    return {
        **FORMAT.stated,
        "stargas_version": __version__,
        "galaxy": first.name,
        "n_draws": len(first.log10_mass),
        "n_realizations": first.n_realizations,
        "seed": first.seed,
        "model": {"tracers": first.model.tracers, "prior": first.model.prior, "about": dict(first.model.about)},
        **observed,
        "views": [
            {
                "label": label,
                **dict(zip(SCALARS, map(float, result.sample.scalars), strict=True)),
                "tracers": [name for name, there in zip(TRACERS, result.sample.tracers, strict=True) if there],
                "known": [dataclasses.asdict(one) for one in result.agreements],
                "warnings": list(result.warnings),
                "predictive_p_value": None if result.predictive is None else result.predictive.p_value,
                "velocity_field": _described_field(fields.get(label)),
                "verdict": result.verdict.level,
                "validity": {"trusted": result.validity.trusted, **dataclasses.asdict(result.validity)},
            }
            for label, result in views.items()
        ],
    }


def _described_field(field: VelocityField | None) -> dict[str, Any] | None:
    names = ("rms_kms", "residual_share", "larger_fraction", "deviation")
    return None if field is None else {name: getattr(field, name) for name in names}


def repeat_command(result: InferenceResult, dark: DarkMatter | None = None) -> str:
    """Return the command that repeats an inference in the folder of its ``settings.yaml``; "" where there is none."""
    if result.galaxy is None or result.galaxy.settings is None:
        return ""
    words = ["stargas", "infer", "--config", "settings.yaml"]
    if result.model.folder is not None:
        words += ["--model", str(result.model.folder)]
    words += ["--seed", str(result.seed), "--draws", str(len(result.log10_mass)), "--out", "OUT"]
    if dark is not None:
        words += ["--stellar-mass", str(dark.stellar_mass)]
    return shlex.join(words + (["--prior", result.model.prior] if result.model.prior else []))


def settings_yaml(config: ObservationConfig, command: str) -> str:
    """Return the settings file that repeats an inference, with the command in its first line."""
    import yaml

    plain = {name: _listed(value) for name, value in dataclasses.asdict(config).items()}
    result: str = f"# {command}\n" + yaml.safe_dump({"observation": plain}, sort_keys=False, allow_unicode=True)
    return result


def _listed(value: Any) -> Any:  # noqa: ANN401 (any setting)
    return [_listed(one) for one in value] if isinstance(value, tuple) else value


def print_answer(results: Sequence[InferenceResult], console: "Console") -> None:
    """Print whether to believe the result and what is wrong with the data, then masses and closed formulas."""
    from rich.markup import escape

    views = label_views(results)
    known = has_truth(views)
    rows = []
    for label, result in views.items():
        one = verdict(result)
        head = f"{escape(result.name)}, {escape(label)}:" if len(views) > 1 else f"{escape(result.name)}:"
        console.print(f"{head} [bold {LEVEL_COLORS[one.level]}]{one.level}[/]. {escape(one.reason)}", highlight=False)
        rows += mass_rows(label, result, known=known) + estimate_rows(result, known=known)
        for text in other_warnings(result)[:MAX_SHOWN_FIRST]:
            console.print(f"• {escape(text)}", style="yellow", highlight=False)
    title = f"Mass inside r from {results[0].model.label}, log10 M [Msun]"
    console.print()
    console.print(terminal_table(Table(["", *mass_head(views)], rows), title))


def print_limitations(results: Sequence[InferenceResult], console: "Console") -> None:
    """Print what limits the result, the other warnings, and what was measured of an observer's data."""
    from rich.markup import escape

    for label, result in label_views(results).items():
        head = f"What limits it, {escape(label)}:" if len(results) > 1 else "What limits it:"
        console.print(f"[bold]{head}[/bold]", highlight=False)
        for one in limitations(result):
            console.print(f"• {escape(one.sentence)}", style="yellow" if one.matters else None, highlight=False)
        for text in other_warnings(result)[MAX_SHOWN_FIRST:]:
            console.print(f"• {escape(text)}", style="yellow", highlight=False)
    galaxy = results[0].galaxy
    if galaxy is not None:
        console.print(f"[bold]Measured:[/bold] {escape(' '.join(describe_galaxy(galaxy)))}", highlight=False)
