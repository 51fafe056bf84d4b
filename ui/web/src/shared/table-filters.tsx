/** What stands above a table to narrow it: a field to search it with, and choices. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icon";

/** How long the typing must rest before it is asked, milliseconds. */
const REST = 150;

interface SearchFieldProps {
  readonly label: string;
  /** What is asked at present; where it is changed elsewhere, the field follows. */
  readonly text: string;
  readonly onRest: (text: string) => void;
}

export function SearchField({ label, text, onRest }: SearchFieldProps) {
  const typed = useSignal(text);
  // Effects may run late: what was typed meanwhile must not be taken for a change from elsewhere.
  const asked = useRef(text);
  useEffect(() => {
    if (text === asked.current) return;
    asked.current = text;
    if (text.trim() !== typed.peek().trim()) typed.value = text;
  }, [text]);
  useEffect(() => {
    if (typed.value.trim() === text.trim()) return;
    const timer = setTimeout(() => onRest(typed.peek()), REST);
    return () => clearTimeout(timer);
  }, [typed.value]);
  return (
    <label class="view-search">
      <Icon name="search" size={14} />
      <span class="hidden">{label}</span>
      <input
        type="text"
        placeholder={label}
        spellcheck={false}
        autoComplete="off"
        value={typed.value}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}

interface SelectProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [string, string])[];
  readonly onChoose: (value: string) => void;
}

export function Select({ label, value, options, onChoose }: SelectProps) {
  return (
    <label class="choice view-choice">
      <span class="hidden">{label}</span>
      <select value={value} title={label} onChange={(event) => onChoose(event.currentTarget.value)}>
        {options.map(([key, name]) => (
          <option key={key} value={key}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
