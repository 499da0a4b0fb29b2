from dataclasses import replace

import numpy as np
import pytest
import torch
from toy import toy_dataset
from trainings import MODEL

from stargas.model.standardization import fit_scaling
from stargas.training.examples import Examples, FlowBatch, StreamedExamples, load_examples


@pytest.fixture(scope="module")
def data():
    return toy_dataset()


def test_examples_in_memory_and_from_disk_are_the_same_bits(data):
    fitted = fit_scaling(data, MODEL)
    in_memory = load_examples(data, *fitted, memory_gb=1.0)
    streamed = load_examples(data, *fitted, memory_gb=1e-6)
    assert isinstance(in_memory, Examples)
    assert isinstance(streamed, StreamedExamples)
    assert len(in_memory) == len(streamed) == len(data)
    assert streamed.memory_gb < 1e-6 < in_memory.memory_gb < 1.0
    selected = np.array([5, 0, 17])
    for name, tensor in in_memory[selected].tensors().items():
        other = streamed[selected].tensors()[name]
        assert tensor.dtype == other.dtype
        assert np.array_equal(tensor.numpy(), other.numpy(), equal_nan=True), name


def test_each_sample_has_the_prior_of_its_suite(data):
    model = replace(MODEL, priors=("bursty", "smooth"))
    prior = load_examples(data, *fit_scaling(data, model), memory_gb=1.0).prior
    suites = np.asarray(data.catalogue["suite"])
    assert set(suites) == {"bursty", "smooth", "made up"}
    assert np.array_equal(prior == 0, suites == "bursty")
    assert np.array_equal(prior == 1, suites == "smooth")
    assert np.array_equal(prior == -1, suites == "made up")


def test_the_inclination_has_no_sign_and_may_be_unknown(data):
    fitted = fit_scaling(data, MODEL)
    assert load_examples(data, *fitted, 1.0).cos_inclination.isnan().all()
    table = data.catalogues[0].copy()
    table["inclination_deg"] = np.linspace(0, 180, len(table))
    known = load_examples(replace(data, catalogues=(table,)), *fitted, 1.0).cos_inclination
    assert np.allclose(known, np.abs(np.cos(np.linspace(0, np.pi, len(table)))), atol=1e-6)


def test_further_targets_follow_the_masses(data):
    table = data.catalogues[0].copy()
    table["inclination_deg"] = np.linspace(0, 90, len(table))
    known, model = replace(data, catalogues=(table,)), replace(MODEL, further_targets=("cos_inclination",))
    examples = load_examples(known, *fit_scaling(known, model), memory_gb=1.0)
    assert examples.targets.shape == (len(data), 11)
    assert np.array_equal(examples.targets[:, :10], data.batch().log10_mass)
    assert np.array_equal(examples.targets[:, 10], examples.cos_inclination)


def test_records_are_selected_joined_and_moved_as_one():
    record = FlowBatch(torch.arange(12.0).reshape(6, 2), torch.arange(6.0)[:, None])
    assert len(record) == 6
    selected = record[np.array([4, 1])]
    assert selected.context.tolist() == [[8, 9], [2, 3]]
    assert selected.theta.tolist() == [[4], [1]]
    joined = FlowBatch.concatenate([selected, record])
    assert len(joined) == 8
    assert torch.equal(joined.theta[2:], record.theta)
    moved = record.to(torch.float64)
    assert isinstance(moved, FlowBatch)
    assert {tensor.dtype for tensor in moved.tensors().values()} == {torch.float64}
