"""Fixed words of the page on the paper's experiments: what was done, what the paper found, how to read the figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class PartText:
    """Words about one part that hang on no number of ours.

    Parameters
    ----------
    heading
        Of the section.
    done
        What was done.
    paper
        What the paper found; empty where it has no such experiment.
    caption
        Of each figure, by file.
    """

    heading: str
    done: str
    paper: str
    caption: Mapping[str, str]


OPENING = """\
**The galaxies on this page are mocks.** `bursty` stands in for NIHAO and `smooth` for AURIGA, but both are drawn from
relations of the literature ([how](suites/index.md)), and no number here is one on NIHAO or AURIGA. What can be compared
with the paper (Expósito-Márquez et al. 2026, §4) are relations: which tracer helps, who is biased, what transfers. The
paper's numbers stand beside ours for that reason alone.

The networks are those of the `paper` preset: its maps, its limits, its scalars, its two stages. The boosted trees
are a peer that trains in seconds on a few dozen features measured on the same maps."""

READING = """\
- A prediction is the median of the posterior of $M(<r)$ for one galaxy seen from one side, the ratio is that over the
  true mass. Tables give the median over all views, + to the 84th and − to the 16th percentile.
- The half-width is half of the distance between the two percentiles. Errors are standard errors of a bootstrap over
  galaxies; the paper gives none.
- `in 68 %` and `in 95 %` are the shares of truths inside the central intervals of the posterior, in the mean over the
  ten radii.
- A difference is called one beyond two standard errors. For the main comparisons both rows were resampled together;
  other quotients take their rows as independent, which makes errors too large where the test galaxies are the same.
- In figures lines are medians, bands the middle 68 % of the views; among the half-widths bands are standard
  errors, dashed lines the trees, open diamonds the paper's values."""

RULES = """\
An effect counts as found if it lies on the paper's side by more than two standard errors. A relation *appears* if
every number of it is found and at least half as large as the paper's effect, *does not appear* if none is found,
and appears *partly* otherwise; where none is found but the paper's values are within two standard errors too, ours
are too uncertain to say. Where the paper found no bias, ours may be off by 3 % (5 % for the model trained on both
suites) or two standard errors."""

