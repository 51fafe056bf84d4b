/** Search without accents: "da lat" finds "Đà Lạt". */

// What Unicode's decomposition leaves alone: đ is a letter of its own, not d with a mark.
const OWN_LETTERS: Readonly<Record<string, string>> = { đ: "d", ð: "d", ø: "o", ł: "l", ı: "i" };

/** Bring a text to lower-case letters without marks, words parted by one space. */
export function fold(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[đðøłı]/g, (letter) => OWN_LETTERS[letter] ?? letter)
    .replace(/[^\p{L}\p{N}.,:/-]+/gu, " ")
    .trim();
}

/**
 * How well a folded text answers a folded query: 0 not at all, more is better.
 *
 * Every word of the query must begin a word of the text, or, less well, stand somewhere inside it. A query
 * typed with accents is held to them by `score` of the unfolded texts in the caller; here accents are gone.
 */
export function score(text: string, query: string): number {
  if (query === "") return 0;
  if (text === query) return 100;
  let total = text.startsWith(query) ? 40 : ` ${text}`.includes(` ${query}`) ? 25 : 0;
  for (const word of query.split(" ")) {
    if (` ${text}`.includes(` ${word}`) || text.includes(`-${word}`)) total += 10;
    else if (word.length > 2 && text.includes(word)) total += 4;
    else return 0;
  }
  // Of two that match alike, the shorter says it more exactly.
  return total - Math.min(3, text.length / 60);
}
