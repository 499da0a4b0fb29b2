"""A sample: maps, scalars and truth of one galaxy seen from one side."""

from stargas.sample.declaration import (
    FIELDS,
    MAPS,
    NEEDS,
    QUALITY,
    SCALARS,
    STAR_SET,
    ArrayField,
    Arrays,
    stored_fields,
)
from stargas.sample.observation import make_sample, make_samples
from stargas.sample.sample import Sample, with_exact, without_tracer
from stargas.sample.truth import Truth

__all__ = [
    "FIELDS",
    "MAPS",
    "NEEDS",
    "QUALITY",
    "SCALARS",
    "STAR_SET",
    "ArrayField",
    "Arrays",
    "Sample",
    "Truth",
    "make_sample",
    "make_samples",
    "stored_fields",
    "with_exact",
    "without_tracer",
]
