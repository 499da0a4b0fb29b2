"""Results of the paper's experiments as the runner would write them, with made-up numbers that look like real ones."""

import json
import re
from pathlib import Path

import numpy as np

from stargas.report.others_page import FORMAT as SCOREBOARD
from stargas.report.results import FORMAT as PART

R = np.round(np.linspace(0.6, 2.4, 10), 3)

SIZE = {"Star": 0.22, "Gas": 0.45, "StarGas": 0.17}

TABLE_1 = {
    "Star": ([0.99, 1.00, 1.00], [0.32, 0.23, 0.22], [0.21, 0.17, 0.18]),
    "Gas": ([0.97, 1.00, 1.03], [0.87, 0.46, 0.36], [0.39, 0.29, 0.29]),
    "StarGas": ([1.00, 1.00, 1.00], [0.19, 0.14, 0.17], [0.16, 0.13, 0.13]),
}

SUBSETS = ("kappa_co < 0.5", "kappa_co > 0.5", "edge-on", "i = 60°", "i = 30°")


def row(name, width, median=1.0, *, kind=None, radii=R, error=0.02, n_galaxies=500, **entries):
    """One row: a half-width at 1 R_hl, falling outward, with a relative standard error."""
    radii = np.atleast_1d(np.asarray(radii, dtype=float))
    half = np.broadcast_to(width, radii.shape) * radii**-0.25
    middle = np.broadcast_to(median, radii.shape)
    lists = {
        "median": middle,
        "mean": middle + half**2 / 2,
        "p16": middle - 0.85 * half,
        "p84": middle + 1.15 * half,
        "half_width": half,
    }
    formula = kind in ("estimator", "baseline")
    return {
        "name": name,
        "kind": kind or ("trees" if name.startswith("Trees") else "model"),
        "trained_on": None if formula else "bursty",
        "tested_on": "bursty",
        "set": "cold-gas set",
        "subset": "all",
        "r_over_R_hl": radii.tolist(),
        **{key: values.tolist() for key, values in lists.items()},
        **{f"{key}_se": (error * half).tolist() for key in lists},
        "rms_dex": float(0.43 * half.mean()),
        "rms_dex_se": float(0.43 * error * half.mean()),
        "n_galaxies": n_galaxies,
        "n_samples": 12 * n_galaxies,
        "coverage_68": None if formula else (0.68 + 0.01 * np.sin(3 * radii)).tolist(),
        "coverage_95": None if formula else (0.95 + 0.004 * np.cos(3 * radii)).tolist(),
        "coverage_68_mean": None if formula else 0.681,
        "coverage_68_mean_se": None if formula else 0.008,
        "coverage_95_mean": None if formula else 0.949,
        "coverage_95_mean_se": None if formula else 0.004,
        "tarp_distance": None if formula else 0.013,
        "negative_log_prob": None if formula else -23.4,
        "verdict": None if formula else "no fault found",
        "training": None
        if formula
        else {"model": name, "galaxies": 3512, "samples": 42144, "epochs": [12, 15], "minutes": 11.4},
        "paper": None,
    } | entries


def both(name, width, median=1.0, **entries):
    """Rows of a network and of the trees on the same tracers."""
    return [row(name, width, median, **entries), row(f"Trees ({name})", 1.05 * width, median, **entries)]


def paper(name):
    """Return the paper's Table 1 for a model."""
    keys = ("median", "plus", "minus")
    return {"r_over_R_hl": [0.6, 1.0, 2.4], "source": "Table 1", **dict(zip(keys, TABLE_1[name], strict=True))}


def formulas(**entries):
    radii = {"Walker+09": 1.0, "Wolf+10": 4 / 3, "Amorisco & Evans 12": 1.7, "Campbell+17": 1.77, "Errani+18": 1.8}
    rows = [row(name, 0.28, 1.02, kind="estimator", radii=r, **entries) for name, r in radii.items()]
    rows += [row("HI v²R/G", 0.40, 0.8, kind="baseline", radii=3.4, **entries)]
    rows += [row("HI v²R/G, true i", 0.30, 0.95, kind="baseline", radii=3.4, **entries)]
    return [*rows, row("Wolf ⊕ HI", 0.27, 1.0, kind="baseline", **entries)]


