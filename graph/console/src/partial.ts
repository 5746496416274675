// JSON that is still being written: what of it is there.

export interface ShownTable {
  name?: string;
  fields?: { name?: string; type?: string; references?: unknown }[];
}

/** Return the tables of a schema's text, as far as it goes; the last one may be half of one. */
export function tablesIn(text: string): ShownTable[] {
  const start = text.indexOf("{");
  if (start < 0) return [];
  const whole = closed(text.slice(start));
  const read = whole === null ? null : (whole as { tables?: ShownTable[] });
  return read?.tables?.filter((table) => table?.name) ?? [];
}

/** Read a text that may end anywhere: cut behind its last whole value, and close what is open there. */
function closed(text: string): unknown {
  const open: string[] = [];
  let cut = 0;
  let closing = "";
  let isWithin = false;
  for (let at = 0; at < text.length; at++) {
    const each = text[at];
    if (isWithin) {
      if (each === "\\") at++;
      else if (each === '"') isWithin = false;
      continue;
    }
    if (each === '"') isWithin = true;
    else if (each === "{" || each === "[") open.push(each === "{" ? "}" : "]");
    else if (each === "}" || each === "]") open.pop();
    if (each === "," || each === "}" || each === "]" || each === "[" || each === "{") {
      cut = each === "," ? at : at + 1;
      closing = [...open].reverse().join("");
      if (open.length === 0) break;
    }
  }
  try {
    return JSON.parse(text.slice(0, cut) + closing);
  } catch {
    return null;
  }
}
