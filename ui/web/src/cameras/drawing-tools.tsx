/** The tools above the picture: what a click does, and back and forth through what was done. */

import { useEffect } from "preact/hooks";
import { words } from "../i18n";
import { Icon, type IconName } from "../shared/icon";
import {
  canRedo,
  canUndo,
  chosen,
  finish,
  pending,
  placeInTheMiddle,
  redo,
  removeChosen,
  TOOLS,
  type Tool,
  take,
  tool,
  undo,
} from "./editor";

const ICON: Readonly<Record<Tool, IconName>> = {
  select: "pointer",
  zone: "zone",
  line: "line",
  region: "region",
};

export function DrawingTools() {
  const { editor } = words.value.cameras;
  useEffect(() => {
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  const drawing = pending.value.length > 0;
  const kind = tool.value;
  return (
    <div class="drawing-tools">
      <div class="drawing-row" role="toolbar" aria-label={editor.tools}>
        {TOOLS.map((one, index) => (
          <button
            key={one}
            type="button"
            class="tool drawing-tool"
            aria-pressed={kind === one}
            aria-label={editor[one]}
            title={`${editor[one]}  ${index + 1}`}
            onClick={(event) => {
              // A click without a pointer is one of the keys: those cannot point, so a shape is put there for them.
              if (event.detail === 0 && one !== "select") placeInTheMiddle(one);
              else take(one);
            }}
          >
            <Icon name={ICON[one]} />
            <span>{editor[one]}</span>
          </button>
        ))}
        <span class="drawing-gap" />
        <button
          type="button"
          class="tool"
          disabled={!canUndo.value}
          aria-label={editor.undo}
          title={`${editor.undo}  Ctrl Z`}
          onClick={undo}
        >
          <Icon name="undo" />
        </button>
        <button
          type="button"
          class="tool"
          disabled={!canRedo.value}
          aria-label={editor.redo}
          title={`${editor.redo}  Ctrl Shift Z`}
          onClick={redo}
        >
          <Icon name="redo" />
        </button>
        {drawing && kind !== "line" ? (
          <button
            type="button"
            class="button drawing-finish"
            disabled={pending.value.length < 3}
            onClick={finish}
          >
            <Icon name="check" size={14} /> {editor.finish}
          </button>
        ) : null}
      </div>
      <p class="drawing-hint">
        {kind === "select" || !drawing ? editor.hint[kind] : editor.hint[`${kind}More`]}
      </p>
    </div>
  );
}

function press(event: KeyboardEvent): void {
  const target = event.target instanceof HTMLElement ? event.target : null;
  if (target?.matches("input, textarea, select") || target?.closest("dialog")) return;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (key === "z" && !event.shiftKey) undo();
    else if (key === "y" || key === "z") redo();
    else return;
  } else if (event.altKey || event.defaultPrevented) return;
  else if (pending.peek().length > 0 && key === "backspace") undo();
  else if (pending.peek().length === 0 && key === "delete" && chosen.peek() !== null) removeChosen();
  else if (/^[1-4]$/.test(key)) take(TOOLS[Number(key) - 1] ?? "select");
  else return;
  event.preventDefault();
}
