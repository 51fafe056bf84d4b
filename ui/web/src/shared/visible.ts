/** Words from outside, made safe to look at: what cannot be seen, or would turn the line around, is shown as a sign. */

// Controls, and the format marks: among them those that change the direction of what follows.
const UNSEEN = /[\p{Cc}\p{Cf}]/gu;

/** One line of text, each unseen character written as its number. */
export function visible(text: string): string {
  return text.replace(UNSEEN, sign);
}

/** Several lines of text: line feeds and tabs stay what they are. */
export function visibleLines(text: string): string {
  return text.replace(UNSEEN, (found) => (found === "\n" || found === "\t" ? found : sign(found)));
}

function sign(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  // The pictures of the first 32 controls stand in Unicode in their order.
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return `⟨${code.toString(16).padStart(4, "0")}⟩`;
}
