/** One incident in full: what, where, how bad, since when, why, whose it is, and what can be done. */

import { useSignal, useSignalEffect } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { acknowledge, answer, busy, chooseAsset, failure, goToIncident, write } from "../actions";
import { NameForm } from "../bar/name";
import { language, text, words } from "../i18n";
import { areaName, stateWords } from "../list/row";
import { loadIncident, Refused } from "../live/commands";
import type { FullIncident, Incident } from "../live/protocol";
import { assets, city, incidents, now } from "../live/store";
import { Age } from "../shared/age";
import { clock } from "../shared/format";
import { Icon, kindIcon } from "../shared/icon";
import { Sign } from "../shared/sign";
import { nameWanted, opened, setOperator, writing } from "../state";
import { Pictures } from "./picture";
import { SpeaksFor, SpokenFor } from "./speaks-for";
import { Timeline } from "./timeline";
import { Why } from "./why";
import { Writing } from "./writing";

export function Panel() {
  const full = useSignal<FullIncident | null>(null);
  const trouble = useSignal<string | null>(null);

  // Loaded when it is opened, and again with each revision that the feed tells of.
  useSignalEffect(() => {
    const id = opened.value;
    const revision = id === null ? 0 : (incidents.value.get(id)?.revision ?? 0);
    const have = full.peek();
    if (id === null) full.value = null;
    if (id === null || (have !== null && have.id === id && have.revision >= revision)) return;
    if (have?.id !== id) full.value = null;
    loadIncident(id).then(
      (loaded) => {
        if (opened.peek() !== id) return;
        trouble.value = null;
        if ((full.peek()?.revision ?? 0) <= loaded.revision) full.value = loaded;
      },
      (error: unknown) => {
        if (opened.peek() !== id) return;
        const gone = error instanceof Refused && error.status === 404;
        trouble.value = gone ? words.peek().panel.gone : words.peek().panel.failed;
      },
    );
  });
  useSignalEffect(() => {
    if (answer.value !== null && answer.value.id === opened.peek()) full.value = answer.value;
  });

  const id = opened.value;
  if (id === null) return null;
  const lean = incidents.value.get(id);
  const detail = full.value?.id === id ? full.value : null;
  const incident: Incident | undefined = newer(lean, detail);
  if (incident === undefined) {
    return (
      <aside class="panel" aria-label={words.value.panel.label}>
        <CloseButton />
        <p class="panel-trouble">{trouble.value ?? words.value.panel.loading}</p>
      </aside>
    );
  }
  return (
    <aside class={`panel panel-${incident.severity}`} aria-label={words.value.panel.label} key={id}>
      <Head incident={incident} />
      <div class="panel-scroll">
        <SpokenFor incident={incident} />
        {detail === null ? null : <Pictures incident={detail} />}
        <Place incident={incident} />
        {trouble.value !== null && detail === null ? <p class="panel-trouble">{trouble.value}</p> : null}
        {detail === null ? null : <SpeaksFor incident={detail} />}
        {detail === null ? null : <Why incident={detail} />}
        {detail === null ? null : <Timeline incident={detail} />}
      </div>
      <Actions incident={incident} />
    </aside>
  );
}

function newer(lean: Incident | undefined, full: FullIncident | null): Incident | undefined {
  if (lean === undefined || full === null) return lean ?? full ?? undefined;
  return lean.revision > full.revision ? lean : full;
}

function CloseButton() {
  return (
    <button
      type="button"
      class="tool panel-close"
      title={`${words.value.panel.close}  Esc`}
      aria-label={words.value.panel.close}
      onClick={() => {
        opened.value = null;
      }}
    >
      <Icon name="close" />
    </button>
  );
}

