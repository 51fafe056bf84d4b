/** Asks for the operator's name, in place; the browser remembers it. */

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { words } from "../i18n";
import { operator } from "../state";

interface Props {
  readonly onName: (name: string) => void;
  readonly onCancel: () => void;
}

export function NameForm({ onName, onCancel }: Props) {
  const name = useSignal(operator.peek());
  const field = useRef<HTMLInputElement>(null);
  // At once, before the next key: it belongs in here.
  useLayoutEffect(() => field.current?.focus(), []);
  return (
    <form
      class="name-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.value.trim() !== "") onName(name.value);
      }}
    >
      <label>
        <span class="quiet">{words.value.panel.name}</span>
        <input
          ref={field}
          type="text"
          maxLength={60}
          autoComplete="name"
          value={name.value}
          onInput={(event) => {
            name.value = event.currentTarget.value;
          }}
          onKeyDown={(event) => {
            if (event.key === "Escape") onCancel();
          }}
        />
      </label>
      <button type="submit" class="button button-main" disabled={name.value.trim() === ""}>
        {words.value.panel.nameSave}
      </button>
    </form>
  );
}
