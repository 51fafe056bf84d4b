/** The list of incidents: worst first, in groups that collapse, still under the reader's hand. */

import { useComputed, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { release, toggleGroup } from "../actions";
import { words } from "../i18n";
import { known, liveness, onArrival, open } from "../live/store";
import { Icon } from "../shared/icon";
import { Nothing } from "../shared/nothing";
import { Sign } from "../shared/sign";
import { collapsed, cursor, filter, filtersShown, groups, held, matching, sheet } from "../state";
import { EVERYTHING, isNarrow } from "./filter";
import { Filters } from "./filters";
import { hold } from "./holding";
import { Row } from "./row";

export function List() {
  const scroller = useRef<HTMLDivElement>(null);
  const pointed = useRef(false);
  const waiting = useComputed(() => matching.value.filter((incident) => held.value.has(incident.id)).length);
  const count = useComputed(() => groups.value.reduce((sum, group) => sum + group.incidents.length, 0));

  const read = (): boolean => pointed.current || (scroller.current?.scrollTop ?? 0) > 0;
  useEffect(
    () =>
      onArrival((ids) => {
        held.value = hold(held.value, ids, read());
      }),
    [],
  );
  // The cursor is brought into sight when it moves, and only then.
  useSignalEffect(() => {
    const id = cursor.value;
    if (id === null) return;
    requestAnimationFrame(() => document.getElementById(`row-${id}`)?.scrollIntoView({ block: "nearest" }));
  });

  return (
    <section class={`list sheet-${sheet.value}`} aria-label={words.value.list.title}>
      <header class="list-head">
        <h2>
          {words.value.list.title} <span class="list-count">{count}</span>
        </h2>
        <button
          type="button"
          class={`tool ${isNarrow(filter.value) ? "tool-on" : ""}`}
          aria-expanded={filtersShown.value}
          aria-label={words.value.list.filters}
          title={words.value.list.filters}
          onClick={() => {
            filtersShown.value = !filtersShown.value;
            if (sheet.value === "low") sheet.value = "half";
          }}
        >
          <Icon name="filter" />
        </button>
        <button
          type="button"
          class="tool only-small"
          aria-label={sheet.value === "full" ? words.value.list.lower : words.value.list.raise}
          onClick={() => {
            sheet.value = sheet.value === "low" ? "half" : sheet.value === "half" ? "full" : "low";
          }}
        >
          <Icon name={sheet.value === "full" ? "down" : "up"} />
        </button>
      </header>
      {filtersShown.value ? <Filters /> : null}
      <div
        class="list-scroll"
        ref={scroller}
        onPointerEnter={(event) => {
          pointed.current = event.pointerType === "mouse";
        }}
        onPointerLeave={() => {
          pointed.current = false;
          if (!read()) release();
        }}
        onScroll={() => {
          if (!read()) release();
        }}
      >
        {waiting.value > 0 ? (
          <button
            type="button"
            class="pill"
            aria-label={words.value.list.waitingLabel(waiting.value)}
            onClick={() => {
              release();
              scroller.current?.scrollTo({ top: 0 });
            }}
          >
            <Icon name="up" size={14} />
            {words.value.list.waiting(waiting.value)}
          </button>
        ) : null}
        {groups.value.map((group) => (
          <section key={group.severity} class="group" aria-label={words.value.severity[group.severity]}>
            <button
              type="button"
              class="group-head"
              aria-expanded={!collapsed.value.has(group.severity)}
              onClick={() => toggleGroup(group.severity)}
            >
              <Sign severity={group.severity} size={10} />
              <span class="group-name">{words.value.severity[group.severity]}</span>
              <span class="group-count">{group.incidents.length}</span>
              <Icon name={collapsed.value.has(group.severity) ? "right" : "down"} size={14} />
            </button>
            {collapsed.value.has(group.severity) ? null : (
              <ul class="rows">
                {group.incidents.map((incident) => (
                  <Row key={incident.id} incident={incident} />
                ))}
              </ul>
            )}
          </section>
        ))}
        {count.value === 0 && waiting.value === 0 ? <Empty /> : null}
      </div>
    </section>
  );
}

function Empty() {
  const { list } = words.value;
  const state = liveness.value.state;
  if (!known.value || state === "lost") {
    const gone = state === "lost";
    return <Nothing what={gone ? list.blind : list.loading} why={gone ? list.blindWhy : list.loadingWhy} />;
  }
  if (isNarrow(filter.value) && open.value.length > 0) {
    return (
      <Nothing what={list.filtered} why={list.filteredWhy(open.value.length)}>
        <button
          type="button"
          class="button"
          onClick={() => {
            filter.value = EVERYTHING;
          }}
        >
          {list.clear}
        </button>
      </Nothing>
    );
  }
  return <Nothing what={list.quiet} why={list.quietWhy} good={state === "live"} />;
}
