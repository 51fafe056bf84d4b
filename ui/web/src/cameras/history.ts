/** What was, what is, and what was undone. Pure; drags are one step, however many places they pass. */

export interface History<T> {
  readonly past: readonly T[];
  readonly now: T;
  readonly future: readonly T[];
  /** What the last step was about: another one about the same takes its place. Null for steps that stand alone. */
  readonly about: string | null;
}

/** Steps that are remembered. */
const MOST = 200;

export function begin<T>(now: T): History<T> {
  return { past: [], now, future: [], about: null };
}

/**
 * Go on to what is next.
 *
 * @param about steps about the same, one after the other, are undone together: letters of a name, places of a drag
 */
export function step<T>(history: History<T>, next: T, about: string | null = null): History<T> {
  if (next === history.now) return history;
  const joined = about !== null && about === history.about && history.past.length > 0;
  const past = joined ? history.past : [...history.past, history.now].slice(-MOST);
  return { past, now: next, future: [], about };
}

/** Let the next step stand alone, whatever it is about. */
export function rest<T>(history: History<T>): History<T> {
  return history.about === null ? history : { ...history, about: null };
}

export function undo<T>(history: History<T>): History<T> {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return {
    past: history.past.slice(0, -1),
    now: before,
    future: [history.now, ...history.future],
    about: null,
  };
}

export function redo<T>(history: History<T>): History<T> {
  const [next, ...future] = history.future;
  if (next === undefined) return history;
  return { past: [...history.past, history.now], now: next, future, about: null };
}
