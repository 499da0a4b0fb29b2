"""Write docs/performance/index.md from benchmarks/results.json and the figures of scaling.py.

.venv/bin/python benchmarks/page.py                             # from what is measured
.venv/bin/python benchmarks/page.py data/bursty data/smooth     # and these builds as the large ones
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results.json"
BUILDS = ROOT / "benchmarks" / "builds.json"
PAGE = ROOT / "docs" / "performance" / "index.md"

HEAD = """# Performance

Written by `benchmarks/page.py` from `benchmarks/results.json`, which `make bench` measures on one machine with
{cores} cores ({processor}). Times are processor time of one thread, the least of several runs, so trust ratios more
than milliseconds. The bound is the work that cannot be avoided, at the speed at which this machine does such work.

"""

FIGURES = {
    "stars": "Both star maps against the number of stars.",
    "particles": "HI moments against the number of particles.",
    "views": "All samples of a galaxy against the number of views.",
    "workers": "Rate of a build against the number of workers.",
}


ONE, MANY = 1, 256
"""Galaxies whose posteriors are drawn together."""

SIZE = "pretrained model on disk"
"""Name of the row with its megabytes."""


def posteriors(n_galaxies):
    """Return the name of the row on the posteriors of some galaxies."""
    return f"posteriors by the pretrained model from the features of {n_galaxies}, 1,000 draws each"


def amount(value, unit):
    """Format a number with its unit, seconds in milliseconds below one."""
    if value is None:
        return ""
    if unit == "s":
        return f"{1e3 * value:.3g} ms" if value < 1 else f"{value:.3g} s"
    if unit in ("share", "of the step"):
        return f"{100 * value:.3g} %" + unit.removeprefix("share").replace("of the", " of the")
    return f"{value:.3g} {unit}"


def line(row):
    """Format one row of the table."""
    peer = f"{amount(row['peer'], row['unit'])} ({row['peer_name']})" if row["peer"] is not None else ""
    ratio = f"{row['ratio']:.3g}" if row["ratio"] is not None else ""
    agreement = "; ".join(f"{name} {value:.2g}" for name, value in (row["agreement"] or {}).items())
    bound = f"{amount(row['lower_bound'], row['unit'])}: {row['lower_bound_of']}" if row["lower_bound"] else ""
    ours = amount(row["ours"], row["unit"])
    if row.get("median") is not None:
        ours += f" (median {amount(row['median'], row['unit'])})"
    return f"| {row['name']} | {ours} | {peer} | {ratio} | {agreement} | {bound} |"


def posterior_sentence(rows):
    """Return what a posterior of the pretrained model takes, by name of the row."""
    one, many = rows[posteriors(ONE)], rows[posteriors(MANY)]
    least, median = (amount(one[key], "s") for key in ("ours", "median"))
    each, median_each = (amount(many[key] / MANY, "s") for key in ("ours", "median"))
    return (
        f"1,000 draws of the pretrained model's posterior of one galaxy, from its measured features, take {least} "
        f"(median {median}), and in a batch of {MANY} galaxies {each} each (median {median_each}), on one thread of "
        f"{one['processor']}; with {one['peer_name']} of the same flow they take {amount(one['peer'], 's')}. "
        f"The model takes {rows[SIZE]['ours']:.1f} MB on disk, with its validity reference."
    )


def read_build(folder):
    """Read size and time of a finished build from its folder."""
    manifest = json.loads((folder / "manifest.json").read_text())
    log = json.loads((folder / "build.log.json").read_text())
    return {
        "source": manifest["source"]["name"],
        "galaxies": sum(entry["galaxies_made"] for entry in log),
        "views": manifest["config"]["views"]["n_views"],
        "minutes": round(sum(entry["seconds"] for entry in log) / 60, 1),
        "workers": max(entry["workers"] for entry in log),
        "gigabytes": round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e9, 2),
        "stargas": manifest["stargas_version"],
    }


def build_lines(builds):
    """Format the table of large builds."""
    rows = [
        f"| `{b['source']}` | {b['galaxies']:,} | {b['galaxies'] * b['views']:,} | {b['workers']} | {b['minutes']} | "
        f"{b['gigabytes']} |"
        for b in builds
    ]
    head = ["| suite | galaxies | samples | workers | minutes | GB |", "| --- | --- | --- | --- | --- | --- |"]
    return [*head, *rows]


def page_text(results):
    """Return the page."""
    table = ["| what | ours | peer | times faster | difference | bound |", "| --- | --- | --- | --- | --- | --- |"]
    table += [line(row) for row in results["rows"]]
    figures = [
        f"![{caption}]({name}.png)\n\n*{caption} Dotted: proportional.*"
        for name, caption in FIGURES.items()
        if (PAGE.parent / f"{name}.png").exists()
    ]
    sentence = posterior_sentence({row["name"]: row for row in results["rows"]})
    parts = [
        HEAD.format(**results["machine"]) + sentence + "\n",
        "\n".join(table),
        "\n## How cost grows\n",
        "\n\n".join(figures),
    ]
    if BUILDS.exists():
        parts.append("\n## Large builds\n\nEach from one galaxy to the last shard, resumed or not.\n")
        parts.append("\n".join(build_lines(json.loads(BUILDS.read_text()))))
    return "\n".join(parts) + "\n"


def main():
    """Write the page."""
    if len(sys.argv) > 1:
        BUILDS.write_text(json.dumps([read_build(Path(folder)) for folder in sys.argv[1:]], indent=1) + "\n")
    PAGE.write_text(page_text(json.loads(RESULTS.read_text())))


if __name__ == "__main__":
    main()
