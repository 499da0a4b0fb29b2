// The mass profile: posterior, closed formulas, and what it would be under other priors and of each tracer alone.

const SYMBOLS = ["circle-open", "square-open", "triangle-up-open", "diamond-open", "triangle-down-open", "cross-thin-open", "x-thin-open", "star-open"];
const DASHES = ["dash", "dashdot", "dot", "longdash", "longdashdot"];
const POINTS_REACH = 0.4; // dex beyond the bands, farther points do not widen the figure

function plain(label) {
  return label.replace(/[$\\{}]/g, "").replaceAll("rm", "");
}

function band(r, low, high, color, opacity) {
  return {
    x: [...r, ...r.toReversed()], y: [...high, ...low.toReversed()], mode: "lines", fill: "toself", fillcolor: color, line: { width: 0 },
    opacity, hoverinfo: "skip", showlegend: false,
  };
}

export const profileFigure = (result, withAlternatives) => (color, width) => {
  const { r_kpc: r, quantiles: q, points } = result;
  const text = r.map((_, i) => `${q[2][i].toFixed(2)}<br>68 %: ${q[1][i].toFixed(2)} to ${q[3][i].toFixed(2)}<br>95 %: ${q[0][i].toFixed(2)} to ${q[4][i].toFixed(2)}`);
  const median = {
    x: r, y: q[2], text, name: "posterior", legendrank: 1, mode: "lines+markers", line: { color: color.band, width: 2.4 }, marker: { color: color.band, size: 5 },
    hovertemplate: "r = %{x:.3g} kpc<br>log₁₀ M = %{text}<extra></extra>",
  };
  const formulas = points.map((point, i) => ({
    x: [point.r_kpc], y: [point.log10_mass], name: plain(point.label), mode: "markers",
    marker: { symbol: SYMBOLS[i % SYMBOLS.length], size: 10, color: color.ink, line: { width: 1.8, color: color.ink } },
    error_y: { type: "data", array: [point.error ?? 0], visible: Boolean(point.error), color: color.ink, thickness: 1.2, width: 3 },
    hovertemplate: `${plain(point.label)}<br>r = %{x:.3g} kpc<br>log₁₀ M = %{y:.2f}${point.error ? ` ± ${point.error.toFixed(2)}` : ""}<extra></extra>`,
  }));
  const others = (withAlternatives ? result.alternatives : []).map((one, i) => ({
    x: r, y: one.median, name: one.label, mode: "lines", line: { color: color.ink, dash: DASHES[i % DASHES.length], width: 1.6 },
    hovertemplate: `${one.label}<br>r = %{x:.3g} kpc<br>log₁₀ M = %{y:.2f}<extra></extra>`,
  }));
  const near = points.map((point) => point.log10_mass).filter((mass) => mass > Math.min(...q[0]) - POINTS_REACH && mass < Math.max(...q[4]) + POINTS_REACH);
  const heights = [...q[0], ...q[4], ...near, ...others.flatMap((one) => one.y)];
  const radii = [...r, ...points.map((point) => point.r_kpc)];
  const edge = 0.04 * Math.max(...radii);
  const rows = Math.ceil((1 + formulas.length + others.length) / Math.max(1, Math.floor(width / 170)));
  const bottom = 62 + 22 * rows;
  const height = Math.max(300, Math.min(460, 0.6 * width)) + bottom;
  const middle = Math.floor(r.length / 2);
  return {
    data: [band(r, q[0], q[4], color.band, 0.2), band(r, q[1], q[3], color.band, 0.32), ...others, ...formulas, median],
    layout: {
      height, margin: { l: 62, r: 12, t: 12, b: bottom, autoexpand: false }, showlegend: true,
      legend: { orientation: "h", x: 0, y: -52 / (height - bottom - 12), yanchor: "top", itemclick: false, itemdoubleclick: false, entrywidth: 150, font: { size: 12.5 } },
      xaxis: { title: { text: "r [kpc]", standoff: 8 }, range: [Math.min(...radii) - edge, Math.max(...radii) + edge] },
      yaxis: { title: { text: "log₁₀ M(<r) [M☉]" }, range: [Math.min(...heights) - 0.12, Math.max(...heights) + 0.12] },
      shapes: [{ type: "line", yref: "paper", x0: result.R_hl_kpc, x1: result.R_hl_kpc, y0: 0, y1: 1, line: { color: color.quiet, dash: "dot", width: 1.6 } }],
    },
    label: `Mass profile: inside ${r[middle].toPrecision(3)} kpc the logarithm of the mass in solar masses is ${q[2][middle].toFixed(2)}, `
      + `between ${q[1][middle].toFixed(2)} and ${q[3][middle].toFixed(2)} with 68 %. The tables below have more.`,
  };
};
