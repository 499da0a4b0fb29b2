// What survives a reload of the page in this tab. A browser that forbids it forgets.

const KEY = "stargas galaxy";

export function remember(galaxy) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(galaxy));
  } catch { /* the page works without */ }
}

export function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
}

export function forget() {
  try {
    sessionStorage.removeItem(KEY);
  } catch { /* nothing is there */ }
}
