/** Where in a rule's YAML the cursor stands, and what may be written there. */

/** What is being written: a key of a map, or the value of a key. */
export interface Place {
  /** The keys that enclose it, from the rule's top: `["threshold"]`. */
  readonly path: readonly string[];
  /** The key whose value is being written; null where a key itself is. */
  readonly of: string | null;
  /** What stands between the beginning of the key or value and the cursor. */
  readonly begun: string;
}

/** Lines before the cursor that are looked at for the beginning of a map in braces. */
const LOOK_BACK = 30;

/** Find the place of a cursor, given all text before it. Texts that are half written have places too. */
export function placeAt(before: string): Place {
  const lines = before.split("\n");
  const line = lines.at(-1) ?? "";
  const braces = lines.slice(-LOOK_BACK).join("\n");
  const open = lastOpen(braces);
  if (open !== null) {
    const inside = braces.slice(open + 1);
    const owner = /([\w-]+)\s*:\s*$/.exec(braces.slice(0, open));
    const outer = braces.slice(0, open);
    const outside =
      lastOpen(outer) !== null
        ? placeAt(outer.replace(/[\w-]+\s*:\s*$/, "")).path
        : blockPath(outer.split("\n"));
    const path = owner?.[1] === undefined ? outside : [...outside, owner[1]];
    const part = inside.slice(lastComma(inside) + 1);
    const [key, value] = keyAndValue(part);
    return value === null
      ? { path, of: null, begun: key.trimStart() }
      : { path, of: key.trim(), begun: value.trimStart() };
  }
  const [key, value] = keyAndValue(line.replace(/^(\s*)- /, "$1  "));
  const path = blockPath(lines);
  return value === null
    ? { path, of: null, begun: key.trimStart() }
    : { path, of: key.trim(), begun: value.trimStart() };
}

/** The last brace that is open at the end; null where none is. */
function lastOpen(text: string): number | null {
  const open: number[] = [];
  scan(text, (character, at) => {
    if (character === "{") open.push(at);
    else if (character === "}") open.pop();
  });
  return open.at(-1) ?? null;
}

/** The last comma that parts pairs, not one within brackets or quotes; -1 where there is none. */
function lastComma(text: string): number {
  let depth = 0;
  let last = -1;
  scan(text, (character, at) => {
    if (character === "(" || character === "[" || character === "{") depth += 1;
    else if (character === ")" || character === "]" || character === "}") depth -= 1;
    else if (character === "," && depth === 0) last = at;
  });
  return last;
}

/** Go through the characters that are neither in double quotes nor in a comment. */
function scan(text: string, take: (character: string, at: number) => void): void {
  let quoted = false;
  let comment = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? "";
    if (character === "\n") [comment, quoted] = [false, false];
    else if (character === '"') quoted = !quoted;
    else if (character === "#" && !quoted && /\s/.test(text[at - 1] ?? " ")) comment = true;
    if (!comment && !quoted) take(character, at);
  }
}

function keyAndValue(part: string): [string, string | null] {
  const match = /^(\s*[\w-]+)\s*:(?:\s|$)/.exec(part);
  return match?.[1] === undefined ? [part, null] : [match[1], part.slice(match[0].length)];
}

/** The keys that enclose the last line, by indentation; the rule's own level is the empty path. */
function blockPath(lines: readonly string[]): string[] {
  const own = (line: string): string => line.replace(/^(\s*)- /, "$1  ");
  const indentOf = (line: string): number => line.length - line.trimStart().length;
  const last = own(lines.at(-1) ?? "");
  let indent = indentOf(last);
  const path: string[] = [];
  for (let index = lines.length - 2; index >= 0 && indent > 0; index -= 1) {
    const line = own(lines[index] ?? "");
    if (line.trim() === "" || line.trimStart().startsWith("#") || indentOf(line) >= indent) continue;
    const key = /^\s*([\w-]+)\s*:\s*(?:#.*)?$/.exec(line)?.[1];
    if (key === undefined) break;
    path.unshift(key);
    indent = indentOf(line);
  }
  return path;
}
