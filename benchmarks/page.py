"""Write docs/performance/index.md from benchmarks/results.json and the figures of scaling.py.

.venv/bin/python benchmarks/page.py
"""

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
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
    return f"| {row['name']} | {amount(row['ours'], row['unit'])} | {peer} | {ratio} | {agreement} | {bound} |"


def main():
    """Write the page."""
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text())
    table = ["| what | ours | peer | times faster | difference | bound |", "| --- | --- | --- | --- | --- | --- |"]
    table += [line(row) for row in results["rows"]]
    figures = [
        f"![{caption}]({name}.png)\n\n*{caption} Dashed: proportional.*"
        for name, caption in FIGURES.items()
        if (PAGE.parent / f"{name}.png").exists()
    ]
    paper = PAGE.parent / "paper_scale.md"
    parts = [HEAD.format(**results["machine"]), "\n".join(table), "\n## How cost grows\n", "\n\n".join(figures)]
    if paper.exists():
        parts.append("\n" + paper.read_text().rstrip())
    PAGE.write_text("\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
