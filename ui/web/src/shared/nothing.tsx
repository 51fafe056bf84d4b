/** An empty place that says what would be here. */

import { Icon } from "./icon";

interface Props {
  readonly what: string;
  readonly why: string;
  readonly good?: boolean;
  readonly children?: preact.ComponentChildren;
}

export function Nothing({ what, why, good = false, children }: Props) {
  return (
    <div class={`nothing ${good ? "nothing-good" : ""}`}>
      <Icon name={good ? "check" : "clock"} size={20} />
      <h3>{what}</h3>
      {why === "" ? null : <p>{why}</p>}
      {children}
    </div>
  );
}
