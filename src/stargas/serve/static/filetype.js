// What role a file most likely has, by its name and the first cards of a FITS header.

export const ROLES = {
  stars: "table of stars",
  hi_cube: "HI cube",
  moment0: "HI moment 0 (column)",
  moment1: "HI moment 1 (velocity)",
  moment2: "HI moment 2 (dispersion)",
  photometry: "photometric catalog",
};

const BLOCK = 2880;
const CARD = 80;

export function suffixOf(name) {
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot).toLowerCase();
}

export async function roleOf(file, suffixes) {
  const suffix = suffixOf(file.name);
  const table = /phot/.test(file.name.toLowerCase()) ? "photometry" : "stars";
  if (!suffixes.hi_cube.includes(suffix)) return table;
  const text = new TextDecoder("latin1").decode(await file.slice(0, 40 * BLOCK).arrayBuffer());
  const headers = headersOf(text);
  if (headers.some((header) => header.XTENSION?.startsWith("BINTABLE") && header.EXTNAME !== "BEAMS")
      && !headers.some((header) => Number(header.NAXIS) >= 2 && !header.XTENSION?.startsWith("BINTABLE"))) {
    return table;
  }
  const image = headers.find((header) => Number(header.NAXIS) >= 2) ?? {};
  const long = [1, 2, 3, 4].filter((axis) => Number(image[`NAXIS${axis}`] ?? 1) > 1).length;
  if (long !== 2) return "hi_cube";
  return momentOf(file.name, String(image.BUNIT ?? ""));
}

function momentOf(name, unit) {
  const lower = name.toLowerCase();
  const named = /(?:mom(?:ent)?|m)[-_ ]?([012])/.exec(lower);
  if (named) return `moment${named[1]}`;
  if (/disp|sigma|width|fwhm/.test(lower)) return "moment2";
  const bare = unit.toLowerCase().replaceAll(" ", "");
  if (/^(k?m\/s|k?m\.?s-1|k?ms-1|k?m\*s\*\*-1)$/.test(bare)) return "moment1";
  return "moment0";
}

// the headers in the first blocks; those behind long data are not seen, which the server then is
function headersOf(text) {
  const headers = [];
  let start = 0;
  while (start < text.length && headers.length < 4) {
    const header = {};
    let ended = false;
    let place = start;
    while (place + CARD <= text.length && !ended) {
      const card = text.slice(place, place + CARD);
      place += CARD;
      ended = card.startsWith("END     ");
      if (card[8] !== "=") continue;
      const value = card.slice(10).trim();
      header[card.slice(0, 8).trim()] = value.startsWith("'")
        ? value.slice(1).split("'")[0].trim()
        : value.split("/")[0].trim();
    }
    if (!ended || (!header.SIMPLE && !header.XTENSION)) break;
    headers.push(header);
    start = Math.ceil(place / BLOCK) * BLOCK;
    const axes = Array.from({ length: Number(header.NAXIS ?? 0) }, (_, i) => Number(header[`NAXIS${i + 1}`] ?? 0));
    if (axes.length) {
      const values = axes.reduce((product, n) => product * n, 1) + Number(header.PCOUNT ?? 0);
      start += Math.ceil((values * Math.abs(Number(header.BITPIX ?? 8))) / 8 / BLOCK) * BLOCK;
    }
  }
  return headers;
}
