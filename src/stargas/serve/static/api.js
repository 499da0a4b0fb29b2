// Requests to the server. Every failure is an Error whose message is one sentence for the visitor.

const UNREACHABLE = "The server does not answer: is it still running?";

export class Gone extends Error {}
export class Unreachable extends Error {}

async function answer(response) {
  if (response.status === 204) return null;
  let body = null;
  try {
    body = await response.json();
  } catch {
    throw new Error("The server answered with something else than was expected: load the page again.");
  }
  if (response.ok) return body;
  const text = sentence(body.error ?? "The server refused this.");
  throw response.status === 404 ? new Gone(text) : new Error(text);
}

export async function request(method, path, body) {
  const options = { method };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(`/api/${path}`, options);
  } catch {
    throw new Unreachable(UNREACHABLE);
  }
  return answer(response);
}

// fetch tells nothing of the progress of an upload, XMLHttpRequest does
export function upload(path, file, onProgress) {
  return new Promise((resolve, reject) => {
    const sender = new XMLHttpRequest();
    sender.open("PUT", `/api/${path}`);
    sender.responseType = "json";
    sender.upload.addEventListener("progress", (event) => onProgress(event.loaded / Math.max(event.total, 1)));
    sender.addEventListener("error", () => reject(new Error(`${file.name} did not arrive. ${UNREACHABLE}`)));
    sender.addEventListener("load", () => {
      const body = sender.response ?? {};
      if (sender.status < 300) return resolve(body);
      const text = sentence(body.error ?? "The server refused this file.");
      return reject(sender.status === 404 ? new Gone(text) : new Error(text));
    });
    sender.send(file);
  });
}

export function sentence(text) {
  const clean = String(text).trim();
  if (/^\S*[._]/.test(clean)) return clean; // the name of a file or column stays as it is
  return clean.charAt(0).toUpperCase() + clean.slice(1);
}
