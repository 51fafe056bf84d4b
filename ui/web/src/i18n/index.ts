/** Which language the page speaks, and its words. */

import { computed, signal } from "@preact/signals";
import type { Words } from "../live/protocol";
import { recall, remember } from "../shared/memory";
import { type Dictionary, en, type FirstWords, type LaterWords } from "./en";
import { vi } from "./vi";

export type Language = "vi" | "en";
export type { Dictionary, FirstWords };

/** The address decides, then what was chosen before, then Vietnamese. */
export function chooseLanguage(query: string, remembered: string | null): Language {
  const asked = new URLSearchParams(query).get("lang");
  const wanted = asked === "vi" || asked === "en" ? asked : remembered;
  return wanted === "en" ? "en" : "vi";
}

export const language = signal<Language>(
  typeof location === "undefined" ? "vi" : chooseLanguage(location.search, recall("language")),
);

/** The words of views that have been loaded by now. */
const later = signal<Readonly<Record<Language, Partial<LaterWords>>>>({ vi: {}, en: {} });
/** The words; those of a view that comes later are there once it has called `addWords`. */
export const words = computed<Dictionary>(() => {
  const first = language.value === "vi" ? vi : en;
  return { ...first, ...later.value[language.value] } as Dictionary;
});

/** Take the words of a view with the view itself, so that the first look at the page does not wait for them. */
export function addWords(added: Readonly<Record<Language, Partial<LaterWords>>>): void {
  const before = later.peek();
  later.value = { vi: { ...before.vi, ...added.vi }, en: { ...before.en, ...added.en } };
}

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
