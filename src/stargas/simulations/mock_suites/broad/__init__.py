"""The suite ``broad``: galaxies of every shape, orbit structure and degree of disturbance, one file per ingredient.

The suite is a prior, not a model of nature: each ingredient is drawn from a range that is wider than any known sample
of galaxies, and independently of the stellar mass where the correlation is uncertain. `galaxy` puts the ingredients
together: a triaxial dark halo (`halo`), stars on orbits that are integrated in the potential of halo, gas and the stars
themselves (`structure`, `orbits`, `triaxial`), patterns in the disk (`patterns`), departures from equilibrium
(`unrest`) and gas (`gas`).
"""
