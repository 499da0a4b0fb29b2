// What is drawn of stars and HI before anything is inferred.

const DIVERGING = [[0, "#053061"], [0.12, "#2166ac"], [0.25, "#4393c3"], [0.38, "#92c5de"], [0.5, "#f7f7f7"],
  [0.62, "#f4a582"], [0.75, "#d6604d"], [0.88, "#b2182b"], [1, "#67001f"]]; // blue approaches, red recedes
const MIN_COLUMN = 0.1; // Msun/pc², where the color scale begins
const PLASMA = [[0, "#0d0887"], [0.14, "#5302a3"], [0.29, "#8b0aa5"], [0.43, "#b83289"], [0.57, "#db5c68"], [0.71, "#f48849"],
  [0.86, "#febd2a"], [1, "#f0f921"]];
const MARGIN = { l: 62, r: 10, t: 62, b: 50, autoexpand: false }; // px; the color bar is above
const MAX_SIDE = 420;

function circle(radius, n = 120) {
  const angles = Array.from({ length: n + 1 }, (_, k) => (2 * Math.PI * k) / n);
  return { x: angles.map((a) => radius * Math.cos(a)), y: angles.map((a) => radius * Math.sin(a)) };
}

function dotted(radius, name, color, unit) {
  return { ...circle(radius), mode: "lines", line: { color, dash: "dot", width: 1.6 }, hovertemplate: `${name} ${radius.toPrecision(3)} ${unit}<extra></extra>` };
}

function percentile(values, share) {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] : 0;
}

function square(width) {
  const side = Math.min(width - MARGIN.l - MARGIN.r, MAX_SIDE);
  return { width: side + MARGIN.l + MARGIN.r, height: side + MARGIN.t + MARGIN.b, margin: MARGIN };
}

function colorbar(title, more = {}) {
  return { title: { text: title, side: "top" }, orientation: "h", y: 1, yanchor: "bottom", ypad: 4, xpad: 0, thickness: 10, outlinewidth: 0, len: 1, ...more };
}

function sky(half, unit) {
  return {
    xaxis: { title: { text: `west [${unit}]`, standoff: 6 }, range: [-half, half], constrain: "domain" },
    yaxis: { title: { text: `north [${unit}]` }, range: [-half, half], scaleanchor: "x", constrain: "domain" },
  };
}

function starText(chart) {
  return chart.v.map((v, i) => {
    const error = chart.v_error[i] ? ` ± ${chart.v_error[i]}` : "";
    return `${v}${error} km/s, member ${chart.p[i].toFixed(2)}`;
  });
}

// members on the sky in the color of their velocity
export const starSky = (chart) => (color, width) => {
  const distance = chart.x.map((x, i) => Math.hypot(x, chart.y[i]));
  const half = 1.15 * Math.max(percentile(distance, 0.99), chart.R_hl);
  const top = percentile(chart.v.map(Math.abs), 0.98) || 1;
  const marker = {
    color: chart.v, cmin: -top, cmax: top, colorscale: DIVERGING, size: Math.max(4, Math.min(8, 1200 / chart.x.length)),
    line: { color: color.quiet, width: 0.5 }, showscale: true, colorbar: colorbar("velocity [km/s]"),
  };
  const stars = {
    x: chart.x, y: chart.y, text: starText(chart), mode: "markers", marker,
    hovertemplate: `west %{x} ${chart.unit}, north %{y} ${chart.unit}<br>%{text}<extra></extra>`,
  };
  return {
    data: [stars, dotted(chart.R_hl, "R_hl", color.ink, chart.unit)], layout: { ...square(width), ...sky(half, chart.unit) },
    label: `Map of ${chart.x.length} stars in the color of their velocity, with a circle of R_hl, ${chart.R_hl.toPrecision(3)} ${chart.unit}.`,
  };
};

