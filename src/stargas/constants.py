"""Physical constants and unit conversions, each with its source.

Units throughout: kpc, km/s, Msun, K; radians inside, degrees at the edges.
"""

G = 4.300917270e-6
"""Gravitational constant [kpc km² s⁻² Msun⁻¹], from CODATA 2018 and the IAU 2015 nominal solar mass parameter."""

BOLTZMANN = 1.380649e-23
"""Boltzmann constant [J/K], exact in the SI of 2019."""

PROTON_MASS = 1.67262192369e-27
"""Proton mass [kg], CODATA 2018."""

HI_ATOMS_PER_CM2 = 1.248e20
"""HI atoms per cm² that make 1 Msun/pc² (Msun/pc² divided by the mass of a hydrogen atom)."""

HI_MASS_PER_FLUX = 2.36e5
"""HI mass [Msun] per D² [Mpc²] and ∫S dv [Jy km/s], optically thin; the rounded value in common use (Roberts 1962)."""

HELIUM_FACTOR = 1.33
"""Total atomic gas mass over HI mass, helium included."""

KPC_PER_KMS_GYR = 1.0227121650537077
"""Distance [kpc] covered in 1 Gyr at 1 km/s (Julian year, IAU parsec)."""

KMS_PER_MASYR_KPC = 4.740470463533349
"""Velocity [km/s] across the sky of 1 mas/yr at 1 kpc, which is 1 au/yr (IAU 2012 au, Julian year)."""

HUBBLE = 0.0671
"""Hubble constant [km/s/kpc]: Planck 2015 as used by NIHAO and AURIGA (Expósito-Márquez et al. 2026, §2.1)."""

OMEGA_M = 0.3175
"""Matter density of the same cosmology."""

OMEGA_L = 0.6824
"""Dark-energy density of the same cosmology."""

BARYON_FRACTION = 0.049 / 0.3175
"""Cosmic baryon fraction of the same cosmology."""

CM_PER_KPC = 3.0856775814913673e21
"""Centimeters in a kpc, IAU 2015 parsec."""

G_PER_MSUN = 1.988409870698051e33
"""Grams in a solar mass: IAU 2015 nominal solar mass parameter over the CODATA 2018 gravitational constant."""

HI_FREQUENCY_HZ = 1.42040575177e9
"""Rest frequency of the HI line [Hz] (Hellwig et al. 1970)."""

SPEED_OF_LIGHT_KMS = 299792.458
"""Speed of light [km/s], exact."""

ELEMENTARY_CHARGE = 1.602176634e-19
"""Elementary charge [C], exact in the SI of 2019; the energy of 1 eV [J]."""

GEV_PER_MSUN = G_PER_MSUN * 1e-3 * (SPEED_OF_LIGHT_KMS * 1e3) ** 2 / (ELEMENTARY_CHARGE * 1e9)
"""Rest energy [GeV] of a solar mass."""

RAR_ACCELERATION = 1.2e-10
"""Acceleration g† [m/s²] of the radial acceleration relation (McGaugh, Lelli & Schombert 2016)."""

M_PER_KPC = CM_PER_KPC / 100
"""Meters in a kpc, IAU 2015 parsec."""
