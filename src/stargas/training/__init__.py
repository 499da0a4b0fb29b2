"""Training: data sets in, a posterior out.

It needs the packages of the extra ``training``, which an inference does without.
"""

import importlib.util

from stargas.errors import InputError

for _package in ("lightning", "sklearn"):
    if importlib.util.find_spec(_package) is None:
        raise InputError(
            f"training needs the package {_package}, which is not installed: pip install 'stargas[training]'."
        )
