"""The block ``observation``: an observer's files of one galaxy, and what is known beside them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ObservationConfig:
    """An observed galaxy. Values are checked where they are used.

    Parameters
    ----------
    stars
        Table of stars: CSV, ECSV, FITS or VOTable.
    columns
        Quantity → name of its column, for columns whose names are not recognized.
    missing_values
        Numbers that stand for a missing value in the table of stars, as -999.
    hi_cube
        HI cube, FITS.
    moment0
        Map of the HI column density in place of a cube, FITS.
    moment1
        Map of the mean velocity, needed beside moment 0.
    moment2
        Map of the velocity dispersion.
    distance_kpc
        Distance [kpc].
    distance_error_kpc
        Its standard error [kpc].
    center
        Right ascension and declination [deg], of both tracers. If null, the middle of the stars, or of the HI.
    systemic_kms
        Systemic velocity [km/s], of both tracers. If null, the mean of each.
    position_angle_deg
        Position angle of the receding side of the major axis, from north through east [deg]. If null, that of the HI
        where there is any.
    R_hl_kpc
        Projected half-light radius [kpc]. If null, that of the stars.
    R_hl_error_kpc
        Its standard error [kpc].
    p_member_min
        Least probability of a member that is drawn on the maps; the dispersion weighs all stars by theirs.
    fit_contaminants
        Fit a second, broad population of velocities. If false, the probabilities of the table stay as they are, and
        a table without any has members only.
    proper_motion_masyr
        Proper motion along right ascension (times cos Dec) and declination [mas/yr], to correct for perspective.
    leave_out_channels
        Pairs of velocities [km/s] between which channels of the cube are left out.
    n_realizations
        Monte Carlo realizations of the inputs.
    """

    stars: str | None = None
    columns: dict[str, str] | None = None
    missing_values: tuple[float, ...] = ()
    hi_cube: str | None = None
    moment0: str | None = None
    moment1: str | None = None
    moment2: str | None = None
    distance_kpc: float | None = None
    distance_error_kpc: float = 0.0
    center: tuple[float, float] | None = None
    systemic_kms: float | None = None
    position_angle_deg: float | None = None
    R_hl_kpc: float | None = None
    R_hl_error_kpc: float = 0.0
    p_member_min: float = 0.5
    fit_contaminants: bool = True
    proper_motion_masyr: tuple[float, float] | None = None
    leave_out_channels: tuple[tuple[float, float], ...] = ()
    n_realizations: int = 16

    @property
    def has_files(self) -> bool:
        """Whether there is any file."""
        return any((self.stars, self.hi_cube, self.moment0, self.moment1, self.moment2))
