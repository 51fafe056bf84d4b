/** Which language the page speaks, and its words. */

import { computed, signal } from "@preact/signals";
import type { Words } from "../live/protocol";
import { recall, remember } from "../shared/memory";
import { type Dictionary, en } from "./en";
import { vi } from "./vi";

export type Language = "vi" | "en";
export type { Dictionary };

/** The address decides, then what was chosen before, then Vietnamese. */
export function chooseLanguage(query: string, remembered: string | null): Language {
  const asked = new URLSearchParams(query).get("lang");
  const wanted = asked === "vi" || asked === "en" ? asked : remembered;
  return wanted === "en" ? "en" : "vi";
}

export const language = signal<Language>(
  typeof location === "undefined" ? "vi" : chooseLanguage(location.search, recall("language")),
);
export const words = computed<Dictionary>(() => (language.value === "vi" ? vi : en));

/** Speak another language from now on, and next time. */
export function speak(next: Language): void {
  language.value = next;
  remember("language", next);
}

/** Pick a text in a language, or in the other one where it is missing. */
export function text(words: Partial<Words> | string | null | undefined, language: Language): string {
  if (words === null || words === undefined) return "";
  if (typeof words === "string") return words;
  return words[language] || words.vi || words.en || "";
}
