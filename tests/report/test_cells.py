"""Numbers in tables."""

from stargas.report.cells import interval, median_and_range, number, percent, with_error


def test_what_is_missing_is_a_dash():
    assert number(None) == with_error(None, 0.1) == percent(None) == median_and_range(None, 0, 0) == "–"


def test_digits_and_signs():
    assert number(1.234) == "1.23"
    assert number(-0.0456, 3) == "-0.046"
    assert with_error(1.0, 0.034) == "1.000 ± 0.034"
    assert percent(0.6811, 0.008) == "68.1 ± 0.8 %"
    assert percent(0.155, digits=0) == "16 %"
    assert median_and_range(1.0, 0.8, 1.3) == "1.00 +0.30 −0.20"
    assert interval(5.5, 7.5) == "5.5 to 7.5"
