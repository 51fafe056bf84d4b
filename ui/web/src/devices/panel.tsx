/** One device: how it stands, what it said last, what of it was lost, and what nobody could read. */

import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { language, words } from "../i18n";
import { areaName } from "../list/row";
import { loadDevice, Refused } from "../live/commands";
import type { DeviceDetails, Gap, RejectedGroup } from "../live/protocol";
import { quantities } from "../live/store";
import { about } from "../rejected/store";
import { Age, Clock } from "../shared/age";
import { number, quantityTitle, value } from "../shared/format";
import { Icon } from "../shared/icon";
import { visible } from "../shared/visible";
import { openedDevice } from "../view";
import { deviceOnMap } from "./actions";
import { RateBars, rateFigure, total } from "./rate";
import { Status } from "./status";

/** How often an open device is asked for anew, milliseconds. */
const EVERY = 2_000;

export function DevicePanel({ id }: { id: string }) {
  const device = useSignal<DeviceDetails | null>(null);
  const trouble = useSignal<string | null>(null);
  useEffect(() => {
    let gone = false;
    const ask = async (): Promise<void> => {
      try {
        const loaded = await loadDevice(id);
        if (gone) return;
        device.value = loaded;
        trouble.value = null;
      } catch (error) {
        if (gone) return;
        const unknown = error instanceof Refused && error.status === 404;
        trouble.value = unknown ? words.peek().devices.gone : words.peek().devices.failed;
      }
    };
    void ask();
    const timer = setInterval(() => {
      if (!document.hidden) void ask();
    }, EVERY);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [id]);
  const { devices } = words.value;
  const shown = device.value;
  return (
    <aside class="panel view-panel" aria-label={devices.panel}>
      {shown === null ? <Close /> : <Head device={shown} />}
      {trouble.value === null ? null : <p class="panel-trouble">{trouble.value}</p>}
      {shown === null ? (
        trouble.value === null && <p class="panel-trouble">{devices.loading}</p>
      ) : (
        <div class="panel-scroll">
          <Events device={shown} />
          <Values device={shown} />
          <Missing gaps={shown.missing} lost={shown.gaps} />
          <Unread groups={shown.rejected} />
        </div>
      )}
    </aside>
  );
}

function Close() {
  return (
    <button
      type="button"
      class="tool panel-close"
      title={`${words.value.panel.close}  Esc`}
      aria-label={words.value.panel.close}
      onClick={() => {
        openedDevice.value = null;
      }}
    >
      <Icon name="close" />
    </button>
  );
}

function Head({ device }: { device: DeviceDetails }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), []);
  const { devices, card, kindOne } = words.value;
  const kind = (kindOne as Readonly<Record<string, string>>)[device.kind] ?? device.kind;
  const area = areaName(device.area);
  return (
    <header class="panel-head">
      <p class="panel-severity">
        <Status status={device.status} />
        {device.simulated ? <span class="tag">{words.value.panel.simulated}</span> : null}
        {device.last_event_at === null ? null : (
          <span class="panel-age">
            <Age at={device.last_event_at} />
          </span>
        )}
      </p>
      <Close />
      <h2 tabIndex={-1} ref={heading}>
        {visible(device.name)}
      </h2>
      <p class="panel-state">
        <span>{kind}</span>
        {area === "" ? null : <span>{area}</span>}
        {device.registered ? null : <span class="unregistered">{card.unregistered}</span>}
      </p>
      <p class="device-facts">
        <code>{visible(device.id)}</code>
        {device.codec === null ? null : <span>{device.codec}</span>}
      </p>
      <p class="device-do">
        {device.lat === null || device.lon === null ? (
          <span class="quiet">{devices.noPlace}</span>
        ) : (
          <button
            type="button"
            class="button"
            aria-label={devices.toMap}
            onClick={() => deviceOnMap(device.id)}
          >
            <Icon name="target" size={14} /> {devices.toMap} <kbd>M</kbd>
          </button>
        )}
      </p>
    </header>
  );
}

function Events({ device }: { device: DeviceDetails }) {
  if (device.last_hour.length === 0) return null;
  const { devices } = words.value;
  return (
    <section class="panel-part">
      <h3>{devices.rate}</h3>
      <div class="device-rate">
        <RateBars device={device} height={32} />
        <dl>
          <div>
            <dt>{devices.lastHour(number(total(device), language.value))}</dt>
            <dd>{rateFigure(device, language.value, words.value)}</dd>
          </div>
        </dl>
      </div>
    </section>
  );
}

function Values({ device }: { device: DeviceDetails }) {
  const { devices } = words.value;
  const values = Object.entries(device.values).filter(([name]) => name !== "simulated");
  return (
    <section class="panel-part">
      <h3>{devices.values}</h3>
      {values.length === 0 ? <p class="quiet">{devices.noValues}</p> : null}
      <dl class="values">
        {values.map(([name, shown]) => {
          const known = quantities.value[name];
          return (
            <div key={name} class="pair">
              <dt>{quantityTitle(name, known, language.value)}</dt>
              <dd title={String(shown)}>{visible(value(shown, known, language.value, words.value))}</dd>
            </div>
          );
        })}
      </dl>
    </section>
  );
}

function Missing({ gaps, lost }: { gaps: readonly Gap[]; lost: number }) {
  const { devices } = words.value;
  const say = (figure: number): string => number(figure, language.value);
  return (
    <section class="panel-part">
      <h3>
        {devices.missing}
        {lost > 0 ? <b class="device-lost">{say(lost)}</b> : null}
      </h3>
      {lost === 0 && gaps.length === 0 ? <p class="quiet">{devices.missingNone}</p> : null}
      <ul class="lost">
        {gaps.map((gap) => (
          <li key={`${gap.boot}:${gap.first}`}>
            <Clock at={gap.at} />
            <span class="lost-range" title={devices.run(visible(gap.boot))}>
              {devices.missingRange(String(gap.first), String(gap.last))}
            </span>
            <span class="lost-count">{devices.lost(say(gap.count))}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Unread({ groups }: { groups: readonly RejectedGroup[] }) {
  const { devices } = words.value;
  return (
    <section class="panel-part">
      <h3>{devices.rejected}</h3>
      {groups.length === 0 ? <p class="quiet">{devices.rejectedNone}</p> : null}
      <ul class="unread">
        {groups.map((group) => (
          <li key={`${group.topic} ${group.reason}`}>
            <button type="button" onClick={() => about(group)}>
              <span class="unread-reason">{visible(group.reason)}</span>
              <span class="unread-under">
                <code>{visible(group.topic)}</code>
                <span>×{number(group.count, language.value)}</span>
                <Age at={group.last_at} rough />
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
