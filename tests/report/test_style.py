"""Figures repeat, take the format of their name, and leave the session alone."""

import sys

from stargas.baselines.estimators import ESTIMATORS
from stargas.report.ratio import draw_ratio
from stargas.report.style import estimator_symbol, png_bytes, save_figure, save_png_and_pdf


def test_files_repeat_and_take_the_format_of_their_name(result, tmp_path):
    assert png_bytes(draw_ratio(result)) == png_bytes(draw_ratio(result))
    assert save_figure(draw_ratio(result), tmp_path / "a" / "ratio.pdf").read_bytes().startswith(b"%PDF")


def test_drawing_leaves_pyplot_and_settings_alone(result):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    png_bytes(draw_ratio(result))
    assert dict(mpl.rcParams) == before
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []


def test_estimators_have_one_symbol_each_by_name_or_label():
    markers = {name: estimator_symbol(name)["marker"] for name in ESTIMATORS}
    assert len(set(markers.values())) == len(ESTIMATORS)
    assert {name: estimator_symbol(one.label)["marker"] for name, one in ESTIMATORS.items()} == markers
    assert estimator_symbol("some formula of next year")["marker"] not in markers.values()


def test_a_pdf_file_lies_beside_the_png_file(result, tmp_path):
    path = save_png_and_pdf(draw_ratio(result), tmp_path / "ratio.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
