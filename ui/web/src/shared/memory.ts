/** What this browser remembers for its operator: a few words, never data of the city. */

type Remembered = "language" | "theme" | "operator" | "strip" | "layers" | "legend";

export function recall(what: Remembered): string | null {
  try {
    return localStorage.getItem(`ioc.${what}`);
  } catch {
    return null; // storage may be forbidden; then nothing is remembered
  }
}

export function remember(what: Remembered, value: string): void {
  try {
    localStorage.setItem(`ioc.${what}`, value);
  } catch {
    // storage may be forbidden or full; the page works without
  }
}