function Head({ incident }: { incident: Incident }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // Whoever hears the page is told what was opened; the keys go on working from here.
  useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), []);
  const cleared = incident.condition === "cleared";
  return (
    <header class="panel-head">
      <p class={`panel-severity text-${incident.severity}`}>
        <Sign severity={incident.severity} size={14} hollow={cleared} />
        <span>{words.value.severity[incident.severity]}</span>
        {incident.simulated ? <span class="tag">{words.value.panel.simulated}</span> : null}
        <span class="panel-age">
          <Age at={incident.raised_at} />
        </span>
      </p>
      <CloseButton />
      <h2 tabIndex={-1} ref={heading}>
        {text(incident.title, language.value)}
      </h2>
      <p class="panel-state">
        <span class={incident.work_state === "new" ? "row-new" : ""}>
          {stateWords(incident).split(" · ")[0]}
        </span>
        <span>
          {cleared && incident.cleared_at !== null
            ? words.value.panel.cleared(
                clock(incident.cleared_at, now.peek(), language.value, city.value?.timezone),
              )
            : words.value.panel.holds}
        </span>
        {incident.assignee ? (
          <span class="panel-who">
            <Icon name="user" size={12} /> {incident.assignee}
          </span>
        ) : null}
      </p>
    </header>
  );
}

function Place({ incident }: { incident: Incident }) {
  const { panel } = words.value;
  const place = incident.place ?? "";
  const area = areaName(incident.area);
  const placed = incident.lat !== null && incident.lon !== null;
  const devices = incident.assets.slice(0, 6);
  return (
    <section class="panel-part">
      <h3>{panel.where}</h3>
      <div class="place">
        <div class="place-words">
          <p class="place-name">{place || area || panel.noPlace}</p>
          {place !== "" && area !== "" ? <p class="quiet">{area}</p> : null}
        </div>
        {placed ? (
          <button type="button" class="button" title="M" onClick={() => goToIncident(incident.id)}>
            <Icon name="target" /> {panel.toMap}
          </button>
        ) : null}
      </div>
      {devices.length === 0 ? null : (
        <ul class="devices" aria-label={panel.devices}>
          {devices.map((id) => {
            const asset = assets.get(id);
            return (
              <li key={id}>
                <button type="button" class="device" title={id} onClick={() => chooseAsset(id, true)}>
                  <Icon name={kindIcon(asset?.kind ?? incident.kind, asset?.mobile ?? false)} size={14} />
                  <span>{asset?.name ?? id}</span>
                  {asset === undefined || asset.name === id ? null : <code>{id}</code>}
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}

function Actions({ incident }: { incident: Incident }) {
  const { panel } = words.value;
  const settled = incident.work_state === "resolved" || incident.work_state === "closed";
  return (
    <footer class="actions">
      {failure.value === null ? null : (
        <p class="action-failure" role="alert">
          {failure.value}
        </p>
      )}
      {nameWanted.value !== null ? (
        <NameForm
          onName={(name) => {
            setOperator(name);
            const then = nameWanted.value;
            nameWanted.value = null;
            then?.();
          }}
          onCancel={() => {
            nameWanted.value = null;
          }}
        />
      ) : writing.value !== null ? (
        <Writing id={incident.id} what={writing.value} key={writing.value} />
      ) : (
        <div class="action-row">
          {incident.work_state === "new" ? (
            <button
              type="button"
              class="button button-main"
              disabled={busy.value !== null}
              onClick={() => acknowledge(incident.id)}
            >
              {panel.acknowledge} <kbd>A</kbd>
            </button>
          ) : null}
          <button type="button" class="button" onClick={() => write("comment")}>
            {panel.comment} <kbd>C</kbd>
          </button>
          {settled ? null : (
            <button
              type="button"
              class={`button ${incident.work_state === "new" ? "" : "button-main"}`}
              onClick={() => write("resolve")}
            >
              {panel.resolve}
            </button>
          )}
        </div>
      )}
      {settled && writing.value === null ? <p class="quiet">{panel.resolvedHint}</p> : null}
    </footer>
  );
}
