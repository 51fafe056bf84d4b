/** Alerts and figures in words, in the operator's language. */

import type { Dictionary, Language } from "../../i18n";
import { number } from "../../shared/format";
import type { WhatIfAlert } from "../protocol";
import { DAY, HOUR, MINUTE, minuteOf } from "./scale";

const LOCALE = { vi: "vi-VN", en: "en-GB" } as const;

/** A large number in short: `8.6M`. */
export function compact(value: number, language: Language): string {
  if (value < 10_000) return number(value, language);
  // American short forms: a small m for a million would be read as milli.
  return new Intl.NumberFormat(language === "en" ? "en-US" : LOCALE[language], {
    notation: "compact",
    maximumFractionDigits: value < 10_000_000 ? 1 : 0,
  }).format(value);
}

/** A share of one, with one digit that means something: `0.4 %`, `12 %`. */
export function percent(share: number, language: Language): string {
  const value = share * 100;
  const digits = value === 0 || value >= 10 ? 0 : value >= 1 ? 1 : 2;
  return `${new Intl.NumberFormat(LOCALE[language], { maximumFractionDigits: digits }).format(value)}\u00a0%`;
}

/** A length of time in its largest unit: `40 s`, `12 min`, `1.5 h`, `3 d`. */
export function lasting(milliseconds: number, language: Language, words: Dictionary): string {
  const size = Math.abs(milliseconds);
  const [unit, name] =
    size < MINUTE
      ? [1_000, words.time.seconds]
      : size < 2 * HOUR
        ? [MINUTE, words.time.minutes]
        : size < 2 * DAY
          ? [HOUR, words.time.hours]
          : [DAY, words.time.days];
  const shown = size / unit;
  const digits = shown < 10 && unit >= HOUR ? 1 : 0;
  return `${new Intl.NumberFormat(LOCALE[language], { maximumFractionDigits: digits }).format(shown)}\u00a0${name}`;
}

/** When an alert held: `14/11 06:05, for 12 min`. */
export function whenOf(
  alert: { readonly raised_at: number; readonly cleared_at: number | null },
  language: Language,
  words: Dictionary,
  timezone: string | undefined,
): string {
  const { pictures } = words;
  const began = minuteOf(alert.raised_at, language, timezone);
  if (alert.cleared_at === null) return `${began}, ${pictures.holds}`;
  return `${began}, ${pictures.lasted} ${lasting(alert.cleared_at - alert.raised_at, language, words)}`;
}

/** How an alert that moved differs from what it was; empty for the others. */
export function movedBy(alert: WhatIfAlert, language: Language, words: Dictionary): string {
  if (alert.was === null) return "";
  const { pictures } = words;
  const begins = alert.raised_at - alert.was.raised_at;
  if (begins !== 0) {
    const span = lasting(begins, language, words);
    return begins > 0 ? pictures.later(span) : pictures.earlier(span);
  }
  if (alert.cleared_at === alert.was.cleared_at) return "";
  if (alert.cleared_at === null) return pictures.holds;
  if (alert.was.cleared_at === null) return pictures.was(pictures.holds);
  const ends = alert.cleared_at - alert.was.cleared_at;
  const span = lasting(ends, language, words);
  return ends > 0 ? pictures.endsLater(span) : pictures.endsEarlier(span);
}

/** What a parameter of a rule is called: `threshold.raise` is `raise`, as in the form. */
export function paramName(param: string, words: Dictionary): string {
  const names: Readonly<Record<string, string>> = words.rules.form.param;
  return names[param.split(".").at(-1) ?? param] ?? param;
}
