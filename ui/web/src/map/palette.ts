/** The map's colours: a quiet ground in each theme, and the same colours of meaning as everywhere. */

import type { Severity } from "../live/protocol";
import type { Theme } from "../state";

export interface Palette {
  readonly beyond: string;
  readonly land: string;
  readonly landOther: string;
  readonly water: string;
  readonly shore: string;
  readonly green: string;
  readonly trees: string;
  readonly building: string;
  readonly roadCasing: string;
  readonly roadMajor: string;
  readonly road: string;
  readonly path: string;
  readonly boundary: string;
  readonly label: string;
  readonly labelStrong: string;
  readonly labelWater: string;
  readonly halo: string;
  readonly disc: string;
  readonly discIcon: string;
  readonly text: string;
  readonly selection: string;
  readonly online: string;
  readonly offline: string;
  readonly unknown: string;
  readonly severity: Readonly<Record<Severity, string>>;
}

const DARK: Palette = {
  beyond: "#090d12",
  land: "#10161e",
  landOther: "#121923",
  water: "#15324b",
  shore: "#26527a",
  green: "#13261f",
  trees: "#24473a",
  building: "#18212b",
  roadCasing: "#0d1319",
  roadMajor: "#45576a",
  road: "#2d3a47",
  path: "#222d38",
  boundary: "#3d4d5e",
  label: "#8494a5",
  labelStrong: "#b3c0cd",
  labelWater: "#5f8fb4",
  halo: "#0b0f14",
  disc: "#17202b",
  discIcon: "#d5dde6",
  text: "#e6edf3",
  selection: "#4aa3ff",
  online: "#35c07f",
  offline: "#8897a8",
  unknown: "#5b6878",
  severity: {
    critical: "#ff5c5c",
    major: "#ff9340",
    minor: "#f2c94c",
    warning: "#6fb1ff",
    info: "#9aa7b6",
  },
};

const LIGHT: Palette = {
  beyond: "#e4e8ec",
  land: "#f3f5f7",
  landOther: "#f0f2f5",
  water: "#c3d9ea",
  shore: "#a5c4db",
  green: "#dbe8dd",
  trees: "#b4cdb9",
  building: "#e3e7ec",
  roadCasing: "#c3ccd6",
  roadMajor: "#ffffff",
  road: "#ffffff",
  path: "#d6dde4",
  boundary: "#9aa8b6",
  label: "#5b6875",
  labelStrong: "#333f4b",
  labelWater: "#3f7196",
  halo: "#ffffff",
  disc: "#ffffff",
  discIcon: "#33404d",
  text: "#16202b",
  selection: "#0b66c3",
  online: "#1d8f5a",
  offline: "#66758a",
  unknown: "#9aa7b6",
  severity: {
    critical: "#d92f2f",
    major: "#c75300",
    minor: "#a17700",
    warning: "#1f6fc4",
    info: "#5d6b7a",
  },
};

export function palette(theme: Theme): Palette {
  return theme === "light" ? LIGHT : DARK;
}

/** Fonts that the page itself brings (see styles/fonts.css); the map draws its labels with them. */
export const LABEL_FONT = ["Map Regular"];
export const STRONG_FONT = ["Map Medium"];
