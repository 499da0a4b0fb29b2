"""Mock suites: galaxies in equilibrium that stand in for cosmological simulations."""
