"""The encoder of the stars is a function of a set, and of the stars alone."""

import pytest
import torch

from stargas.config import StarSetConfig
from stargas.model.star_set import EMBEDDING_SIZE, N_STAR_INPUTS, StarSetEncoder, star_inputs

N_STARS = 12


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    return StarSetEncoder(StarSetConfig(width=8, n_heads=3)).eval()


def stars_of(n=5, n_stars=N_STARS):
    stars = torch.randn(n, 4, n_stars, generator=torch.Generator().manual_seed(1))
    stars[:, 3] = stars[:, 3].abs()
    return stars


def with_padding(stars, n_more):
    return torch.cat([stars, torch.full((*stars.shape[:2], n_more), torch.nan)], dim=2)


def test_the_order_of_the_stars_does_not_matter_and_which_velocity_is_whose_does(encoder):
    stars = stars_of()
    embedding = encoder(stars)
    assert embedding.shape == (5, EMBEDDING_SIZE)
    order = torch.randperm(N_STARS, generator=torch.Generator().manual_seed(2))
    assert torch.allclose(encoder(stars[:, :, order]), embedding, atol=1e-5)
    exchanged = torch.cat([stars[:, :2], stars[:, 2:, order]], dim=1)
    assert not torch.allclose(encoder(exchanged), embedding, atol=1e-3)


def test_places_without_a_star_do_not_matter_and_one_more_star_does(encoder):
    stars = stars_of()
    embedding = encoder(stars)
    padded = with_padding(stars, 3)
    assert torch.allclose(encoder(padded), embedding, atol=1e-5)
    padded[:, :, N_STARS] = 1.0
    assert not torch.allclose(encoder(padded), embedding, atol=1e-3)


@pytest.mark.parametrize("column", range(4))
def test_every_column_counts(encoder, column):
    stars = stars_of()
    changed = stars.clone()
    changed[:, column] *= 1.5
    assert not torch.allclose(encoder(changed), encoder(stars), atol=1e-4)


def test_how_many_stars_there_are_counts(encoder):
    """Twice the same stars have the same means; only their number tells."""
    stars = stars_of()
    assert not torch.allclose(encoder(stars.repeat(1, 1, 2)), encoder(stars), atol=1e-3)


def test_galaxies_do_not_see_each_other(encoder):
    stars = stars_of()
    assert torch.allclose(encoder(stars)[2:3], encoder(stars[2:3]), atol=1e-5)


def test_a_galaxy_without_stars_has_an_embedding_and_gradients_stay_finite(encoder):
    stars = stars_of()
    stars[1:3] = torch.nan
    embedding = encoder(stars)
    assert torch.isfinite(embedding).all()
    assert torch.equal(embedding[1], embedding[2])
    embedding.square().sum().backward()
    assert all(torch.isfinite(p.grad).all() and p.grad.abs().sum() > 0 for p in (encoder.star[0].weight,))
    assert torch.isfinite(encoder(torch.full((2, 4, 3), torch.nan))).all()  # and where no galaxy of a batch has any


def test_what_the_layers_receive_is_finite_at_the_center_and_far_out():
    inputs = star_inputs(torch.tensor([[0.0, 0.0, 0.0, 0.0], [1e3, -1e3, 1e3, 0.0], [1.0, 0.0, -2.0, 0.5]]))
    assert inputs.shape == (3, N_STAR_INPUTS)
    assert torch.isfinite(inputs).all()
    assert inputs.abs().max() < 100