// velocity over the distance from the center
export const starVelocities = (chart) => (color, width) => {
  const distance = chart.x.map((x, i) => Math.hypot(x, chart.y[i]));
  const end = 1.15 * Math.max(percentile(distance, 0.99), chart.R_hl);
  const top = 1.1 * Math.max(...chart.v.map(Math.abs), chart.sigma);
  const stars = {
    x: distance, y: chart.v, text: starText(chart), mode: "markers", marker: { color: color.ink, opacity: 0.6, size: 4.5 },
    hovertemplate: `R %{x:.3g} ${chart.unit}<br>%{text}<extra></extra>`,
  };
  const band = { type: "rect", xref: "paper", x0: 0, x1: 1, y0: -chart.sigma, y1: chart.sigma, fillcolor: color.quiet, opacity: 0.15, line: { width: 0 }, layer: "below" };
  const radius = { type: "line", yref: "paper", x0: chart.R_hl, x1: chart.R_hl, y0: 0, y1: 1, line: { color: color.ink, dash: "dot", width: 1.6 } };
  return {
    data: [stars],
    layout: {
      ...square(width), shapes: [band, radius], xaxis: { title: { text: `R [${chart.unit}]`, standoff: 6 }, range: [0, end] },
      yaxis: { title: { text: "velocity − mean [km/s]" }, range: [-top, top] },
    },
    label: `Velocity over distance from the center; the shaded band is the dispersion, ± ${chart.sigma.toPrecision(3)} km/s.`,
  };
};

const MOMENTS = [
  { title: "HI column [M☉/pc²]", name: "column", unit: "M☉/pc²" },
  { title: "velocity − systemic [km/s]", name: "velocity", unit: "km/s" },
  { title: "dispersion [km/s]", name: "dispersion", unit: "km/s" },
];

function beamOf(beam, half, unit, color) {
  const angle = (beam.angle * Math.PI) / 180; // from north through east, and west is to the right
  const place = -half + 0.06 * half + beam.major / 2;
  const ring = circle(1, 60);
  const points = ring.x.map((_, i) => [(ring.x[i] * beam.major) / 2, (ring.y[i] * beam.minor) / 2]);
  return {
    x: points.map(([a, b]) => place - a * Math.sin(angle) + b * Math.cos(angle)),
    y: points.map(([a, b]) => place + a * Math.cos(angle) + b * Math.sin(angle)),
    mode: "lines", fill: "toself", fillcolor: color.card, line: { color: color.ink, width: 1.4 },
    hovertemplate: `beam ${beam.major.toPrecision(2)} × ${beam.minor.toPrecision(2)} ${unit}<extra></extra>`,
  };
}

function scaleOf(index, values) {
  const flat = values.flat();
  if (index === 0) {
    const peak = Math.max(percentile(flat, 0.998), 10 * MIN_COLUMN);
    const ticks = [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000].filter((tick) => tick <= peak);
    return {
      z: values.map((row) => row.map((value) => (value === null ? null : Math.log10(value)))), zmin: Math.log10(MIN_COLUMN), zmax: Math.log10(peak),
      colorscale: "Viridis", colorbar: { tickvals: ticks.map(Math.log10), ticktext: ticks.map(String) },
    };
  }
  if (index === 1) {
    const top = Math.max(percentile(flat.map((value) => (value === null ? null : Math.abs(value))), 0.99), 1);
    return { z: values, zmin: -top, zmax: top, colorscale: DIVERGING };
  }
  const low = percentile(flat, 0.01);
  return { z: values, zmin: low, zmax: Math.max(percentile(flat, 0.99), low + 1), colorscale: PLASMA };
}

// one of the three moments, with R_HI and the beam
export const hiMap = (chart, index) => (color, width) => {
  const { title, name, unit } = MOMENTS[index];
  const values = chart.moments[index];
  const { colorbar: ticks, ...scale } = scaleOf(index, values);
  const half = Math.max(-chart.start + chart.step / 2, 1.08 * (chart.R_HI ?? 0));
  const map = {
    type: "heatmap", x0: chart.start, dx: chart.step, y0: chart.start, dy: chart.step, customdata: values, ...scale, colorbar: colorbar(title, ticks),
    hovertemplate: `west %{x:.3g}, north %{y:.3g} ${chart.unit}<br>${name} %{customdata} ${unit}<extra></extra>`, hoverongaps: false,
  };
  const drawn = [map];
  if (chart.R_HI) drawn.push(dotted(chart.R_HI, "R_HI", color.ink, chart.unit));
  if (chart.beam) drawn.push(beamOf(chart.beam, half, chart.unit, color));
  return {
    data: drawn, layout: { ...square(width), ...sky(half, chart.unit), plot_bgcolor: color.soft },
    label: `Map of the HI ${name}${chart.R_HI ? `, with a circle of R_HI, ${chart.R_HI.toPrecision(3)} ${chart.unit}` : ""}.`,
  };
};
