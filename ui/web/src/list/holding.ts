/** New incidents wait while the operator reads: nothing may move under a pointer or a scrolled list. */

/** Who is waiting after some arrived: all of them while the list is being read, else nobody. */
export function hold(
  waiting: ReadonlySet<string>,
  arrived: readonly string[],
  beingRead: boolean,
): ReadonlySet<string> {
  if (!beingRead || arrived.length === 0) return waiting;
  return new Set([...waiting, ...arrived]);
}