def parts():
    """Content of all files; tests change numbers in it before they write it."""
    made = {}
    made["fig4"] = [
        numbers
        for name, full in (("Gas", 1.7), ("StarGas", 1.1))
        for kind, factor in (("full set", full), ("cold-gas set", 1.0))
        for numbers in both(name, factor * SIZE[name], set=kind)
    ]
    made["fig5"] = [line for name in SIZE for line in both(name, SIZE[name])] + formulas()
    for line in made["fig5"]:
        if line["kind"] == "model":
            line["paper"] = paper(line["name"])
    made["fig6"] = [
        *both("StarGas", 0.175, subset="M* < 10^9.5"),
        *both("StarGas", 0.14, 0.94, subset="M* > 10^9.5", n_galaxies=64),
    ]
    massive = {"subset": "M* > 10^9.5", "n_galaxies": 64}
    made["fig7"] = [
        *both("StarGas", 0.14, 0.94, **massive),
        *both("StarGas", 0.38, **massive, trained_on="bursty, M* > 10^9.5"),
    ]
    slope = {"edge-on": 1.07, "i = 60°": 0.89 + 0.07 * (R - 0.6) / 1.8, "i = 30°": 0.8}
    made["fig8"] = [
        line
        for subset in SUBSETS
        for name in SIZE
        for line in both(
            name,
            SIZE[name]
            * {("Star", SUBSETS[1]): 1.4, ("Gas", SUBSETS[1]): 0.7, ("Gas", "edge-on"): 1.2}.get((name, subset), 1.0),
            {**slope, SUBSETS[1]: 0.95}.get(subset, 1.0) if name == "Star" else 1.0,
            subset=subset,
            n_galaxies=170,
        )
    ]
    transfer = {
        ("bursty", "bursty"): (0.17, 1.0),
        ("smooth", "bursty"): (0.45, 1.25),
        ("both", "bursty"): (0.18, 1.01),
        ("bursty", "smooth"): (0.25, 0.92),
        ("smooth", "smooth"): (0.19, 1.0),
        ("both", "smooth"): (0.20, 0.99),
    }
    made["fig9"] = [
        line
        for (trained, tested), (width, median) in transfer.items()
        for line in both("StarGas", width, median, trained_on=trained, tested_on=tested)
    ]
    own = {"trained_on": "smooth", "tested_on": "smooth"}
    made["fig9"] += both("Star", 0.24, **own) + both("Gas", 0.4, **own)
    made["fig9"] += formulas() + formulas(tested_on="smooth")
    made["gain"] = [
        line
        for stirring in (0.0, 0.5, 1.0, 2.0)
        for name, grows in (("Star", 0.0), ("Gas", 0.12), ("StarGas", 0.02))
        for line in both(name, SIZE[name] + grows * (stirring - 1), stirring=stirring)
    ]
    made["calibration"] = [
        row(
            name,
            SIZE[name],
            subset=subset,
            trained_on=suite,
            tested_on=suite,
            coverage_68_mean=0.66 + len(subset) % 5 / 100,
        )
        for suite in ("bursty", "smooth")
        for subset in ("all", "M* < 10^9.5", "M* > 10^9.5", *SUBSETS, "100-300 stars", "gas", "no gas")
        for name in SIZE
    ]
    groups = {
        "KDE bandwidth": [("Scott", 1.0), ("Scott/2", 0.97), ("Scott/3", 0.99)],
        "HI rotation velocity": [("as seen", 1.0), ("intrinsic", 0.8)],
        "MAF depth": [("5 transforms", 1.0), ("3 transforms", 1.001)],
    }
    made["ablations"] = [
        row("StarGas", factor * 0.17, group=group, choice=choice, reference=i == 0)
        for group, choices in groups.items()
        for i, (choice, factor) in enumerate(choices)
    ]
    made["seeds"] = [
        row(name, size * (1 + 0.02 * seed), group=name, choice=f"seed {seed}")
        for name, size in SIZE.items()
        for seed in range(3)
    ]
    made["ours"] = [
        row("StarGas", factor * 0.17, group="Position angle (StarGas)", choice=choice, reference=i == 0)
        for i, (choice, factor) in enumerate({"along the rotation (ours)": 1.0, "random": 1.2}.items())
    ]
    content = {
        name: {
            **PART.stated,
            "part": name,
            "title": f"Title of {name}",
            "stargas": "0.1.0",
            "scale": 1.0,
            "rows": rows,
            "provenance": {},
        }
        for name, rows in made.items()
    }
    epochs = {"training": [1.2, 0.9, 0.8], "validation": [1.1, 0.95, None]}
    content["fig5"]["losses"] = {name: {"network": epochs, "flow": epochs} for name in SIZE}
    content["calibration"] |= {"curves": _curves(), "correlation": _correlation()}
    content["tng"] = {
        **PART.stated,
        "part": "tng",
        "title": "Title of tng",
        "stargas": "0.1.0",
        "scale": 1.0,
        "rows": both("StarGas", 0.2, trained_on="both", tested_on="TNG100", n_galaxies=1)[:1],
        "provenance": {},
        "views": _views(),
    }
    return content


def _curves():
    bins = np.full((len(R), 10), 0.1)
    bins[:, 0], bins[:, 5] = 0.12, 0.08
    level = np.linspace(0, 1, 21)
    curve = {
        "rank_edges": np.linspace(0, 1, 11).tolist(),
        "rank_share": bins.tolist(),
        "tarp_level": level.tolist(),
        "tarp_coverage": (level + 0.03 * np.sin(2 * np.pi * level)).tolist(),
    }
    names = ("Star", "Trees (Star)", "Gas", "StarGas")
    return {f"{name}, {suite}": curve for suite in ("bursty", "smooth") for name in names}


