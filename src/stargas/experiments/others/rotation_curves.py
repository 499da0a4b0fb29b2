"""Rotation curves of 3DBarolo beside a model given HI alone, on the same cubes of galaxies seen at 40° to 75°.

Both read the same FITS file, and both know the center, the systemic velocity, the distance and R_hl. 3DBarolo is told
where its rings end, which an observer sees, and in half of its fits the true inclination, which no observer knows. Each
fit is kept as soon as it is made: a run that was stopped goes on where it ended.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from stargas.baselines.barolo import RingGeometry, RotationCurve, fit_rings
from stargas.config.observation import ObservationConfig
from stargas.constants import G
from stargas.errors import InputError
from stargas.experiments.measurement import Origin, write_measurement
from stargas.experiments.observed.files import MockObservation, cube_file
from stargas.experiments.others.galaxies import GalaxyOfOthers
from stargas.experiments.others.mocks import held_out_galaxies
from stargas.experiments.others.predictions import RADII, Predictions, joined, summarize_draws
from stargas.experiments.others.scoreboard import plain_score, scores, without_nan
from stargas.galaxy import FloatArray, Galaxy, Gas, MassProfile, Particles
from stargas.inference.infer import infer
from stargas.model.posterior import Posterior
from stargas.observed.observation import observe_galaxy
from stargas.randomness import rng_for
from stargas.report.rotation_section import DRIFT, INCLINATION, MODEL, RINGS, ROTATION_FILE, ROTATION_FORMAT
from stargas.sample import make_sample
from stargas.simulations.selection import in_cold_gas_set
from stargas.sky.hi_particles import SkyGas
from stargas.sky.hi_scalars import measure_hi_radius
from stargas.sky.projection import SkyGalaxy, project
from stargas.sky.view import View
from stargas.storage import Format, digest_of, json_bytes, plain, read_header, rounded, sha256_of_file, write_atomically
from stargas.tracers import GAS_AND_R_HL

INCLINATIONS_DEG = (40.0, 75.0)
"""Range of inclinations; cos i is uniform in it."""

BEAMS = (8.0, 15.0)
"""Range of the diameter 2 R_HI over the beam."""

NOISE_MSUN_PC2 = 0.05
"""Noise of a channel of 5 km/s [Msun/pc²], that of deep surveys of dwarfs."""

DISTANCE_KPC = 5000.0
"""Distance [kpc]; what is resolved does not depend on it."""

CENTER_DEG, SYSTEMIC_KMS = (150.0, 20.0), 500.0
"""Where on the sky and at which velocity the galaxies are."""

SUITES = ("broad", "smooth")
"""Suites of the mock galaxies: violent and calm gas."""

THIN = "thin cold disks"
"""Maker of the disks on which 3DBarolo has to be right."""

N_THIN = 4
"""Their number."""

THIN_KMS, THIN_KPC = 80.0, 1.5
"""Their rotation is ``THIN_KMS tanh(R/THIN_KPC)``."""

FIT_FORMAT = Format("stargas 3DBarolo fit", 1)
"""Format of the file of a kept fit."""


@dataclass(frozen=True)
class RotationPlan:
    """Settings of the comparison.

    Parameters
    ----------
    program
        The executable ``BBarolo``.
    folder
        For cubes and kept fits.
    n_draws
        Draws of each posterior.
    seed
        Root seed of directions, beams, noise and draws.
    """

    program: Path
    folder: Path
    n_draws: int = 1000
    seed: int = 0


@dataclass(frozen=True, eq=False)
class CubeOfGalaxy:
    """The HI of a galaxy as it is observed.

    Parameters
    ----------
    one
        The galaxy.
    sky
        As it is seen, without noise and beam.
    file
        Its cube.
    inclination_deg
        True inclination.
    R_hl_kpc, R_HI_kpc, beam_kpc
        Sizes of its stars and its HI, and FWHM of the beam [kpc].
    """

    one: GalaxyOfOthers
    sky: SkyGalaxy
    file: Path
    inclination_deg: float
    R_hl_kpc: float
    R_HI_kpc: float
    beam_kpc: float

    def geometry(self, inclination_deg: float | None) -> RingGeometry:
        """Return what 3DBarolo is told: rings of one beam out to R_HI."""
        kpc_per_arcsec = DISTANCE_KPC * np.radians(1 / 3600)
        return RingGeometry(
            CENTER_DEG,
            SYSTEMIC_KMS,
            ring_arcsec=round(self.beam_kpc / kpc_per_arcsec, 3),
            n_rings=int(np.ceil(self.R_HI_kpc / self.beam_kpc)),
            kpc_per_arcsec=float(kpc_per_arcsec),
            inclination_deg=inclination_deg,
        )


def cold_mocks(model: Posterior, n: int) -> Iterator[GalaxyOfOthers]:
    """Yield the first galaxies with cold gas of each of `SUITES` that the pretrained model has not learned from."""
    selection = model.data_config.selection
    for suite in SUITES:
        cold = (one for one in held_out_galaxies(suite=suite) if in_cold_gas_set(one.galaxy, selection))
        yield from (replace(one, kind=suite) for one in islice(cold, n))


def thin_disks(n: int) -> Iterator[GalaxyOfOthers]:
    """Yield thin exponential disks of cold HI in circular rotation, whose total mass is r v²/G."""
    for number in range(n):
        rng = np.random.default_rng([number])
        R, angle = rng.gamma(2.0, 2.0, 100_000), rng.uniform(0, 2 * np.pi, 100_000)
        speed = THIN_KMS * np.tanh(R / THIN_KPC)
        around = np.column_stack([-np.sin(angle), np.cos(angle), np.zeros_like(R)])
        place = np.column_stack([R * np.cos(angle), R * np.sin(angle), rng.normal(0, 0.02, len(R))])
        mass = np.full(len(R), 3e8 / len(R))
        gas = Gas(mass, place, speed[:, None] * around, mass, np.full(len(R), 8000.0), np.full(len(R), 0.1))
        chosen = slice(0, 2000)
        stars = Particles(mass[chosen] * 1e-6, place[chosen] / 2, speed[chosen, None] * around[chosen])
        r = np.geomspace(0.01, 100, 400)
        rest = np.maximum.accumulate(r * (THIN_KMS * np.tanh(r / THIN_KPC)) ** 2 / G - gas.enclosed_mass(r))
        dark = MassProfile(r, np.maximum(rest, 1.0))
        yield GalaxyOfOthers(Galaxy(f"thin-{number}", stars, gas, dark, suite=THIN), THIN, THIN)


def observe_hi(one: GalaxyOfOthers, plan: RotationPlan) -> CubeOfGalaxy | None:
    """Write the cube of a galaxy, seen from a random side at one of `INCLINATIONS_DEG`; None where it has no R_HI."""
    rng = rng_for(plan.seed, "rotation curves", one.galaxy.id)
    low, high = np.cos(np.radians(INCLINATIONS_DEG))
    view = View(float(np.degrees(np.arccos(rng.uniform(high, low)))), *rng.uniform(0, 360, 2))
    sky = project(one.galaxy, view)
    if not isinstance(sky.gas, SkyGas) or sky.R_hl_kpc is None:
        return None
    R_HI = measure_hi_radius(sky.gas.x_kpc, sky.gas.y_kpc, sky.gas.mHI_msun)
    if R_HI is None:
        return None
    beam = 2 * R_HI / rng.uniform(*BEAMS)
    observation = MockObservation(
        view, DISTANCE_KPC, 0.0, CENTER_DEG, SYSTEMIC_KMS, 0, 0.0, 0.0, NOISE_MSUN_PC2, engine="fast"
    )
    file = plan.folder / "cubes" / f"{one.galaxy.id}.fits"
    file.parent.mkdir(parents=True, exist_ok=True)
    cube_file(sky.gas, R_HI, beam, observation, rng).writeto(file, overwrite=True)
    return CubeOfGalaxy(one, sky, file, view.inclination_deg, sky.R_hl_kpc, R_HI, beam)


@dataclass(frozen=True, eq=False)
class RotationComparison:
    """3DBarolo and a model on the same cubes.

    Parameters
    ----------
    predictions
        Method → what it infers from those cubes that it can do something with.
    seconds
        Method → processor time of each of them [s].
    failures
        Method → sentences on the cubes that it could not fit, by maker.
    """

    predictions: Mapping[str, Predictions]
    seconds: Mapping[str, Sequence[float]]
    failures: Mapping[str, Sequence[tuple[str, str]]]


def compare_rotation(
    model: Posterior,
    galaxies: Iterable[GalaxyOfOthers],
    plan: RotationPlan,
    report: Callable[[str], None] = lambda _: None,
) -> RotationComparison:
    """Infer the masses of galaxies from cubes of their HI by both methods.

    Parameters
    ----------
    model
        A model of any tracers.
    galaxies
        Those without R_HI are left out.
    plan
        Settings.
    report
        Called with a line for each fit that is made.
    """
    methods = (MODEL, RINGS, DRIFT, f"{RINGS}, {INCLINATION}", f"{DRIFT}, {INCLINATION}")
    found: dict[str, list[Predictions]] = {name: [] for name in methods}
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    failures: dict[str, list[tuple[str, str]]] = {name: [] for name in methods}
    for cube in filter(None, (observe_hi(one, plan) for one in galaxies)):
        for method, outcome in _outcomes(model, cube, plan, report):
            if isinstance(outcome, InputError):
                failures[method].append((cube.one.maker, str(outcome)))
            else:
                draws, took = outcome
                found[method].append(_summarized(model, cube, draws, plan))
                seconds[method].append(took)
    return RotationComparison({name: joined(parts) for name, parts in found.items() if parts}, seconds, failures)


Outcome = tuple[FloatArray, float] | InputError
"""Draws of log10 M at the model's radii, shape (n, m), and seconds; or why there are none."""


