"""A worker process: it loads the model once, then previews files and infers, one galaxy after another."""

import contextlib
import dataclasses
import math
import sys
import tempfile
import traceback
import warnings
import zipfile
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stargas.errors import InputError, StargasError
from stargas.remarks import Remark
from stargas.sandbox import install, limit_memory, only, resident_memory
from stargas.serve.examples import FOLDER
from stargas.serve.form import INFERENCE_FIELDS
from stargas.serve.settings import ARCHIVE, TRACER_OF_ROLE, ServeConfig

if TYPE_CHECKING:
    from stargas.config.observation import ObservationConfig
    from stargas.inference.dark_matter import DarkMatter
    from stargas.inference.result import InferenceResult
    from stargas.model.posterior import Posterior
    from stargas.validity.reference import ValidityReference

SEED = 0

TRACER_LABELS = {"stars": "stars", "gas": "HI"}
"""Tracer → its name in messages."""

OnStage = Callable[..., None]
"""Called with the name of each of `stargas.serve.settings.STAGES` when it begins, and with what is known by then."""


def work(connection: Connection, config: ServeConfig) -> None:
    """Serve tasks until the pipe closes; the entry of `stargas.serve.pool.Pool`."""
    try:
        worker = InferenceWorker.opened(config)
    except StargasError as error:
        connection.send(("failed", str(error)))
        return
    connection.send(("ready", {"needs": worker.needs, "priors": list(worker.model.config.priors)}))
    tasks = {"preview": worker.preview, "infer": worker.infer, "forecast": worker.forecast}
    while True:
        try:
            kind, payload = connection.recv()
        except (EOFError, OSError):
            return
        connection.send(_answer(tasks[kind], payload, lambda phase: connection.send(("phase", phase))))


def _answer(
    task: Callable[[dict[str, Any], OnStage], Any], payload: dict[str, Any], on_phase: Callable[[dict[str, Any]], None]
) -> tuple[str, Any]:
    """Run one task; whatever goes wrong is one sentence, without the names that the server gave to files."""
    hide = _Names(payload)

    def on_stage(stage: str, answer: dict[str, Any] | None = None) -> None:
        on_phase({"stage": stage, "answer": hide.everywhere(answer)})

    try:
        tempfile.tempdir = payload["folder"]
        with only(payload["folder"]):
            return "done", hide.everywhere(task(payload, on_stage))
    except StargasError as error:
        return "failed", hide.text(str(error))
    except MemoryError:
        return "failed", "the data do not fit into the memory of the server: cut the galaxy out of them first."
    except OSError as error:
        traceback.print_exc(file=sys.stderr)
        return "failed", f"the server could not read or write a file ({error.strerror or type(error).__name__})."
    except Exception as error:  # noqa: BLE001 (the page must say something, and the server go on)
        traceback.print_exc(file=sys.stderr)
        name = type(error).__name__
        return "failed", f"stargas stumbled over these data ({name}), which is a mistake of stargas: please report it."
    finally:
        tempfile.tempdir = None


class _Names:
    """Replaces paths on the server by the names that the visitor gave to the files."""

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self.pairs = [(path, name) for path, name in payload["files"].values()]
        self.pairs.append((str(payload["folder"]) + "/", ""))

    def text(self, text: str) -> str:
        for path, name in self.pairs:
            text = text.replace(path, name)
        return text

    def everywhere(self, value: Any) -> Any:  # noqa: ANN401 (plain data)
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.everywhere(one) for key, one in value.items()}
        return [self.everywhere(one) for one in value] if isinstance(value, list | tuple) else value


