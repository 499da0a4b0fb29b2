"""Smoothing kernels of simulation codes: what their smoothing length means."""

KERNELS = {
    "Cubic spline (M4)": (1.825742, 0.722352),
    "Quartic spline (M5)": (2.018932, 0.637756),
    "Quintic spline (M6)": (2.195775, 0.577395),
    "Wendland C2": (1.936492, 0.627620),
    "Wendland C4": (2.207940, 0.560649),
    "Wendland C6": (2.449490, 0.504964),
}
"""Kernels by SWIFT's names, with the support radius over SWIFT's smoothing length (twice the
kernel's standard deviation; Dehnen & Aly 2012, Table 1), and the FWHM over support radius."""

GIZMO_KERNELS = {
    3: "Cubic spline (M4)",
    4: "Quartic spline (M5)",
    5: "Quintic spline (M6)",
    6: "Wendland C2",
    7: "Wendland C4",
}
"""Kernels by GIZMO's numbers, which its headers state since 2020."""
