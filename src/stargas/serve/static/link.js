// Settings of the form as a link, and back. They stand behind the #, which a browser does not send to any server.

const COLUMN = "column.";
const OWN = ["example", "files", "version"];

// address of the page, fields of the form (name → text), columns (quantity → column), and what else the link says
export function linkOf(address, fields, columns, more) {
  const entries = [...Object.entries(more), ...Object.entries(fields), ...Object.entries(columns).map(([name, value]) => [COLUMN + name, value])];
  const parameters = new URLSearchParams(entries.filter(([, value]) => value !== "" && value !== undefined));
  return `${address}#${parameters}`;
}

// null where the part behind the # is no link of this page
export function readLink(hash, known) {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const link = { fields: {}, columns: {}, unknown: [] };
  let any = false;
  for (const [name, value] of parameters) {
    if (OWN.includes(name)) link[name] = value;
    else if (known.includes(name)) link.fields[name] = value;
    else if (name.startsWith(COLUMN)) link.columns[name.slice(COLUMN.length)] = value;
    else {
      link.unknown.push(name);
      continue;
    }
    any = true;
  }
  return any ? link : null;
}
