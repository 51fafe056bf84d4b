/** What the server says of cameras, as types. Times are epoch milliseconds. */

import type { Words } from "../live/protocol";
import { type Box, type Geometry, NOTHING_DRAWN, readBox } from "./geometry";

/** The worst first, as the list has them. */
export const CAMERA_STATES = [
  "unreachable",
  "refused",
  "broken",
  "frozen",
  "dark",
  "covered",
  "moved",
  "blurred",
  "starting",
  "live",
] as const;
export type CameraState = (typeof CAMERA_STATES)[number];

export interface CameraPlace {
  readonly lat: number;
  readonly lon: number;
  /** Degrees clockwise from north; null where nobody said where it looks. */
  readonly heading: number | null;
  /** How wide it sees, degrees. */
  readonly angle: number;
  readonly range_m: number;
}

/** Something that is seen in the picture now. */
export interface Seen {
  readonly label: string;
  /** 0 to 1. */
  readonly score: number;
  readonly box: Box;
  /** Which one it is; empty where nobody follows it. */
  readonly track: string;
}

/** Who is in a zone now. */
export interface ZoneNow {
  readonly zone: string;
  readonly people: number;
  readonly vehicles: number;
}

/** A camera whose video is looked at here. */
export interface Camera {
  readonly id: string;
  readonly name: Partial<Words>;
  readonly state: CameraState;
  readonly since: number;
  /** When this was said. */
  readonly at: number;
  /** Nobody has told of it for too long: it is as it was then, as far as anybody knows. */
  readonly silent: boolean;
  /** What is wrong and what to do, in the server's words; empty where all is well. */
  readonly sentence: string;
  /** What does not work although the picture comes; empty where all does. */
  readonly trouble: string;
  /** What sort of source it is: rtsp, mjpeg, hls, file, folder, usb. */
  readonly source: string;
  /** Of the stream's pictures, pixels; 0 where none came yet. */
  readonly width: number;
  readonly height: number;
  /** Frames a second that come, and that are to be looked at. */
  readonly rate: number;
  readonly target_rate: number;
  /** Frames since the camera was first read, and what became of them. */
  readonly frames: Readonly<Record<"came" | "looked" | "skipped" | "refused", number>>;
  /** How often the stream was opened. */
  readonly opened: number;
  /** How long the last frame waited for its look. */
  readonly delay_ms: number;
  readonly night: boolean;
  readonly detector: string;
  readonly look_for: readonly string[];
  readonly place: CameraPlace | null;
  /** In the picture now. */
  readonly people: number;
  readonly vehicles: number;
  readonly zones_now: readonly {
    readonly zone: string;
    readonly people: number;
    readonly vehicles: number;
  }[];
  readonly simulated: boolean;
  /** Of the drawing that holds; 0 where nobody has drawn. A drawing made over an older one is refused. */
  readonly revision: number;
  readonly geometry: Geometry;
  /** Null where it was not asked for. */
  readonly live: Shot | null;
}

/** The newest picture. */
export interface Shot {
  /** When the frame was taken; null where there is no picture yet. */
  readonly at: number | null;
  /** Where the picture is; null where there is none yet. */
  readonly picture: string | null;
  readonly boxes: readonly Seen[];
}

/** The newest picture, and how the camera is at this moment. */
export interface Live
  extends Shot,
    Pick<Camera, "state" | "sentence" | "trouble" | "silent" | "people" | "vehicles" | "zones_now"> {
  /** The server's clock when it answered. */
  readonly now: number;
}

/** Who drew what, and when; without the drawing. */
export interface DrawingItem {
  readonly revision: number;
  readonly who: string;
  readonly at: number;
  readonly note: string;
  /** They let the configuration hold again. */
  readonly from_file: boolean;
}

/** A camera with what was drawn on its picture. */
export interface CameraDetails extends Camera {
  /** As its configuration says it. */
  readonly file_geometry: Geometry;
  /** Whether those who look at the video have taken up the drawing that holds. */
  readonly in_force: boolean;
  /** The newest first. */
  readonly drawings: readonly DrawingItem[];
}

/** Numbers of the quarter hours of a day, by what they count. */
export type Rows = Readonly<Record<string, readonly number[]>>;

/** What a camera counted over a day of the city. */
export interface Counts {
  /** Which day, `2026-11-22`. */
  readonly day: string;
  /** When the day begins, and how long a step is. */
  readonly start: number;
  readonly step_ms: number;
  readonly quarters: number;
  /** Objects that came into the picture. */
  readonly seen: Rows;
  /** The most of them at once. */
  readonly most: Rows;
  readonly zones: readonly { readonly zone: string; readonly entered: Rows; readonly most: Rows }[];
  readonly lines: readonly {
    readonly line: string;
    readonly in: Rows;
    readonly out: Rows;
    /** Among the two above: those that went the way that nobody is to take. */
    readonly forbidden: Rows;
  }[];
}

/** The drawing that holds. */
export interface Drawn extends DrawingItem {
  /** Null where the configuration holds again. */
  readonly geometry: Geometry | null;
}

/** Read the boxes that come with a picture; what is none is left out. */
export function readSeen(raw: unknown): Seen[] {
  if (!Array.isArray(raw)) return [];
  return raw.flatMap((one: unknown): Seen[] => {
    if (typeof one !== "object" || one === null) return [];
    const { label, score, box: written, track } = one as Partial<Record<keyof Seen, unknown>>;
    const box = readBox(written);
    if (box === null || typeof label !== "string") return [];
    return [{ label, score: Number(score) || 0, box, track: typeof track === "string" ? track : "" }];
  });
}

/** What is drawn on it, with what is missing left empty. */
export function readGeometry(raw: unknown): Geometry {
  return typeof raw === "object" && raw !== null
    ? { ...NOTHING_DRAWN, ...(raw as Partial<Geometry>) }
    : NOTHING_DRAWN;
}

export function readCamera(raw: unknown): Camera {
  const camera = raw as Camera;
  return { ...camera, geometry: readGeometry(camera.geometry), live: readShot(camera.live) };
}

export function readDetails(raw: unknown): CameraDetails {
  const details = raw as CameraDetails;
  return { ...details, ...readCamera(raw), file_geometry: readGeometry(details.file_geometry) };
}

export function readLive(raw: unknown): Live {
  const live = raw as Live;
  return { ...live, boxes: readSeen(live.boxes) };
}

function readShot(raw: unknown): Shot | null {
  return typeof raw === "object" && raw !== null
    ? { ...(raw as Shot), boxes: readSeen((raw as Shot).boxes) }
    : null;
}

/** The drawing that holds; null where none is known. */
export function readDrawn(raw: unknown): Drawn | null {
  if (typeof raw !== "object" || raw === null) return null;
  const drawn = raw as Drawn;
  return { ...drawn, geometry: drawn.geometry === null ? null : readGeometry(drawn.geometry) };
}
