/** An age that moves on with the clock, with the clock time on hover. */

import { useComputed } from "@preact/signals";
import { language, words } from "../i18n";
import { city, now } from "../live/store";
import { age, clock, roughAge, spokenAge } from "./format";

interface Props {
  readonly at: number;
  readonly rough?: boolean;
}

export function Age({ at, rough = false }: Props) {
  // Another instant is another age at once, not with the clock's next tick.
  return <AgeSince key={at} at={at} rough={rough} />;
}

function AgeSince({ at, rough }: Required<Props>) {
  // Computed texts change only the text node, and only when they read differently.
  const shown = useComputed(() => (rough ? roughAge : age)(now.value - at, words.value));
  const spoken = useComputed(() => words.value.time.ago(spokenAge(now.value - at, words.value)));
  return (
    <time
      class="age"
      dateTime={new Date(at).toISOString()}
      title={clock(at, now.peek(), language.value, city.value?.timezone)}
    >
      <span aria-hidden="true">{shown}</span>
      <span class="hidden">{spoken}</span>
    </time>
  );
}

/** The time on the city's clock, with the age on hover. */
export function Clock({ at }: { at: number }) {
  return (
    <time
      class="age"
      dateTime={new Date(at).toISOString()}
      title={words.value.time.ago(age(now.peek() - at, words.value))}
    >
      {clock(at, now.peek(), language.value, city.value?.timezone)}
    </time>
  );
}
