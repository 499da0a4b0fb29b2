// The form: its fields as text, and as the settings that the server takes.

import { byId } from "./dom.js";

const inputs = () => [...byId("form").querySelectorAll("input[name], select[name]")];

export const fieldNames = () => inputs().map((input) => input.name);

export function fields() {
  return Object.fromEntries(inputs().map((input) => [input.name, input.value.trim()]));
}

// all others become empty; a choice that is not offered stays at its first
export function fillForm(values) {
  const refused = [];
  for (const input of inputs()) {
    const value = values[input.name] ?? "";
    input.value = value;
    if (input.value !== String(value)) {
      refused.push(String(value));
      input.value = "";
    }
  }
  return refused;
}

export function setFormDisabled(disabled) {
  for (const input of inputs()) input.disabled = disabled;
}

export function settingsOf(values, columns) {
  const settings = { columns };
  for (const [key, value] of Object.entries(values)) {
    const text = value.replace(/^([+−-]?\d+),(\d+)$/, "$1.$2").replaceAll("−", "-");
    const [name, part] = key.split(".");
    if (part === undefined) settings[name] = key === "name" ? value : text;
    else (settings[name] ??= ["", ""])[Number(part)] = text;
  }
  return settings;
}
