"""Imported by the server that worker processes are forked from, so that they are born with compiled kernels.

Importing it makes one small sample; nothing else imports it.
"""

import numpy as np

from stargas.config import DataConfig
from stargas.galaxy import Galaxy, Gas, Particles
from stargas.sample import make_sample
from stargas.sky.projection import project
from stargas.sky.view import View

_rng = np.random.default_rng(0)
_config = DataConfig()
_n = _config.stars.min_stars
_position, _velocity, _ones = _rng.normal(size=(_n, 3)), _rng.normal(size=(_n, 3)), np.ones(_n)
_gas = Gas(2e8 * _ones, _position, _velocity, 1e8 * _ones, 1e4 * _ones, _ones)
make_sample(project(Galaxy("warm", Particles(_ones, _position, _velocity), _gas), View(60.0)), _rng, _config)