def _correlation():
    lag = np.abs(np.subtract.outer(R, R))
    return {
        "Star, bursty": {"posterior": np.exp(-lag).tolist(), "errors": np.exp(-1.2 * lag).tolist()},
        "StarGas, bursty": {"posterior": np.exp(-lag).tolist(), "errors": np.exp(-0.9 * lag).tolist()},
    }


def _views():
    angles = np.linspace(0, 90, 12)
    ratio = 1.1 + 0.1 * np.sin(R)[None] + 0.3 * np.sin(np.deg2rad(angles))[:, None] - 0.25
    inside = np.abs(ratio - 1) < 0.15
    numbers = {"ratio": ratio.tolist(), "inside_68": inside.tolist(), "inside_95": (np.abs(ratio - 1) < 0.3).tolist()}
    return {"models": {"Star": numbers, "StarGas": numbers}, "inclination_deg": angles.tolist()}


def write_parts(folder, content):
    """Write one file per part and return the folder."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in content.items():
        (folder / f"{name}.json").write_text(json.dumps(part), encoding="utf-8")
    return folder


def rows_of(content, part, **wanted):
    """Return the rows of a part whose entries are the wanted ones."""
    return [line for line in content[part]["rows"] if all(line.get(key) == value for key, value in wanted.items())]


def scale_widths(line, factor):
    """Make a row wider or narrower."""
    for key in ("half_width", "half_width_se"):
        line[key] = [factor * value for value in line[key]]
    for key in ("rms_dex", "rms_dex_se"):
        line[key] *= factor


def write_scoreboard_file(folder):
    """Results on galaxies that others made, as the experiment would write them, with made-up numbers."""
    rows = [
        {
            "maker": maker,
            "kind": kind,
            "tracers": tracers,
            "n_galaxies": n,
            "n_views": 12 * n,
            "coverage_68": {"value": 0.7, "error": 0.02},
            "coverage_95": {"value": covered, "error": 0.01},
            "bias": [0.03, 0.02, 0.01, 0.0],
            "rms": [0.12, 0.09, 0.07, 0.08],
            "width": [0.13, 0.1, 0.08, 0.09],
            "rms_all": {"value": 0.09, "error": 0.005},
            "rms_formulas": [0.2, 0.18, 0.15, 0.14, 0.13],
            "rms_there": [0.1, 0.09, 0.08, 0.08, 0.08],
            "slope_rms": 0.2,
            "slope_relative": 0.1,
            "slope_68": {"value": 0.7, "error": 0.02},
            "slope_95": {"value": 0.95, "error": 0.01},
            "n_density": [12, 0],
            "density_bias": [0.05, None],
            "density_rms": [0.2, None],
            "density_68": [0.7, None],
            "density_95": [0.96, None],
            "flagged": 0.1,
            "rms_doubtful": 0.15,
            "rms_others": 0.08,
        }
        for maker, kind, tracers, n, covered in (
            ("theirs", "all", "stars and gas", 1, 0.9),
            ("theirs", "all", "stars", 1, 0.92),
            ("analytic spheres", "all", "stars", 144, 0.93),
            ("analytic spheres", "cusp, isotropic", "stars", 9, 0.99),
            ("analytic spheres", "large core, radial", "stars", 9, 0.7),
        )
    ]
    formulas = ["Walker+09", "Wolf+10", "Amorisco & Evans 11", "Campbell+17", "Errani+18"]
    content = {
        **SCOREBOARD.stated,
        "stargas": "0.1.0",
        "command": "stargas experiment others",
        "radii_R_hl": [0.6, 1.0, 1.7, 2.4],
        "formulas": formulas,
        "rows": rows,
        "hi_gain": {"one": {"both": 0.08, "stars": 0.1, "ratio": {"value": 0.8, "error": 0.05}, "n_sides": 60}},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scoreboard.json").write_text(json.dumps(content))
    return folder


def compared_pair(one, other):
    """What a part says of two of its rows on the same galaxies."""
    lists = {"r_over_R_hl": [0.6, 1.0], "half_width": [0.9, 0.95], "half_width_se": [0.02, 0.03]}
    numbers = {"rms_dex": 0.987, "rms_dex_se": 0.004, "log_prob_gain": 0.31, "log_prob_gain_se": 0.05}
    return {"of": one, "to": other, "tested_on": "broad", "choice": "seed 0", **lists, **numbers}


def tables(text):
    """Tables of a Markdown text as lists of lines of cells."""
    return [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        for block in re.findall(r"(?:^\|.*\|\n)+", text, flags=re.MULTILINE)
    ]


def sections(text):
    """Sections of a Markdown text by their headings."""
    return dict(zip(*[iter(re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:])] * 2, strict=True))
