/** What a rule is called where people choose among rules. */

import type { Language } from "../i18n";
import { text } from "../i18n";
import type { Words } from "../live/protocol";
import { visible } from "../shared/visible";

/** A title with its places in braces left open: `Fine dust … µg/m³ at …`. */
export function openTitle(title: string): string {
  return title
    .replace(/\{[^{}]*\}/g, "…")
    .replace(/…(?:\s*…)+/g, "…")
    .trim();
}

/** The title of a rule in a language, or its name where it has none. */
export function ruleTitle(
  rule: { readonly name: string; readonly title: Partial<Words> | string | null },
  language: Language,
): string {
  const title = openTitle(text(rule.title, language));
  return visible(title === "" || title === "…" ? rule.name : title);
}

/** A version's hash, as short as people compare it. */
export const shortVersion = (version: string): string => version.slice(0, 7);
