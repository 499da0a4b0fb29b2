"""What results were made from, and whether the present code would make them from the same.

A part of an experiment states the formats of the files behind it, the physics of the mock suites, and all settings of
its data sets and models. The manifest beside the parts says which commit and which versions wrote each of them.
"""

import importlib.metadata
import platform
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from stargas import __version__
from stargas.config import restated
from stargas.dataset.manifest import FORMAT as DATASET
from stargas.evaluation.result_file import FORMAT as EVALUATION
from stargas.experiments.plan import DatasetSpec, ModelSpec, Plan
from stargas.model.files import FORMAT as MODEL
from stargas.report.results import Part, read_part
from stargas.simulations.mock_suites.suites import mock_suite
from stargas.storage import (
    Format,
    differences,
    digest_of,
    json_bytes,
    plain,
    read_header,
    sha256_of_file,
    write_atomically,
)

if TYPE_CHECKING:
    from stargas.experiments.run import Run

MANIFEST = "manifest.json"
"""File beside the parts."""

FORMAT = Format("stargas experiment manifest", 1)
"""Its format."""

LIBRARIES = ("numpy", "scipy", "torch", "lightning", "zuko", "scikit-learn", "numba")
"""Libraries whose versions the manifest states."""


def made_from(plan: Plan, part: str) -> dict[str, Any]:
    """Return what a part is made from: ``formats``, ``suites``, ``data`` and ``models``, and a digest of all.

    Parameters
    ----------
    plan
        The experiment.
    part
        Name of the part.
    """
    data, models = list(plan.data_of(part)), list(plan.models_of(part))
    suites = {one.suite: mock_suite(one.suite, one.n_galaxies) for one in data if not one.files and one.folder is None}
    content = {
        "formats": {one.name: one.version for one in (DATASET, MODEL, EVALUATION)},
        "suites": {name: digest_of(suite.provenance()["physics"]) for name, suite in suites.items()},
        "data": {one.name: _plain(one) for one in data},
        "models": {one.name: _plain(one) for one in models},
    }
    return {**plain(content), "settings_sha256": digest_of(content)}


def outdated(part: Part, plan: Plan) -> list[str]:
    """Return in what a part was made differently from how the present code would make it; nothing if in nothing.

    Parameters
    ----------
    part
        Results.
    plan
        The experiment with the present settings, at the scale of the results.
    """
    name, there = str(part["part"]), part["provenance"]
    if name not in plan.parts:
        return [f"there is no part {name!r} any more"]
    here = made_from(plan, name)
    del here["settings_sha256"]  # which follows from the rest
    known = {key: there.get(key) for key in here}
    for key, kind in (("data", DatasetSpec), ("models", ModelSpec)):
        known[key] = {one: _completed(kind, stated) for one, stated in (known[key] or {}).items()}
    return [] if known == here else list(differences(known, here))


def _completed(kind: type[DatasetSpec] | type[ModelSpec], stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry with what it has in fields that were added after it was written."""
    values = dict(stated)
    for field in fields(kind):
        if field.default is not MISSING:
            values.setdefault(field.name, field.default)
        elif field.default_factory is not MISSING:
            values.setdefault(field.name, field.default_factory())
    blocks: dict[str, Any] = {name: block for name, block in get_type_hints(kind).items() if is_dataclass(block)}
    return dict(plain(values | {name: restated(blocks[name], stated[name]) for name in blocks if name in stated}))


def stated_files(results: Path, part: str) -> list[Path]:
    """Return the names of the galaxy files that a part of some results was made from; none if it was not made."""
    path = results / f"{part}.json"
    if not path.exists():
        return []
    data = read_part(path)["provenance"].get("data", {})
    return [Path(name) for one in data.values() for name in one.get("files", ())]


def write_manifest(run: "Run", parts: Iterable[str]) -> Path:
    """Write or renew the manifest beside the parts of a run.

    Parameters
    ----------
    run
        Whose parts are made.
    parts
        Names of the parts that were made now. One whose file is what the manifest knows keeps its entry.

    Returns
    -------
    pathlib.Path
        The manifest: of each part the digest of its file, commit, versions, seed, minutes of its trainings, memory.
    """
    path = run.results / MANIFEST
    known = read_manifest(run.results)
    entries = dict(known["parts"]) if known else {}
    for name in parts:
        digest = sha256_of_file(run.results / f"{name}.json")
        if entries.get(name, {}).get("sha256") != digest:
            entries[name] = {"sha256": digest, **_circumstances(run, name)}
    ordered = {name: entries[name] for name in (*run.plan.parts, *entries) if name in entries}
    write_atomically(path, json_bytes({**FORMAT.stated, "parts": ordered}))
    return path


def read_manifest(results: Path) -> Mapping[str, Any] | None:
    """Read the manifest of a folder of results; None where there is none."""
    path = results / MANIFEST
    return read_header(path, FORMAT, "run the parts again", "run the parts again") if path.exists() else None


def commit() -> str | None:
    """Return the commit of the checkout that this stargas runs from, with ``-dirty`` behind it where files differ.

    None where it does not run from a checkout.
    """
    here = Path(__file__).parent
    words = ["git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        found = subprocess.run(words, capture_output=True, text=True, check=True, timeout=20)  # noqa: S603 (no word of a user)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None


def _circumstances(run: "Run", part: str) -> dict[str, Any]:
    """Return who made a part, and how much it took."""
    import resource  # which only Unix has

    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "commit": commit(),
        "stargas": __version__,
        "python": platform.python_version(),
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES if _is_installed(name)},
        "seed": run.seed,
        "draws": run.n_draws,
        "scale": run.plan.scale,
        "training_minutes": run.training_minutes(part),
        "largest_memory_gb": round(memory * 1024 / 1e9, 2),
    }


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _plain(settings: Any) -> dict[str, Any]:  # noqa: ANN401 (any dataclass)
    """Turn settings into plain data; of files and folders the names alone, since where they lie is of this machine."""
    values = asdict(settings)
    if "files" in values:
        values["files"] = [path.name for path in values["files"]]
        values["folder"] = None if values["folder"] is None else values["folder"].name
    return dict(plain(values))