def _outcomes(
    model: Posterior, cube: CubeOfGalaxy, plan: RotationPlan, report: Callable[[str], None]
) -> Iterator[tuple[str, Outcome]]:
    yield MODEL, _inferred(model, cube, plan)
    r_kpc = _radii_kpc(model, cube)
    for end, angle in (("", None), (f", {INCLINATION}", cube.inclination_deg)):
        try:
            curve = _kept_rings(cube, angle, plan, report)
        except InputError as error:
            yield RINGS + end, error
            yield DRIFT + end, error
            continue
        for method, corrected in ((RINGS, False), (DRIFT, True)):
            rng = rng_for(plan.seed, "rings", cube.one.galaxy.id)
            if corrected and not np.isfinite(curve.drift_squared).all():
                yield method + end, InputError("3DBarolo found no asymmetric drift.")
            else:
                yield method + end, (curve.log10_mass(r_kpc, plan.n_draws, rng, corrected=corrected), curve.seconds)


def _inferred(model: Posterior, cube: CubeOfGalaxy, plan: RotationPlan) -> Outcome:
    """Return the model's draws from HI with R_hl known."""
    start = time.process_time()
    known = ObservationConfig(
        hi_cube=str(cube.file),
        distance_kpc=DISTANCE_KPC,
        center=CENTER_DEG,
        systemic_kms=SYSTEMIC_KMS,
        R_hl_kpc=cube.R_hl_kpc,
    )
    try:
        found = infer(observe_galaxy(known), model, n_draws=plan.n_draws, seed=plan.seed, occlusion=False)
    except InputError as error:
        return error
    return found.draws.extended(_radii_kpc(model, cube)), time.process_time() - start


