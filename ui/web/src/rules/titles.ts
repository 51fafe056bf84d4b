/** What a rule is called where people choose among rules. */

import type { Language } from "../i18n";
import { text } from "../i18n";
import type { Words } from "../live/protocol";
import { visible } from "../shared/visible";

/** What joins a title to the name of a place or device at its end; without the name it joins nothing. */
const JOINTS = /(?:[\s:,;·–-]|(?:^|\s)(?:tại|ở|trên|của|at|in|on|of|from|by|near)(?=\s|$))+$/iu;

/** A title with its places in braces left open: `Fine dust {pm25} µg/m³ at {asset.name}` is `Fine dust … µg/m³`. */
export function openTitle(title: string): string {
  let open = title.replace(/\{[^{}]*\}/g, "…").trim();
  while (open.endsWith("…") && open !== "…") open = open.slice(0, -1).trimEnd().replace(JOINTS, "");
  return open;
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
