/** Finds the pictures of an incident: those that the server names, else those that its evidence carries. Pure. */

import { readBox } from "../cameras/geometry";
import type { FullIncident, IncidentPicture } from "../live/protocol";

/** Pictures of ours: their class, their day, their file. Others' cameras may mean something else by the word. */
const OURS = /^[a-z]+\/\d{4}-\d{2}-\d{2}\/[A-Za-z0-9._:-]+\.jpg$/;

/** How many are shown. */
const MOST = 6;

/** The newest first, each once. */
export function picturesOf(incident: FullIncident): IncidentPicture[] {
  if (incident.pictures !== undefined) return [...incident.pictures];
  const found = new Map<string, IncidentPicture>();
  for (const event of incident.evidence) {
    const id = event.values.picture;
    if (typeof id !== "string" || !OURS.test(id)) continue;
    found.set(id, { id, asset: event.asset, at: event.at, box: readBox(event.values.box) });
  }
  return [...found.values()].sort((a, b) => b.at - a.at).slice(0, MOST);
}

/** Where a picture is; its id is a path, of which every part is kept as it is. */
export const addressOf = (id: string): string =>
  `/api/pictures/${id.split("/").map(encodeURIComponent).join("/")}`;
