"""The block ``observation``: an observer's files of one galaxy, and what is known beside them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stargas.notation import center_deg, distance_kpc, error_kpc, size_kpc

if TYPE_CHECKING:
    # what a field holds once the settings are made
    Length = float
    Center = tuple[float, float]
else:
    # text first: of several types, the parser of settings takes the first that fits, and reads 10:08:28 as a number
    Length = str | float
    Center = tuple[str | float, str | float] | str


@dataclass(frozen=True)
class ObservationConfig:
    """An observed galaxy. Values are checked where they are used.

    Distances, sizes and the center may be text, as `stargas.notation` reads it; the fields hold numbers.

    Parameters
    ----------
    name
        Name of the galaxy, for titles. Where the Local Volume Database has one of that name, its distance, center,
        half-light radius, ellipticity and position angle are used where they are not given here.
    stars
        Table of stars: CSV, ECSV, FITS or VOTable.
    columns
        Quantity → name of its column, for columns whose names are not recognized.
    missing_values
        Numbers that stand for a missing value in the table of stars, as -999.
    photometry
        Photometric catalog, a table with positions of stars that need no velocities: it shows the light of the galaxy
        and R_hl. ``columns`` names its columns, too, where it has such.
    hi_cube
        HI cube, FITS.
    moment0
        Map of the HI column density in place of a cube, FITS.
    moment1
        Map of the mean velocity, needed beside moment 0.
    moment2
        Map of the velocity dispersion.
    distance_kpc
        Distance [kpc]; or text with a unit, ``0.1 Mpc``, or a distance modulus, ``20.0 mag``.
    distance_error_kpc
        Its standard error [kpc]; or text, ``5 kpc``, ``5 %`` or ``0.1 mag``.
    center
        Right ascension and declination [deg], of both tracers; or text, ``10:08:28.1 -31:00:00``. If null, the middle
        of the stars, or of the HI.
    systemic_kms
        Systemic velocity [km/s], of both tracers. If null, the mean of each.
    position_angle_deg
        Position angle of the receding side of the major axis, from north through east [deg]. If null, that of the HI
        where there is any.
    position_angle_error_deg
        Its standard error [deg].
    inclination_deg
        Inclination [deg], 0 face-on and 90 edge-on, that the posterior is conditioned on: known from other data than
        these, as the shape of the light. If null, that of the posterior.
    inclination_error_deg
        Its standard error [deg].
    R_hl_kpc
        Projected half-light radius [kpc]; or text, ``280 pc`` or ``9.7 arcmin``. If null, that of the
        photometric catalog, or else of the stars.
    R_hl_error_kpc
        Its standard error [kpc]; or text, ``20 pc`` or ``5 %``.
    ellipticity
        1 − b/a of the light, where ``R_hl_kpc`` is along the major axis, as catalogs have it. R_hl is then that times
        √(1 − ellipticity). If null, ``R_hl_kpc`` is the radius of a circle.
    ellipticity_error
        Its standard error.
    p_member_min
        Least probability of a member that is drawn on the maps; the dispersion weighs all stars by theirs.
    fit_contaminants
        Fit a second, broad population of velocities. If false, the probabilities of the table stay as they are, and
        a table without any has members only.
    proper_motion_masyr
        Proper motion along right ascension (times cos Dec) and declination [mas/yr], to correct for perspective.
    leave_out_channels
        Pairs of velocities [km/s] between which channels of the cube are left out.
    foreground_channels
        Pairs of velocities [km/s] between which Galactic HI shines over the field of the cube: there, source is what
        stands above it, where the other channels show the galaxy.
    n_realizations
        Monte Carlo realizations of the inputs.
    """

    name: str | None = None
    stars: str | None = None
    columns: dict[str, str] | None = None
    missing_values: tuple[float, ...] = ()
    photometry: str | None = None
    hi_cube: str | None = None
    moment0: str | None = None
    moment1: str | None = None
    moment2: str | None = None
    distance_kpc: Length | None = None
    distance_error_kpc: Length = 0.0
    center: Center | None = None
    systemic_kms: float | None = None
    position_angle_deg: float | None = None
    position_angle_error_deg: float = 0.0
    inclination_deg: float | None = None
    inclination_error_deg: float = 0.0
    R_hl_kpc: Length | None = None
    R_hl_error_kpc: Length = 0.0
    ellipticity: float | None = None
    ellipticity_error: float = 0.0
    p_member_min: float = 0.5
    fit_contaminants: bool = True
    proper_motion_masyr: tuple[float, float] | None = None
    leave_out_channels: tuple[tuple[float, float], ...] = ()
    foreground_channels: tuple[tuple[float, float], ...] = ()
    n_realizations: int = 16

    def __post_init__(self) -> None:
        """Turn text into numbers.

        Raises
        ------
        ValueError
            If a text is no distance, size or center.
        """
        distance = distance_kpc(self.distance_kpc) if isinstance(self.distance_kpc, str) else self.distance_kpc
        size = size_kpc(self.R_hl_kpc, distance) if isinstance(self.R_hl_kpc, str) else self.R_hl_kpc
        known = {"distance_kpc": distance, "R_hl_kpc": size}
        for name, value in (("distance_error_kpc", distance), ("R_hl_error_kpc", size)):
            given = getattr(self, name)
            known[name] = error_kpc(given, value, distance) if isinstance(given, str) else given
        for name, number in known.items():
            object.__setattr__(self, name, number)
        if self.center is not None and any(isinstance(part, str) for part in (self.center, *self.center)):
            object.__setattr__(self, "center", center_deg(self.center))

    @property
    def has_files(self) -> bool:
        """Whether there is any file of stars with velocities, or of HI."""
        return any((self.stars, self.hi_cube, self.moment0, self.moment1, self.moment2))
