"""Building and comparing small data sets."""

import hashlib
from pathlib import Path

from sources_for_tests import TINY, AnalyticSource

from stargas.config import LocalConfig
from stargas.dataset.build import build_dataset
from stargas.dataset.manifest import LOG

N_GALAXIES = 10
SEED = 3


def checksums(folder):
    """Checksum of every file of a data set but the log."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and path.name != LOG
    }


def build(out, source=None, workers=1, config=TINY, seed=SEED, local=None, **options):
    source = AnalyticSource(N_GALAXIES) if source is None else source
    local = LocalConfig(workers=workers, progress=False) if local is None else local
    return build_dataset(source, out, config, seed, local, **options)
