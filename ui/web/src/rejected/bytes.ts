/** First bytes as people read them: base64 in, text or lines of hexadecimal out. */

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

export function base64Of(bytes: Uint8Array): string {
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters);
}

export interface HexLine {
  /** Where the line begins, four digits of hexadecimal. */
  readonly offset: string;
  readonly hex: string;
  /** The same bytes as letters; a dot for what is none. */
  readonly letters: string;
}

/** Write bytes as lines of sixteen, or of `width`. */
export function hexLines(bytes: Uint8Array, width = 16): HexLine[] {
  const lines: HexLine[] = [];
  for (let start = 0; start < bytes.length; start += width) {
    const part = [...bytes.subarray(start, start + width)];
    lines.push({
      offset: start.toString(16).padStart(4, "0"),
      hex: part.map((byte) => byte.toString(16).padStart(2, "0")).join(" "),
      letters: part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join(""),
    });
  }
  return lines;
}

/** Text laid out to be read: JSON on lines of its own, anything else as it is. */
export function readable(text: string): string {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{") && !trimmed.startsWith("[")) return text;
  try {
    return JSON.stringify(JSON.parse(trimmed), null, 2);
  } catch {
    return text; // cut off, or not JSON after all
  }
}

/** What a codec calls a level that tells one device from another: it has a digit in it, or is the last but one. */
function naming(levels: readonly string[]): number {
  const numbered = levels.findLastIndex((level) => /\d/.test(level));
  return numbered >= 0 ? numbered : Math.max(0, levels.length - 2);
}

/** Write the beginning of a codec for a message: its topic with the device captured, its plain JSON fields as values. */
export function starter(topic: string, payload: string): string {
  const levels = topic.split("/");
  const here = naming(levels);
  const pattern = levels.map((level, index) => (index === here ? "{device}" : level)).join("/");
  return [
    `codec: ${name(levels[0] ?? "")}`,
    "kind: sensor",
    "messages:",
    "  - name: report",
    `    topics: ${JSON.stringify(pattern)}`,
    '    asset: "{device}"',
    "    values:",
    ...fields(payload).map((field) => `      ${name(field)}: ${field}`),
    "",
  ].join("\n");
}

function fields(payload: string): string[] {
  try {
    const read: unknown = JSON.parse(payload);
    if (typeof read === "object" && read !== null && !Array.isArray(read)) {
      const plain = Object.entries(read)
        .filter(
          ([key, value]) =>
            ["number", "boolean", "string"].includes(typeof value) && /^[A-Za-z_]\w*$/.test(key),
        )
        .map(([key]) => key);
      if (plain.length > 0) return plain.slice(0, 20);
    }
  } catch {
    // then it is shown what a field looks like
  }
  return ["value"];
}

function name(text: string): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[_\d]+|_+$/g, "");
  return plain === "" ? "mine" : plain;
}
