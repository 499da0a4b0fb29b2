import pytest
from dataset_for_tests import build


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Undisturbed data set by one worker; not to be changed."""
    out = tmp_path_factory.mktemp("built") / "data"
    build(out)
    return out
