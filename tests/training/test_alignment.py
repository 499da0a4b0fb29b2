"""The discrepancy of suites is small where their embeddings are alike, large where they are not, and can be learned."""

import pytest
import torch

from stargas.training.alignment import discrepancy


def embeddings(shift, n=400, seed=0):
    """Two suites in two dimensions, the second shifted along the first axis by so many standard deviations."""
    generator = torch.Generator().manual_seed(seed)
    suite = torch.arange(n) % 2
    return torch.randn(n, 2, generator=generator) + shift * suite[:, None] * torch.tensor([1.0, 0.0]), suite


def test_it_grows_with_the_distance_of_the_suites():
    values = [float(discrepancy(*embeddings(shift))) for shift in (0.0, 0.5, 1.0, 3.0)]
    assert values == sorted(values)
    assert abs(values[0]) < 0.02
    assert values[3] > 0.4


@pytest.mark.parametrize("n_of_first", [64, 120])
def test_it_is_zero_on_average_where_suites_are_alike(n_of_first):
    suite = (torch.arange(128) >= n_of_first).long()
    found = [float(discrepancy(embeddings(0.0, 128, seed)[0], suite)) for seed in range(200)]
    assert sum(found) / 200 == pytest.approx(0, abs=0.005)
    assert min(found) < 0 < max(found)


def test_it_is_that_of_the_formula():
    x = torch.tensor([[0.0], [1.0], [3.0], [4.0], [7.0]])
    squared = (x - x.T).square()
    scale = squared.median()
    kernel = sum(torch.exp(-squared / (2 * width * scale)) for width in (0.25, 1.0, 4.0)) / 3
    of_second = (kernel[2, 3] + kernel[2, 4] + kernel[3, 4]) / 3
    expected = kernel[0, 1] + of_second - 2 * kernel[:2, 2:].mean()
    assert float(discrepancy(x, torch.tensor([-1, -1, 4, 4, 4]))) == pytest.approx(float(expected), rel=1e-6)


def test_only_the_partition_into_suites_counts():
    embedding, suite = embeddings(1.0)
    expected = float(discrepancy(embedding, suite))
    assert float(discrepancy(embedding, 7 - 3 * suite)) == pytest.approx(expected, rel=1e-6)
    assert float(discrepancy(10 * embedding + 3, suite)) == pytest.approx(expected, rel=1e-3)
    mixed = suite[torch.randperm(len(suite), generator=torch.Generator().manual_seed(1))]
    assert float(discrepancy(embedding, mixed)) < 0.2 * expected


def test_a_third_suite_counts_in_the_mean_over_pairs():
    embedding, suite = embeddings(1.0, 600)
    third = torch.where(torch.arange(600) < 200, 2, suite)
    pairs = []
    for left_out in range(3):
        kept = third != left_out
        pairs.append(discrepancy(embedding[kept], third[kept]))
    assert float(discrepancy(embedding, third)) == pytest.approx(float(torch.stack(pairs).mean()), rel=0.05)


def test_one_suite_alone_has_none_and_one_sample_of_another_does_not_count():
    embedding, suite = embeddings(1.0)
    assert float(discrepancy(embedding, torch.zeros_like(suite))) == 0
    assert float(discrepancy(embedding, (torch.arange(len(suite)) == 7).long())) == 0


def test_its_gradient_brings_suites_together_even_where_samples_coincide():
    start, suite = embeddings(1.0, 100)
    embedding = torch.cat([start, start[:2]]).requires_grad_()
    suite = torch.cat([suite, suite[:2]])
    before = discrepancy(embedding, suite)
    (gradient,) = torch.autograd.grad(before, embedding)
    assert torch.isfinite(gradient).all()
    assert float(discrepancy((embedding - 20 * gradient).detach(), suite)) < float(before.detach())
