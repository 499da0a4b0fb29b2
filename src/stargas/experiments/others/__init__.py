"""Models on galaxies that others made: files of any simulation, and analytic spheres."""
