"""The drawing of the network has the sizes of the network itself."""

import pytest

from stargas.config import ConvolutionalConfig, ModelConfig
from stargas.model.convolutional_network import ConvolutionalNetwork
from stargas.model.network import NetworkSizes
from stargas.report.network_scheme import branch_layers, dense_layers, draw_network

CONFIGS = [ConvolutionalConfig(), ConvolutionalConfig(filters=(3, 5), kernel_size=5, first_stride=1, dense=(20,))]


@pytest.mark.parametrize("convolutional", CONFIGS)
@pytest.mark.parametrize("n_pixels", [64, 30])
def test_its_widths_are_those_of_the_layers(convolutional, n_pixels):
    config = ModelConfig(convolutional=convolutional)
    network = ConvolutionalNetwork(convolutional, NetworkSizes(5, n_pixels, 5, 10))
    widths = [layer.in_features for layer in network.dense if hasattr(layer, "in_features")]
    drawn = [layer.shape for layer in dense_layers(config, n_pixels, 10)]
    assert drawn[1:-1] == [f"{width:,}" for width in (*widths, convolutional.embedding_size)]
    assert int(drawn[0].replace(",", "")) == 5 * int(branch_layers(config, n_pixels)[-1].shape.replace(",", ""))


@pytest.mark.parametrize(("tracers", "n"), [("star", 2), ("gas", 3), ("stargas", 5)])
def test_there_is_a_branch_for_each_map_that_the_model_receives(tracers, n):
    figure = draw_network(ModelConfig(tracers=tracers), 64, 10)
    words = [text.get_text() for text in figure.axes[0].texts]
    assert words.count("flattened") == n
    assert "10 masses" in words
    assert any("R_\\mathrm{HI}" in word for word in words) == (tracers != "star")
