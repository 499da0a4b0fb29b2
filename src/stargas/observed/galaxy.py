"""One observed galaxy: its stars, its HI, and the center and direction that both share."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from stargas.config.observation import ObservationConfig
from stargas.observed.hi import ObservedHI
from stargas.observed.photometry import ObservedPhotometry
from stargas.observed.stars import ObservedStars
from stargas.observed.tangent_plane import turned
from stargas.remarks import Remark
from stargas.representation import Described
from stargas.sky.projection import SkyGalaxy

Origin = Literal["given", "database", "photometry", "stars", "table", "HI", "none"]
"""Where a number of the galaxy comes from."""


@dataclass(frozen=True, eq=False, repr=False)
class ObservedGalaxy(Described):
    """What an observer has of one galaxy.

    Parameters
    ----------
    name
        For titles.
    stars, hi
        One of them may be missing.
    R_hl_kpc, R_hl_error_kpc
        Projected half-light radius and its standard error, without that of the distance [kpc].
    R_hl_from
        ``given``, ``database`` for the Local Volume Database, ``photometry`` for the photometric catalog, or ``stars``.
    distance_kpc, distance_error_kpc
        Distance and its standard error [kpc]; None where positions were given in kpc without it.
    center
        Of both tracers: right ascension and declination [deg], or an offset in the unit of the table of stars.
    center_from
        ``given``, ``database``, ``stars``, ``table`` (the origin of its offsets) or ``HI``.
    position_angle_deg
        Of the receding side, which both tracers have on +x [deg]; None where north is up.
    position_angle_from
        ``given``, ``database`` for the major axis of the light, of which the stars tell the receding side, ``HI`` for
        the direction of its velocity gradient, or ``none``.
    position_angle_error_deg
        Its standard error [deg].
    remarks
        What needs care in the data, the most serious first.
    settings
        The settings that repeat the observation; None where the data were not read from files.
    references
        One sentence for each value of the Local Volume Database that was used, with the paper that it comes from.
    photometry
        The light of the galaxy, in the frame of the tracers; None where there is no photometric catalog.
    inclination_deg, inclination_error_deg
        Inclination that is known from other data, and its standard error [deg]; None where it is not known.

    Examples
    --------
    >>> import stargas as sg
    >>> galaxy = sg.infer(**sg.example("stars"), occlusion=False).galaxy
    >>> galaxy.R_hl_from, len(galaxy.stars) > 300
    ('given', True)
    """

    name: str
    stars: ObservedStars | None
    hi: ObservedHI | None
    R_hl_kpc: float
    R_hl_error_kpc: float
    R_hl_from: Origin
    distance_kpc: float | None
    distance_error_kpc: float
    center: tuple[float, float]
    center_from: Origin
    position_angle_deg: float | None = None
    position_angle_from: Origin = "none"
    position_angle_error_deg: float = 0.0
    remarks: tuple[Remark, ...] = ()
    settings: ObservationConfig | None = None
    references: tuple[str, ...] = ()
    photometry: ObservedPhotometry | None = None
    inclination_deg: float | None = None
    inclination_error_deg: float = 0.0

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence for everything in the data that needs care."""
        return tuple(one.text for one in self.remarks)

    def _facts(self) -> Mapping[str, str]:
        facts = {"name": self.name, "R_hl": f"{self.R_hl_kpc:.3g} ± {self.R_hl_error_kpc:.2g} kpc ({self.R_hl_from})"}
        if self.distance_kpc is not None:
            facts["distance"] = f"{self.distance_kpc:.4g} ± {self.distance_error_kpc:.2g} kpc"
        if self.stars is not None:
            facts["stars"] = f"{len(self.stars)} members, σ {self.stars.sigma_kms:.3g} km/s"
        if self.photometry is not None:
            facts["photometry"] = f"{self.photometry.n_members:.0f} members of {self.photometry.n_catalogue} stars"
        if self.hi is not None:
            facts["HI"] = f"{self.hi.hi_mass_msun:.3g} Msun"
        return {**facts, "warnings": str(len(self.warnings))}

    def turned(self, by_deg: float) -> "ObservedGalaxy":
        """Return the same data for a position angle that is larger by an angle [deg]."""
        stars, light = self.stars, None if self.photometry is None else self.photometry.turned(by_deg)
        if stars is not None:
            x, y = turned(stars.x_kpc, stars.y_kpc, by_deg)
            stars = dataclasses.replace(stars, x_kpc=x, y_kpc=y, photometry=light)
        return dataclasses.replace(
            self,
            stars=stars,
            hi=None if self.hi is None else self.hi.turned(by_deg),
            photometry=light,
            position_angle_deg=None if self.position_angle_deg is None else (self.position_angle_deg + by_deg) % 360,
        )

    def sky_galaxy(self) -> SkyGalaxy:
        """Return the galaxy as `stargas.sample.observation.make_sample` takes it, with the quality of its data."""
        sky = SkyGalaxy(R_hl_kpc=self.R_hl_kpc)
        if self.hi is not None:
            beam, noise = self.hi.beam_fwhm_kpc, self.hi.column_noise_msun_pc2
            sky = dataclasses.replace(sky, gas=self.hi.maps, beam_fwhm_kpc=beam, noise_msun_pc2=noise)
        if self.stars is not None:
            sky = dataclasses.replace(
                sky,
                stars=self.stars.sky_stars,
                R_hl_kpc=self.stars.R_hl_kpc,
                sigma_kms=self.stars.sigma_kms,
                velocity_error_kms=self.stars.velocity_error_kms,
            )
        if self.photometry is not None:
            sky = dataclasses.replace(sky, photometry=self.photometry.positions)
        return sky
