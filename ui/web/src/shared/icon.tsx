/** Icons of one stroke weight, from lucide's plain descriptions. */

import type { IconNode } from "lucide";
import {
  Activity,
  ArrowLeftRight,
  BellOff,
  Bookmark,
  Camera,
  Car,
  Check,
  ChevronDown,
  ChevronLeft,
  ChevronRight,
  ChevronUp,
  CircleX,
  Clock,
  Combine,
  Crosshair,
  FlaskConical,
  Gauge,
  Group,
  Hourglass,
  Keyboard,
  Languages,
  Layers,
  ListFilter,
  ListOrdered,
  LocateFixed,
  MapPin,
  Map as MapSheet,
  Maximize,
  Maximize2,
  MessageSquare,
  MessageSquareWarning,
  Minus,
  Moon,
  MousePointer2,
  Network,
  Pencil,
  Pentagon,
  Play,
  Plus,
  RadioTower,
  Redo2,
  Scan,
  Search,
  ShieldAlert,
  SlidersHorizontal,
  Spline,
  Sun,
  Trash2,
  TrendingUp,
  Truck,
  Undo2,
  User,
  Users,
  VideoOff,
  Wifi,
  X,
} from "lucide";
import { createElement } from "preact";

export const ICONS = {
  area: Bookmark,
  camera: Camera,
  check: Check,
  down: ChevronDown,
  right: ChevronRight,
  up: ChevronUp,
  clock: Clock,
  target: Crosshair,
  sensor: Gauge,
  keyboard: Keyboard,
  languages: Languages,
  layers: Layers,
  filter: ListFilter,
  locate: LocateFixed,
  place: MapPin,
  whole: Maximize,
  comment: MessageSquare,
  citizen: MessageSquareWarning,
  minus: Minus,
  moon: Moon,
  network: Network,
  plus: Plus,
  search: Search,
  security: ShieldAlert,
  sun: Sun,
  moving: Truck,
  user: User,
  wifi: Wifi,
  close: X,
  map: MapSheet,
  devices: RadioTower,
  refused: CircleX,
  rules: SlidersHorizontal,
  trial: FlaskConical,
  write: Pencil,
  above: TrendingUp,
  silent: BellOff,
  count: Users,
  both: Combine,
  steps: ListOrdered,
  stay: Hourglass,
  cluster: Group,
  unusual: Activity,
  run: Play,
  pointer: MousePointer2,
  zone: Pentagon,
  line: Spline,
  region: Scan,
  undo: Undo2,
  redo: Redo2,
  remove: Trash2,
  turn: ArrowLeftRight,
  noPicture: VideoOff,
  vehicle: Car,
  left: ChevronLeft,
  enlarge: Maximize2,
} satisfies Record<string, IconNode>;

export type IconName = keyof typeof ICONS;

/** The icon of a kind of device; a plain pin for what this page does not know. */
export function kindIcon(kind: string | null, mobile = false): IconName {
  if (mobile) return "moving";
  return kind !== null && kind in ICONS ? (kind as IconName) : "place";
}

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {ICONS[name].map(([tag, attributes], index) =>
        createElement(tag, { key: index, ...attributes } as never),
      )}
    </svg>
  );
}
