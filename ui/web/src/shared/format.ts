/** Numbers, ages and clock times as operators read them, in both languages. */

import type { FirstWords, Language } from "../i18n";
import { text } from "../i18n";
import type { Quantity, Value } from "../live/protocol";

const LOCALE = { vi: "vi-VN", en: "en-GB" } as const;

/** The age of something in milliseconds: `00:42`, `12:08`, `2 h 05`, `3 d`. Never negative. */
export function age(milliseconds: number, words: FirstWords): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${two(minutes)}:${two(seconds % 60)}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} ${words.time.hours} ${two(minutes % 60)}`;
  return `${Math.floor(hours / 24)} ${words.time.days}`;
}

/** An age in words, for those who hear the page. */
export function spokenAge(milliseconds: number, words: FirstWords): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  return words.time.spoken(Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60);
}

/** A short age where seconds do not matter: `12 s`, `4 min`, `2 h`, `3 d`. */
export function roughAge(milliseconds: number, words: FirstWords): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} ${words.time.seconds}`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} ${words.time.minutes}`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} ${words.time.hours}`;
  return `${Math.floor(seconds / 86_400)} ${words.time.days}`;
}

/** The time on the city's clock: `08:12:33`, with the date where it is not today's. */
export function clock(at: number, now: number, language: Language, timezone: string | undefined): string {
  const zone = timezone === undefined ? {} : { timeZone: timezone };
  const day = (instant: number): string =>
    new Intl.DateTimeFormat(LOCALE[language], { ...zone, day: "2-digit", month: "2-digit" }).format(instant);
  const time = new Intl.DateTimeFormat(LOCALE[language], {
    ...zone,
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).format(at);
  return day(at) === day(now) ? time : `${time} ${day(at)}`;
}

/** A number with as many digits as mean something: three, and never a fraction above 1,000. */
export function number(value: number, language: Language): string {
  const size = Math.abs(value);
  const digits = Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return new Intl.NumberFormat(LOCALE[language], { maximumFractionDigits: digits }).format(value);
}

/** Seconds to one digit: `0.2 s`; whole from ten. */
export function seconds(value: number, language: Language, words: FirstWords): string {
  const digits = value >= 10 ? 0 : 1;
  const shown = new Intl.NumberFormat(LOCALE[language], {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
  return `${shown} ${words.time.seconds}`;
}

/** A value with its unit, as text. A unit stands after a space that does not break; % and ° stand close. */
export function value(
  shown: Value,
  quantity: Quantity | undefined,
  language: Language,
  words: FirstWords,
): string {
  if (typeof shown === "boolean") return shown ? words.yes : words.no;
  if (typeof shown === "string") return shown;
  const unit = quantity?.unit;
  if (!unit || unit === "1") return number(shown, language);
  return `${number(shown, language)}${unit === "%" || unit === "°" ? "" : "\u00a0"}${unit}`;
}

/** What a quantity is called: its title, or its name made readable. */
export function quantityTitle(name: string, quantity: Quantity | undefined, language: Language): string {
  const title = text(quantity?.title, language);
  return title === "" ? name.replaceAll("_", " ") : title;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
