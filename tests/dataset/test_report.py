from dataset_for_tests import build
from sources_for_tests import BadSource


def test_report_counts(tmp_path):
    report = build(tmp_path / "data", BadSource(9, damaged=(2,), wrong=(3,)), workers=2)
    assert (report.n_galaxies, report.n_done, report.n_rejected, report.n_failed) == (9, 6, 1, 2)
    assert report.n_samples == 18
    text = str(report)
    assert "18 samples of 6 galaxies" in text
    assert "galaxy-2: file-2 is truncated." in text


def test_a_long_list_of_failures_is_cut_and_points_to_the_table(tmp_path):
    text = str(build(tmp_path / "data", BadSource(9, damaged=(0, 1, 2, 3, 4, 5, 7)), workers=2))
    assert text.count("  failed ") == 5
    assert f"2 more in {tmp_path / 'data' / 'rejected.ecsv'}" in text
