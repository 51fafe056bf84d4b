/** What a key means: one table, so that the help can never say otherwise than what happens. */

export type Action =
  | "search"
  | "next"
  | "previous"
  | "open"
  | "acknowledge"
  | "comment"
  | "map"
  | "help"
  | "wall"
  | "back"
  | "goList"
  | "goMap"
  | "goCameras"
  | "goDevices"
  | "goRules"
  | "goRejected";

export const TABLE: readonly { readonly keys: readonly string[]; readonly action: Action }[] = [
  { keys: ["/"], action: "search" },
  { keys: ["j"], action: "next" },
  { keys: ["k"], action: "previous" },
  { keys: ["Enter"], action: "open" },
  { keys: ["a"], action: "acknowledge" },
  { keys: ["c"], action: "comment" },
  { keys: ["m"], action: "map" },
  { keys: ["g", "i"], action: "goList" },
  { keys: ["g", "m"], action: "goMap" },
  { keys: ["g", "c"], action: "goCameras" },
  { keys: ["g", "d"], action: "goDevices" },
  { keys: ["g", "r"], action: "goRules" },
  { keys: ["g", "x"], action: "goRejected" },
  { keys: ["w"], action: "wall" },
  { keys: ["?"], action: "help" },
  { keys: ["Escape"], action: "back" },
];

export interface Press {
  readonly key: string;
  /** Ctrl, Alt or Meta: such a key is the browser's. */
  readonly modified: boolean;
  /** The focus is where text is typed. */
  readonly typing: boolean;
  /** The focus is on something that Enter works by itself. */
  readonly onControl: boolean;
}

/** How long the first key of a pair waits for the second, milliseconds. */
export const PAIR_WITHIN = 1_200;

/** Turns presses into actions; remembers only the first key of a pair. */
export class Keyboard {
  private first: { key: string; at: number } | null = null;

  /** What a press at this time (milliseconds, any clock) means; null where it means nothing here. */
  press(press: Press, at: number): Action | null {
    const first = this.first !== null && at - this.first.at <= PAIR_WITHIN ? this.first.key : null;
    this.first = null;
    if (press.modified) return null;
    if (press.typing) return press.key === "Escape" ? "back" : null;
    if (press.key === "Enter" && press.onControl) return null;
    const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
    const typed = first === null ? [key] : [first, key];
    const found = TABLE.find(
      (entry) => entry.keys.length === typed.length && entry.keys.every((one, index) => one === typed[index]),
    );
    if (found !== undefined) return found.action;
    if (TABLE.some((entry) => entry.keys.length > 1 && entry.keys[0] === key)) this.first = { key, at };
    return null;
  }
}
