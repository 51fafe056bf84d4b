/** What the page has seen over the last hour: incidents by minute, and samples of the line's pulse. */

export const MINUTE = 60_000;

/** Count instants by whole minute over the last `minutes` minutes; the last bin is the minute that runs. */
export function byMinute(
  instants: Iterable<number>,
  now: number,
  minutes = 60,
): { at: number[]; count: number[] } {
  const last = Math.floor(now / MINUTE);
  const first = last - minutes + 1;
  const count = new Array<number>(minutes).fill(0);
  for (const instant of instants) {
    const bin = Math.floor(instant / MINUTE) - first;
    if (bin >= 0 && bin < minutes) count[bin] = (count[bin] ?? 0) + 1;
  }
  return { at: count.map((_, bin) => (first + bin) * MINUTE), count };
}

/** A bounded line of samples, oldest first; what is older than the span falls out. */
export class Trend {
  readonly at: number[] = [];
  readonly values: (number | null)[] = [];

  constructor(
    /** How far back samples are kept, milliseconds. */
    readonly span: number,
  ) {}

  /** Add a sample; null says that there was nothing to measure, and leaves a gap. */
  add(at: number, value: number | null): void {
    this.at.push(at);
    this.values.push(value);
    let old = 0;
    while (old < this.at.length && (this.at[old] ?? at) < at - this.span) old += 1;
    if (old > 0) {
      this.at.splice(0, old);
      this.values.splice(0, old);
    }
  }

  /** The latest sample that is not a gap. */
  get latest(): number | null {
    for (let index = this.values.length - 1; index >= 0; index -= 1) {
      const value = this.values[index];
      if (value !== null && value !== undefined) return value;
    }
    return null;
  }
}