GAIN_PLACEMENT = """\
### Where real galaxies lie on the dial

The dial multiplies the amplitude of every disturbance of the HI ([recipes](suites/gas.md)). At 1 the rms amplitude of
a dwarf of `bursty` (A = 0.2) is 13 % of the rotation velocity for radial flow and 20 % for each of three waves
(lopsided, bisymmetric, spiral), with κ = √2 Ω of a flat rotation curve: 37 % added in quadrature. For the most
massive galaxies of `bursty` (A = 0.06) it is 11 %, of `smooth` (A = 0.04) 7 %. To that come bubbles, turbulence,
warps and tilts. What v²R/G at R_HI makes of it stands on the [card of the suite](suites/bursty.md). Published HI
kinematics bound the dial in three ways.

1. **Amplitude of non-circular motion.** In 19 galaxies of THINGS, harmonic decompositions give 6.7 km/s in the median
   over a galaxy, averaged over the sample, or 4.5 % of the rotation velocity, and less than about 9 km/s in nine of
   ten; in km/s it decreases toward low luminosity (Trachternach et al. 2008, arXiv:0810.2116). Taken at its word and
   with the amplitudes above, that is a dial of 0.4 for massive galaxies of `bursty`, 0.6 for those of `smooth`, and
   0.1 to 0.2 for dwarfs. It is a lower bound: its galaxies had to allow a harmonic decomposition; a tilted-ring fit
   takes part of the motion as center, inclination and rotation; bar-like flows call for a model of their own and
   change the rotation curve (Spekkens & Sellwood 2007, astro-ph/0703688, on NGC 2976); and the amplitude along the
   line of sight is smaller than the one in the plane.
2. **Asymmetry.** Of 70 WHISP galaxies 36 % are globally lopsided in their rotation curves, and the perturbation of
   the potential is 0.056 in the mean (van Eymeren et al. 2011, A&A 530, A29); probably at least half of all spirals
   are lopsided (Swaters et al. 1999, astro-ph/9811424). 20 of 26 edge-on galaxies are warped in HI, among them all
   whose HI is extended (García-Ruiz et al. 2002, astro-ph/0207112). The median lopsided wave of a dwarf at dial 1
   displaces the gas by 12 % of the radius, of a massive galaxy of `bursty` by 4 %. So a dial of 0 is too symmetric
   for real galaxies; these surveys do not rule out 1 for massive ones.
3. **Scatter of the baryonic Tully-Fisher relation.** All that makes v²R/G scatter at fixed mass makes this relation
   scatter as well, together with real differences between halos, distances and inclinations: it is an upper bound.
   For 118 disks with extended rotation curves the intrinsic scatter is about 0.1 dex in baryonic mass at a slope near
   4 (Lelli et al. 2016, arXiv:1512.04543), that is 12 % in v². With dwarfs of detected rotation it is 0.33 mag
   (Trachternach et al. 2009, arXiv:0907.5533), 16 % in v². Widths of unresolved lines of 930 isolated galaxies
   scatter by 0.25 dex at a slope of 3.24 (Bradford et al. 2016, arXiv:1602.02757), 36 % in v². On the card, v²R/G has
   half-widths of 0.05, 0.09, 0.15 and 0.37 at dial 0, 0.5, 1 and 2 for galaxies of `bursty` above 10^8.5 Msun, of
   0.14, 0.28, 0.29 and 0.49 for dwarfs. So rotation curves of selected disks allow a dial of up to about 0.7 for the
   more massive and of little more than 0 for dwarfs; unselected galaxies, seen through line widths, allow at most 2
   for the more massive and about 1.3 for dwarfs, before distances and inclinations take their share.

Simulated gas is a separate matter, and it is what the paper's models learned from. Tilted-ring fits to mock HI of
APOSTLE dwarfs scatter strongly with the line of sight because of bisymmetric flows, and their residuals appear larger
than those of observed galaxies (Oman et al. 2019, arXiv:1706.07478). In FIRE, gas in galaxies below 10^8 Msun of
stars forms no disk (El-Badry et al. 2018, arXiv:1705.10321), and most line profiles at 10^8 to 10^10 Msun are more
Gaussian, hence less rotation-supported, than those observed (El-Badry et al. 2018, arXiv:1801.03933). In NIHAO, HI
velocities of dwarfs lie below the circular velocity because low-mass galaxies have no extended thin rotating HI disk
(Macciò et al. 2016, arXiv:1607.01028; Dutton et al. 2019, arXiv:1807.10518). NIHAO may thus lie higher on the dial
than real galaxies do.

**So** galaxies for which one would take a resolved HI map, regular disks, lie between 0.1 and 0.7; gas-rich galaxies
without selection more likely between 0.5 and 1, dwarfs at the upper end; 2 is a ceiling. The numbers of these sources
were read in their abstracts; conversions to the dial are ours, and good to a factor of two.

**What cannot be said.** None of these surveys compared v²R/G with a mass known otherwise. Amplitudes were not
measured on our mocks the way the surveys measured theirs, with a beam, noise and a fitted inclination. Samples with
good rotation curves leave out what the dial is about. The dial moves all disturbances together, whereas real galaxies
may be calm in one and wild in another. And how far these samples reach into the small dwarfs that make up most of our
suites we did not check."""