@dataclasses.dataclass(frozen=True, eq=False)
class InferenceWorker:
    """A loaded model, and the tasks that it serves.

    Parameters
    ----------
    config
        Settings of the server.
    model
        The model.
    reference
        Its validity reference.
    """

    config: ServeConfig
    model: "Posterior"
    reference: "ValidityReference | None"

    @classmethod
    def opened(cls, config: ServeConfig) -> "InferenceWorker":
        """Load the model, install the sandbox and infer an example once, so that the first visitor need not wait.

        Raises
        ------
        StargasError
            If the model cannot be loaded.
        """
        import torch

        from stargas.model.files import load_model
        from stargas.validity.reference import load_validity

        warnings.simplefilter("ignore")
        torch.set_num_threads(1)
        worker = cls(config, load_model(config.model), load_validity(config.model))
        worker.warm_up()
        limit_memory(config.worker_memory - resident_memory())
        return worker

    @property
    def needs(self) -> list[str]:
        """Tracers that every galaxy of the training set had, without which the model refuses."""
        from stargas.model.layout import received

        share = self.model.about.get("tracer_share", {})
        return [name for name, part in share.items() if part == 1 and name in received(self.model.config).tracers]

    def warm_up(self) -> None:
        """Infer the example galaxy once and discard the result."""
        from astropy.utils import iers

        iers.conf.auto_download = False
        install(self.config.model or FOLDER)
        files = {"stars": FOLDER / "mock_dwarf_stars.csv", "hi_cube": FOLDER / "mock_dwarf_hi.fits"}
        with tempfile.TemporaryDirectory(prefix="stargas-warmup-") as folder, contextlib.suppress(InputError):
            payload: dict[str, Any] = {
                "folder": folder,
                "files": {role: (str(path), path.name) for role, path in files.items()},
                "values": {"distance_kpc": 950.0, "R_hl_kpc": 1.4, "R_hl_error_kpc": 0.1},
                "name": "example",
                "out": f"{folder}/result",
            }
            self.preview(payload, lambda *_: None)
            self.infer(payload, lambda *_: None)

    def preview(self, payload: dict[str, Any], on_stage: OnStage) -> dict[str, Any]:
        """Preview the files of a job: each kind separately, so that one may fail without the others."""
        from stargas.serve.preview import complete_values, preview_hi, preview_photometry, preview_stars

        on_stage("reading")
        files = {role: Path(path) for role, (path, _) in payload["files"].items()}
        values, references = complete_values(payload["values"])
        found: dict[str, Any] = {"stars": None, "hi": None, "photometry": None, "known": references}
        if "stars" in files:
            found["stars"] = _or_error(lambda: preview_stars(files["stars"], values))
        if "photometry" in files:
            found["photometry"] = _or_error(lambda: preview_photometry(files["photometry"], values))
        moments = [role for role in ("moment0", "moment1", "moment2") if role in files]
        if "hi_cube" in files and moments:
            found["hi"] = {"error": "there are a cube and moment maps: remove one of them."}
        elif moments and not {"moment0", "moment1"} <= set(moments):
            missing = "moment 1, the mean velocity" if "moment0" in files else "moment 0, the column density"
            found["hi"] = {"error": f"moment maps need moment 0 and moment 1: add {missing}."}
        elif "hi_cube" in files or moments:
            found["hi"] = _or_error(lambda: preview_hi(files, values))
        return found

    def infer(self, payload: dict[str, Any], on_stage: OnStage) -> dict[str, Any]:
        """Infer a mass profile, tell it as soon as it is known, and write its report."""
        from stargas.inference.dark_matter import OutweighedError, contradicted, dark_matter
        from stargas.inference.infer import infer_in_steps
        from stargas.observed.observation import observe_galaxy
        from stargas.report.inference import write_inference_report

        tracers = {TRACER_OF_ROLE.get(role) for role in payload["files"]}
        if missing := [TRACER_LABELS[name] for name in self.needs if name not in tracers]:
            raise InputError(
                f"the model of this server has learned from galaxies with {' and '.join(missing)} only, which this one "
                "lacks: add them, or ask for a server with another model."
            )
        on_stage("reading")
        values = payload["values"]
        model = self.model.with_prior(values["prior"]) if "prior" in values else self.model
        config, notes = self._observation(payload)
        galaxy = observe_galaxy(config, name=payload["name"])
        hide, names = _Names(payload), {role: name for role, (_, name) in payload["files"].items()}
        galaxy = dataclasses.replace(
            galaxy,
            remarks=(*(dataclasses.replace(one, text=hide.text(one.text)) for one in galaxy.remarks), *notes),
            settings=dataclasses.replace(config, **names),
        )
        on_stage("drawing")
        steps = infer_in_steps(
            galaxy,
            model,
            n_draws=values.get("n_draws", self.config.n_draws),
            n_realizations=self.config.n_realizations,
            seed=values.get("seed", SEED),
            reference=self.reference,
        )
        first, dark, contradiction = next(steps), None, None
        if "stellar_mass" in values:
            try:
                dark = dark_matter(first, values["stellar_mass"])
            except OutweighedError as error:  # the masses are there without it
                contradiction = error
        on_stage("errors", summary(contradicted(first, contradiction), dark))
        result = contradicted(next(steps), contradiction)
        if result.model.folder is not None:
            result = dataclasses.replace(result, model=dataclasses.replace(result.model, folder=Path("MODEL")))
        answer = summary(result, dark)
        on_stage("report", answer)
        out = Path(payload["out"])
        write_inference_report([result], out, dark=dark)
        archive(out)
        return answer | {"files": sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())}

    def forecast(self, payload: dict[str, Any], on_stage: OnStage) -> dict[str, Any]:
        """Forecast how sharp the masses of a galaxy will be, as tables and a figure."""
        from stargas.inference.forecast import forecast
        from stargas.report.forecast import forecast_summary

        on_stage("drawing")
        return forecast_summary(forecast(**payload["values"], model=self.model, seed=SEED))

    def _observation(self, payload: Mapping[str, Any]) -> tuple["ObservationConfig", list[Remark]]:
        """Return the settings of an observation, and what was not used of the form."""
        from stargas.config.observation import ObservationConfig
        from stargas.observed.catalogue import read_stars

        values = {name: value for name, value in payload["values"].items() if name not in INFERENCE_FIELDS}
        values["columns"] = values.get("columns") or None
        paths = {role: path for role, (path, _) in payload["files"].items()}
        config = ObservationConfig(**paths, **values, n_realizations=self.config.n_realizations)
        if config.center is None or set(paths) != {"stars"}:
            return config, []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if (
                read_stars(paths["stars"], config.columns, missing_values=config.missing_values).position_kind
                == "sky_deg"
            ):
                return config, []
        note = "The table has offsets from its own center, so the center in degrees was not used."
        return dataclasses.replace(config, center=None), [Remark("center not used", note)]


