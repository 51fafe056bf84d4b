/** All keys on one sheet, read from the same table that they work by. */

import { useEffect, useRef } from "preact/hooks";
import { words } from "../i18n";
import { helpShown } from "../state";
import { TABLE } from "./keys";

const SHOWN: Readonly<Record<string, string>> = { Escape: "Esc", Enter: "↵" };

export function Help() {
  const sheet = useRef<HTMLDialogElement>(null);
  const shown = helpShown.value;
  useEffect(() => {
    if (shown && sheet.current !== null && !sheet.current.open) sheet.current.showModal();
  }, [shown]);
  if (!shown) return null;
  const { keys } = words.value;
  const names: Record<(typeof TABLE)[number]["action"], string> = keys;
  return (
    <dialog
      ref={sheet}
      class="help"
      aria-label={keys.title}
      onClose={() => {
        helpShown.value = false;
      }}
      onClick={(event) => {
        if (event.target === sheet.current) helpShown.value = false;
      }}
      onKeyDown={() => {}}
    >
      <h2>{keys.title}</h2>
      <dl>
        {TABLE.map((entry) => (
          <div key={entry.action}>
            <dt>
              {entry.keys.map((key) => (
                <kbd key={key}>{SHOWN[key] ?? key}</kbd>
              ))}
            </dt>
            <dd>{names[entry.action]}</dd>
          </div>
        ))}
      </dl>
    </dialog>
  );
}