def _radii_kpc(model: Posterior, cube: CubeOfGalaxy) -> FloatArray:
    result: FloatArray = np.asarray(model.target.radii_R_hl, dtype=np.float64) * cube.R_hl_kpc
    return result


def _kept_rings(
    cube: CubeOfGalaxy, inclination_deg: float | None, plan: RotationPlan, report: Callable[[str], None]
) -> RotationCurve:
    """Return the rings of a cube, fitted now or before."""
    geometry = cube.geometry(inclination_deg)
    name = digest_of([FIT_FORMAT.version, asdict(geometry), sha256_of_file(cube.file)])[:24]
    path = plan.folder / "rings" / f"{name}.json"
    if not path.exists():
        try:
            curve = fit_rings(plan.program, cube.file.resolve(), geometry, (plan.folder / "barolo" / name).resolve())
            content = {"fit": without_nan(rounded(plain(asdict(curve)), 6))}
            report(f"{cube.one.galaxy.id}: {len(curve.r_kpc)} rings, {curve.seconds:.0f} s")
        except InputError as error:
            content = {"failed": str(error)}
            report(f"{cube.one.galaxy.id}: {error}")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json_bytes({**FIT_FORMAT.stated, **content}, indent=0), lasting=False)
    kept = read_header(path, FIT_FORMAT, "remove it", "remove it")
    if "failed" in kept:
        raise InputError(kept["failed"])
    seconds = kept["fit"].pop("seconds")
    return RotationCurve(**{name: np.array(values, float) for name, values in kept["fit"].items()}, seconds=seconds)


def _summarized(model: Posterior, cube: CubeOfGalaxy, draws: FloatArray, plan: RotationPlan) -> Predictions:
    sample = make_sample(cube.sky, rng_for(plan.seed, "rotation sample", cube.one.galaxy.id), model.data_config)
    radii = np.asarray(model.target.radii_R_hl, dtype=np.float64)
    return summarize_draws(cube.one, [sample], radii, draws[None], GAS_AND_R_HL.name)


def write_rotation(comparison: RotationComparison, results: Path, origin: Origin) -> Path:
    """Write ``rotation_curves.json``.

    Parameters
    ----------
    comparison
        Of all galaxies.
    results
        Folder of the results.
    origin
        Where they come from.
    """
    rows = []
    for method, predictions in comparison.predictions.items():
        for score in scores(predictions):
            here = predictions.maker == score.maker
            rows.append(
                {
                    "method": method,
                    "seconds": float(np.median(np.array(comparison.seconds[method])[here])),
                    "n_failed": sum(maker == score.maker for maker, _ in comparison.failures[method]),
                    **plain_score(score),
                }
            )
    content = {"inclinations_deg": INCLINATIONS_DEG, "beams": BEAMS, "noise_msun_pc2": NOISE_MSUN_PC2, "rows": rows}
    return write_measurement(results / ROTATION_FILE, ROTATION_FORMAT, origin, {"radii_R_hl": RADII, **content})