def _or_error(preview: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return preview()
    except StargasError as error:
        return {"error": str(error)}


def archive(out: Path) -> None:
    """Pack everything in a folder into one file in it."""
    files = sorted(path for path in out.rglob("*") if path.is_file())
    with zipfile.ZipFile(out / ARCHIVE, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in files:
            packed.write(path, Path("stargas") / path.relative_to(out))


def summary(result: "InferenceResult", dark: "DarkMatter | None" = None) -> dict[str, Any]:
    """Return what the page shows of an inference that has written no files yet, as plain data."""
    from stargas.inference.verdict import limitations, other_warnings, verdict
    from stargas.report.inference_page import MOODS
    from stargas.report.inference_tables import mass_rows
    from stargas.report.observed import describe_galaxy
    from stargas.report.predictive import describe_figure
    from stargas.report.velocity_field import describe_velocity_field
    from stargas.storage import plain

    points = [
        {
            "name": one.name,
            "label": one.label,
            "r_kpc": one.r_kpc,
            "log10_mass": math.log10(one.mass_msun),
            "error": one.log10_error if math.isfinite(one.log10_error) else None,
        }
        for one in result.estimates
    ]
    one = verdict(result)
    field = None if result.predictive is None else result.predictive.velocity_field
    page: dict[str, Any] = plain(
        {
            "name": result.name,
            "model": result.model.label,
            "r_kpc": result.r_kpc,
            "quantiles": result.quantiles(),
            "R_hl_kpc": result.R_hl_kpc,
            "points": points,
            "alternatives": _alternatives(result),
            "prior": result.model.prior,
            "seed": result.seed,
            "n_draws": len(result.log10_mass),
            "n_realizations": result.n_realizations,
            "rows": mass_rows(result.view, result),
            "verdict": {"title": one.level.capitalize(), "text": one.reason, "mood": MOODS[one.level]},
            "limits": [limit.sentence for limit in limitations(result)],
            "warnings": list(other_warnings(result)),
            "observed": [] if result.galaxy is None else describe_galaxy(result.galaxy),
            "predictive": None if result.predictive is None else describe_figure(result.predictive, result.name),
            "velocity_field": None if field is None else describe_velocity_field(field, result.name),
            "dark": None if dark is None else _dark_matter(dark),
            "references": [] if result.galaxy is None else list(result.galaxy.references),
            "files": [],
        }
    )
    return page


def _dark_matter(dark: "DarkMatter") -> dict[str, Any]:
    """Return the numbers of the dark matter as a table, and what needs care."""
    from stargas.report.dark_matter import dark_matter_table

    table = dark_matter_table(dark)
    caption = f"Dark matter, less stars of {dark.stellar_mass} Msun. {table.caption}"
    alt = f"Dark matter of {dark.name}. " + " ".join(f"{label}: {value} {unit}." for label, unit, value in table.rows)
    return {"head": table.head, "rows": table.rows, "caption": caption, "warnings": dark.warnings, "alt": alt}


def _alternatives(result: "InferenceResult") -> list[dict[str, Any]]:
    """Return the median under each other prior and of each tracer alone, for the galaxy as measured."""
    from stargas.evaluation.intervals import MEDIAN

    found = result.attribution
    if found is None:
        return []
    others = {prior: values for prior, values in found.priors.items() if prior != result.model.prior}
    named = {f"prior {prior or 'of all suites'}": values for prior, values in others.items()}
    alone = {"gas": "stars alone", "stars": "HI alone"}
    if len(found.left_out) > 1:
        named |= {alone[tracer]: values for tracer, values in found.left_out.items()}
    return [{"label": label, "median": values[MEDIAN]} for label, values in named.items()]
