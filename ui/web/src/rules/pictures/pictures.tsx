/** What the draft would have done, in pictures. */

export function Pictures() {
  return null;
}
