"""The outcome of an inference: the posterior of one galaxy's mass profile, and what is known about it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from stargas.errors import InputError
from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.galaxy import FloatArray
from stargas.inference.agreement import Agreement
from stargas.inference.attribution import Attribution
from stargas.inference.estimates import MassEstimate
from stargas.inference.predictive_check import PredictiveCheck
from stargas.model.further_quantities import FURTHER_QUANTITIES
from stargas.observed.draws import Input
from stargas.observed.galaxy import ObservedGalaxy
from stargas.pretrained import FOLDER as PRETRAINED
from stargas.profiles import ProfileDraws
from stargas.remarks import Remark
from stargas.sample import Sample
from stargas.tracers import TRACERS
from stargas.validity.result import ValidityResult

if TYPE_CHECKING:
    from astropy.table import QTable
    from matplotlib.figure import Figure
    from xarray import Dataset

    from stargas.inference.dark_matter import DarkMatter
    from stargas.inference.verdict import Verdict

QUANTILE_SUFFIXES = ("p2_5", "p16", "p50", "p84", "p97_5")
"""Endings of the names of columns, in the order of `stargas.evaluation.intervals.QUANTILE_LEVELS`."""

QUANTILE_COLUMNS = tuple(f"log10_mass_{suffix}" for suffix in QUANTILE_SUFFIXES)
"""Columns of the quantiles of the mass."""

SHOWN_FORMATS = {"r_kpc": ".4g", "r_over_R_hl": ".4g"}
"""Column of a profile → how it is printed; logarithms of masses are with three decimals."""

MODEL_LABELS = {"star": "Star", "gas": "Gas", "stargas": "StarGas"}
"""Label of a model by its tracers."""


@dataclass(frozen=True)
class ModelSummary:
    """The model that an inference used.

    Parameters
    ----------
    label
        ``Star``, ``Gas`` or ``StarGas``; a model of any tracers is labeled by those that the galaxy has.
    tracers
        Setting ``model.tracers``.
    prior
        Suite that the posterior was conditioned on; None for all that the model learned from.
    about
        Provenance, training settings, metrics and ranges of the training set, as in ``model.json``.
    folder
        Where it was read from; None for the pretrained model, and for one that was not read from a folder.
    """

    label: str
    tracers: str
    prior: str | None
    about: Mapping[str, Any]
    folder: Path | None = None

    @classmethod
    def of(cls, posterior: PosteriorLike, sample: Sample) -> "ModelSummary":
        """Summarize a model that was applied to a sample."""
        tracers = posterior.config.tracers
        label = tracers
        if tracers == "any":
            label = "stargas" if sample.tracers.all() else "star" if sample.tracers[TRACERS.index("stars")] else "gas"
        folder = getattr(posterior, "folder", None)
        return cls(
            MODEL_LABELS[label],
            tracers,
            getattr(posterior, "prior", None),
            posterior.about,
            None if folder == PRETRAINED else folder,
        )


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class InferenceResult:
    """Posterior of the mass profile of one galaxy.

    Parameters
    ----------
    name
        Name of the galaxy.
    sample
        The input of the network: the galaxy as measured.
    r_kpc
        Radii [kpc], shape (m,), those of ``sample``.
    log10_mass
        Draws of log10 M(<r) [Msun], shape (n, m). They include the errors of the inputs.
    further
        What the model predicts beside the masses, of `stargas.model.target.QUANTITIES` → the same draws, shape (n,).
    validity
        Whether the galaxy is like those that the model learned from.
    estimates
        Masses from closed formulas, at radii of their own.
    variance_shares
        Source of uncertainty → fraction of the variance of log10 M at each radius that it causes, shape (m,);
        ``posterior`` is the model's own, for the galaxy as measured. From `stargas.inference.variance`.
    remarks
        What needs care in the data, in their errors and in the range of the model, the most serious first.
    attribution
        Which parts of the input the result rests on; None if it was not requested, or the model does not support it.
    model
        The model.
    galaxy
        The observation; None for a sample, and for a galaxy on the sky without one.
    conditioned_on
        Inputs whose errors the model is conditioned on, so that its posterior includes them already.
    agreements
        What the data alone say of each quantity that is known beside them, and that the draws are conditioned on.
    distance_kpc
        Distance [kpc] of the same draws, shape (n,), which scatters where it has an error; None where it is not known.
    predictive
        The data that the posterior predicts, beside those that were observed; None where the model predicts none.
    n_realizations
        Monte Carlo realizations of the inputs; 1 where nothing has an error.
    seed
        Root seed.

    Examples
    --------
    >>> import stargas as sg
    >>> result = sg.infer(**sg.example("stars"), occlusion=False)
    >>> result.name, result.to_table()["r_kpc"].unit, result.validity.trusted in (True, False)
    ('mock dwarf', Unit("kpc"), True)
    """

    name: str
    sample: Sample
    r_kpc: FloatArray
    log10_mass: FloatArray
    validity: ValidityResult
    estimates: tuple[MassEstimate, ...]
    variance_shares: Mapping[str, FloatArray]
    model: ModelSummary
    remarks: tuple[Remark, ...] = ()
    attribution: Attribution | None = None
    galaxy: ObservedGalaxy | None = None
    conditioned_on: tuple[Input, ...] = ()
    further: Mapping[str, FloatArray] = field(default_factory=dict)
    agreements: tuple[Agreement, ...] = ()
    distance_kpc: FloatArray | None = None
    predictive: PredictiveCheck | None = None
    n_realizations: int = 1
    seed: int = 0

    @cached_property
    def draws(self) -> ProfileDraws:
        """The draws at any radius between the first and the last: masses, circular velocities, densities, slopes."""
        return ProfileDraws(self.r_kpc, self.log10_mass)

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence for everything that needs care, the most serious first."""
        return tuple(one.text for one in self.remarks)

    @property
    def view(self) -> str:
        """``observed``, or the direction from which a simulated galaxy is seen; "" where it is not known."""
        if self.galaxy is not None:
            return "observed"
        angles = {"i =": self.sample.row.get("inclination_deg"), "azimuth": self.sample.row.get("azimuth_deg")}
        return ", ".join(f"{name} {float(angle):.3g}°" for name, angle in angles.items() if angle is not None)

    @property
    def R_hl_kpc(self) -> float:  # noqa: N802 (the field's own name)
        """Projected half-light radius [kpc]."""
        return float(self.sample.scalars[0])

    @property
    def uncertainty(self) -> str:
        """Statistical width near R_hl, and the change of the median with tracers and prior, as one sentence."""
        j = int(np.argmin(np.abs(self.r_kpc - self.R_hl_kpc)))
        low, high = self.quantiles((0.16, 0.84))[:, j]
        text = f"half of the 68 % interval at {self.r_kpc[j]:.3g} kpc is {(high - low) / 2:.2f} dex"
        if self.attribution is None or not self.attribution.conditions.keys() - {"all inputs"}:
            return f"{text}."
        return (
            f"{text}; with other tracers and priors the median moves by {self.attribution.systematic_dex[j]:.2f} dex."
        )

    @property
    def log10_true(self) -> FloatArray | None:
        """True log10 M [Msun] at ``r_kpc``, shape (m,); None for an observed galaxy."""
        truth = self.sample.log10_mass
        return None if truth is None else np.asarray(truth, dtype=np.float64)

    def quantiles(self, levels: ArrayLike = QUANTILE_LEVELS) -> FloatArray:
        """Return quantiles of log10 M [Msun] at each radius, shape (len(levels), m).

        Parameters
        ----------
        levels
            Between 0 and 1; by default the median and the edges of the central 68 % and 95 %.

        Raises
        ------
        InputError
            If a level lies outside 0 to 1.
        """
        wanted = np.atleast_1d(np.asarray(levels, dtype=np.float64))
        if not ((wanted >= 0) & (wanted <= 1)).all():
            raise InputError(f"quantiles lie between 0 and 1, got {wanted.tolist()}: give 0.16 for 16 %.")
        return np.quantile(self.log10_mass, wanted, axis=0)

    def to_table(self) -> "QTable":
        """Return the profile as a table with units.

        Returns
        -------
        astropy.table.QTable
            ``r_kpc``, ``r_over_R_hl``, the quantiles ``log10_mass_p2_5`` … ``log10_mass_p97_5`` [dex(solMass)], and
            of a simulated galaxy ``log10_mass_true`` [dex(solMass)]. ``table["log10_mass_p50"].physical`` is in solar
            masses.
        """
        from astropy import units as u
        from astropy.table import QTable

        truth = {} if self.log10_true is None else {"log10_mass_true": self.log10_true}
        columns = dict(zip(QUANTILE_COLUMNS, self.quantiles(), strict=True)) | truth
        table = QTable({"r_kpc": self.r_kpc << u.kpc, "r_over_R_hl": self.r_kpc / self.R_hl_kpc})
        for name, values in columns.items():
            table[name] = u.Dex(values, u.dex(u.Msun))
        for name in table.colnames:
            table[name].info.format = SHOWN_FORMATS.get(name, ".3f")
        return table

    def further_table(self) -> "QTable":
        """Return what the posterior says beside the masses as a table.

        Returns
        -------
        astropy.table.QTable
            A row for each quantity that the model predicts, none for a model of masses alone: ``quantity``, ``unit``,
            and the quantiles ``p2_5`` … ``p97_5``. The anisotropies are the usual β = 1 - σ_t²/σ_r².
        """
        from astropy.table import QTable

        known = [FURTHER_QUANTITIES[target] for target in self.further]
        values = [one.of_target(draws) for one, draws in zip(known, self.further.values(), strict=True)]
        table = QTable({"quantity": [one.name for one in known], "unit": [one.unit for one in known]}, dtype=(str, str))
        for suffix, level in zip(QUANTILE_SUFFIXES, QUANTILE_LEVELS, strict=True):
            table[suffix] = np.array([np.quantile(draws, level) for draws in values])
            table[suffix].info.format = ".4g"
        return table

    def to_xarray(self) -> "Dataset":
        """Return the draws as a labeled array, as ArviZ takes them.

        Needs ``xarray``. The draws are independent, so they are one chain.

        Returns
        -------
        xarray.Dataset
            ``log10_mass`` [dex(solMass)] with dimensions ``chain``, ``draw`` and ``r_kpc``. The attributes hold name,
            model, R_hl [kpc], validity and seed.

        Raises
        ------
        InputError
            If xarray is not installed.

        Examples
        --------
        >>> import stargas as sg
        >>> result = sg.infer(**sg.example("stars"), n_draws=160, occlusion=False)
        >>> result.to_xarray()["log10_mass"].dims, result.to_xarray().sizes["draw"]
        (('chain', 'draw', 'r_kpc'), 160)
        """
        try:
            from xarray import Dataset
        except ImportError as error:
            raise InputError(
                "xarray is not installed, and a labeled array is one of its: pip install 'stargas[analysis]'."
            ) from error
        dimensions = ("chain", "draw", "r_kpc")
        return Dataset(
            {"log10_mass": (dimensions, self.log10_mass[None], {"units": "dex(solMass)", "long_name": "log10 M(<r)"})},
            coords={"r_kpc": ("r_kpc", self.r_kpc, {"units": "kpc", "long_name": "radius"})},
            attrs={
                "name": self.name,
                "model": self.model.label,
                "R_hl_kpc": self.R_hl_kpc,
                "validity": self.validity.summary,
                "seed": self.seed,
            },
        )

    # A result draws and writes itself as a DataFrame plots itself: by the layer above, which is imported when it is
    # called. These two imports are the only ones that go up, and import-linter lists them as such.

    def plot(self) -> "Figure":
        """Draw the profile with its 68 % and 95 % bands beside the closed formulas, and return the figure."""
        from stargas.report.profile import Profile, draw_profiles

        return draw_profiles([Profile.of(self)], self.model.label, self.name)

    def report(
        self,
        folder: str | os.PathLike[str],
        *,
        radii_kpc: Sequence[float] = (),
        dark: "DarkMatter | None" = None,
        overwrite: bool = False,
    ) -> Path:
        """Write the page, its figures and all tables into a folder, and return the page.

        Parameters
        ----------
        folder
            Folder for the files.
        radii_kpc
            Further radii [kpc] for ``dynamics.ecsv``, between the first and the last.
        dark
            What `stargas.inference.dark_matter.dark_matter` returned, for a section of its own.
        overwrite
            Replace an inference that is already there.

        Raises
        ------
        InputError
            If the folder holds an inference or something else, or a radius lies outside the profile.
        """
        from stargas.report.inference import write_inference_report

        return write_inference_report([self], folder, radii_kpc=radii_kpc, dark=dark, overwrite=overwrite)

    @property
    def verdict(self) -> "Verdict":
        """Whether to believe the result, and why: what `stargas.inference.verdict.verdict` returns."""
        from stargas.inference.verdict import verdict

        return verdict(self)

    def _repr_html_(self) -> str:
        """Verdict, profile and what needs care, which notebooks show."""
        low, median, high = self.quantiles((0.16, 0.5, 0.84))
        rows = "".join(
            f"<tr><td>{r:.3g}</td><td>{r / self.R_hl_kpc:.3g}</td><td>{m:.2f}</td><td>{a:.2f} to {b:.2f}</td></tr>"
            for r, m, a, b in zip(self.r_kpc, median, low, high, strict=True)
        )
        references = () if self.galaxy is None else self.galaxy.references
        notes = "".join(f"<li>{escape(sentence)}</li>" for sentence in (*self.warnings, *references))
        return (
            f"<p><b>{escape(self.name)}</b> ({escape(self.model.label)}): {escape(str(self.verdict))}</p>"
            "<table><thead><tr><th>r [kpc]</th><th>r / R_hl</th><th>log10 M(&lt;r) [Msun]</th><th>central 68 %</th>"
            "</tr></thead>"
            f"<tbody>{rows}</tbody></table>{f'<ul>{notes}</ul>' if notes else ''}"
        )

    def __repr__(self) -> str:
        """Name, mass near R_hl, verdict and number of warnings."""
        j = int(np.argmin(np.abs(self.r_kpc - self.R_hl_kpc)))
        low, median, high = self.quantiles((0.16, 0.5, 0.84))[:, j]
        p_value, n = self.validity.p_value, len(self.warnings)
        validity = "validity not checked" if p_value is None else f"{self.verdict.level} (p = {p_value:.2g})"
        return (
            f"<InferenceResult {self.name} ({self.model.label}): log10 M(<{self.r_kpc[j]:.3g} kpc) = {median:.2f} "
            f"+{high - median:.2f} -{median - low:.2f}, {validity}, {n} warning{'' if n == 1 else 's'}>"
        )