PART_TEXTS: MappingProxyType[str, PartText] = MappingProxyType(
    {
        "fig4": PartText(
            "Galaxies without much gas (Fig. 4)",
            "Gas and StarGas are trained and tested twice: on the full set, and on the cold-gas set "
            "(more than 10^7.5 Msun of cold gas and more than a tenth of the stellar mass).",
            "18.8 % of the full set fail the cut; with them the scatter of Gas grows about 1.7 times "
            "at all radii, that of StarGas only slightly.",
            {"fig4.png": "Gas (above) and StarGas (below) on the full set and on the cold-gas set."},
        ),
        "fig5": PartText(
            "Three models and the closed formulas (Fig. 5, Table 1)",
            "Star, Gas and StarGas on the cold-gas set of `bursty`, beside five mass estimators, "
            "v²R/G of the HI at R_HI (as seen, and with the true inclination), and a power law "
            "through the points of Wolf and of the HI (Wolf ⊕ HI).",
            "No bias beyond 3 %; gas beside stars narrows the scatter by a factor of about 1.5, most "
            "of all at small radii; Gas alone is the widest by far; StarGas is tighter than every "
            "estimator.",
            {
                "fig5.png": (
                    "Models (lines and bands) and closed formulas (symbols at their own radii; those of "
                    "the HI lie outside and stand at the right edge with their radius)."
                )
            },
        ),
        "fig6": PartText(
            "Dwarfs and massive galaxies (Fig. 6)",
            "The StarGas model of the section above, tested below and above 10^9.5 Msun of stars.",
            "Masses of massive galaxies, 6.6 % of the training set, come out too low by up to 7 %.",
            {"fig6.png": "StarGas below and above 10^9.5 Msun."},
        ),
        "fig7": PartText(
            "Trained on massive galaxies alone (Fig. 7)",
            "A StarGas model that learns from galaxies above 10^9.5 Msun alone, against the one that "
            "learns from all, both tested on massive galaxies.",
            "The bias goes away, and the scatter becomes three times as large: dwarfs teach something"
            " about massive galaxies.",
            {"fig7.png": "Massive galaxies, with StarGas trained on all and on massive ones alone."},
        ),
        "fig8": PartText(
            "Rotation support and inclination (Fig. 8)",
            "The three models on galaxies with κ_co below and above 0.5, and seen edge-on (90°), at "
            "60° and at 30°. The paper does not define what its 60° is measured from; we count from "
            "face-on (0°) and show 30° as well.",
            "Star is worse and biased on rotators, Gas is better on them. Star is 7 % high edge-on "
            "and 11 to 4 % low at 60°; Gas is not biased by inclination but wider edge-on; StarGas "
            "stays within 5 %.",
            {"fig8.png": "The three models by rotation support (above) and inclination (below)."},
        ),
        "fig9": PartText(
            "From one suite to the other (Fig. 9, Table 2)",
            "StarGas trained on `bursty`, on `smooth` and on both, each tested on both suites. Star "
            "and Gas are trained and tested on `smooth` as well.",
            "Trained on AURIGA, the model degrades severely on NIHAO, most at small radii, where "
            "cores are unknown to it; from NIHAO to AURIGA it is only slightly wider and slightly "
            "low. Trained on both it does nearly as well as each suite's own.",
            {"fig9.png": "StarGas on `bursty` (left) and `smooth` (right), by training suite."},
        ),
        "gain": PartText(
            "What gas brings, against how stirred it is",
            "Test sets of `bursty` whose HI is stirred more or less: 0 is a calm disk, 1 the suite as meant, 2 twice "
            "the amplitude of every disturbance. Gas and StarGas are trained anew for each; Star does not see the "
            "gas and is the same in all. Trainings are smaller than above (see the table of trainings).",
            "",
            {"gain.png": "Half-widths (above; trees dashed) and Star over StarGas (below) along the dial."},
        ),
        "calibration": PartText(
            "Are the stated errors right?",
            "Coverage, ranks of the truth among the posterior's draws, TARP of all ten masses "
            "together, and the correlation of the masses in the posterior against that of the errors "
            "(truth minus posterior mean). Definitions are those of [](evaluation.md).",
            "The paper shows no coverage and no error bars.",
            {
                "calibration_coverage.png": (
                    "Share of truths in the central intervals of the networks: by radius (left), by kind of"
                    " galaxy (right). Dashed: what an exact posterior gives."
                ),
                "calibration_curves.png": (
                    "Ranks of the truth at three radii (flat is right, high ends too narrow, a hump too "
                    "wide, a slope biased) and TARP (the diagonal is right). Color: networks; gray: trees."
                ),
                "calibration_correlation.png": (
                    "Correlation of the ten masses in the posteriors of the networks, that of their "
                    "errors, and the difference."
                ),
            },
        ),
        "ablations": PartText(
            "Choices that the paper leaves open",
            "One choice is changed at a time and the model trained anew; the preset's choice stands "
            "first in each group.",
            "",
            {"ablations.png": "Rms error by choice with standard errors; filled: the preset's choice."},
        ),
        "search": PartText(
            "How the settings were chosen",
            "A small search judged on the validation split alone; no test galaxy was looked at. The "
            "chosen settings are the same for all models.",
            "",
            {"search.png": "Rms error on the validation split; filled: chosen."},
        ),
        "tng": PartText(
            "A galaxy of IllustrisTNG from twelve sides",
            "One galaxy of TNG100, of a simulation that no model has seen, from twelve sides, with "
            "models trained on both suites. It is one galaxy: its twelve views are not independent.",
            "",
            {"tng.png": "Ratio per view, colored by inclination."},
        ),
    }
)
