/** The table of devices: of ten thousand rows, those in sight are drawn. */

// biome-ignore-all lint/a11y/useSemanticElements: a table element cannot leave out the rows that are out of sight
// biome-ignore-all lint/a11y/useFocusableInteractive: in each row a button is what is focused

import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { language, words } from "../i18n";
import { areaName } from "../list/row";
import type { Device } from "../live/protocol";
import { Age } from "../shared/age";
import { number } from "../shared/format";
import { Icon, kindIcon } from "../shared/icon";
import { Nothing } from "../shared/nothing";
import { visible } from "../shared/visible";
import { openedDevice } from "../view";
import { openDevice, reveal } from "./actions";
import { ALL, COLUMNS, type Column, isNarrow, partInSight, rowsInSight, sorted } from "./ask";
import { Rate } from "./rate";
import { Status } from "./status";
import { change, cursor, failed, listed, part, question, rows } from "./store";

/** The height of a row, pixels; the style sheet has the same. */
const ROW = 44;

export function DeviceTable() {
  const scroller = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(600);
  const total = listed.value?.total ?? 0;

  const look = (): void => {
    const box = scroller.current;
    if (box === null) return;
    top.value = box.scrollTop;
    height.value = box.clientHeight;
    const next = partInSight(box.scrollTop, box.clientHeight, ROW);
    const now = part.peek();
    if (next.offset !== now.offset || next.count !== now.count) part.value = next;
  };
  useEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    const watch = new ResizeObserver(look);
    watch.observe(box);
    reveal.current = (index) => {
      const [from, to] = [index * ROW, (index + 1) * ROW];
      if (from < box.scrollTop) box.scrollTop = from;
      else if (to > box.scrollTop + box.clientHeight) box.scrollTop = to - box.clientHeight;
    };
    return () => {
      watch.disconnect();
      reveal.current = () => {};
    };
  }, []);
  // Another question is read from its beginning.
  useSignalEffect(() => {
    question.value;
    scroller.current?.scrollTo({ top: 0 });
  });

  const [first, last] = rowsInSight(top.value, height.value, ROW, total);
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index);
  return (
    <div
      class="table devices-table"
      role="table"
      aria-rowcount={total + 1}
      aria-label={words.value.devices.title}
    >
      <Head />
      <div class="table-scroll" ref={scroller} onScroll={look} role="rowgroup">
        <div class="table-all" style={{ height: `${total * ROW}px` }}>
          {shown.map((index) => {
            const device = rows.value.get(index);
            return <Row key={device?.id ?? index} index={index} device={device} />;
          })}
        </div>
        {total === 0 ? <Empty /> : null}
      </div>
    </div>
  );
}

function Head() {
  const { devices } = words.value;
  return (
    <div class="table-row table-head" role="row" aria-rowindex={1}>
      {COLUMNS.map((column) => (
        <span key={column} role="columnheader" class={`cell cell-${column}`} aria-sort={direction(column)}>
          <button
            type="button"
            title={devices.sort(devices.columns[column])}
            onClick={() => change(sorted(question.value, column))}
          >
            {devices.columns[column]}
            {question.value.by === column ? (
              <Icon name={question.value.descending ? "down" : "up"} size={12} />
            ) : null}
          </button>
        </span>
      ))}
    </div>
  );
}

function direction(column: Column): "ascending" | "descending" | undefined {
  if (question.value.by !== column) return undefined;
  return question.value.descending ? "descending" : "ascending";
}

function Row({ index, device }: { index: number; device: Device | undefined }) {
  const style = { transform: `translateY(${index * ROW}px)` };
  if (device === undefined) return <div class="table-row table-waits" role="row" style={style} />;
  const { devices, kindOne } = words.value;
  const kind = (kindOne as Readonly<Record<string, string>>)[device.kind] ?? device.kind;
  const area = areaName(device.area);
  const open = openedDevice.value === device.id;
  return (
    <div
      class={`table-row device-row ${open ? "table-opened" : ""} ${cursor.value === index ? "table-current" : ""}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={open}
      tabIndex={-1}
      style={style}
      onClick={() => openDevice(index)}
      onKeyDown={() => {}}
    >
      <span role="cell" class="cell cell-status">
        <Status status={device.status} />
      </span>
      <span role="cell" class="cell cell-name">
        <button type="button" class="cell-title" title={visible(device.name)}>
          {visible(device.name)}
        </button>
        <span class="cell-under">
          {device.registered ? null : <span class="unregistered">{devices.unregistered}</span>}
          <code>{visible(device.id)}</code>
        </span>
      </span>
      <span role="cell" class="cell cell-kind" title={kind}>
        <Icon name={kindIcon(device.kind)} size={14} />
        <span>{kind}</span>
      </span>
      <span role="cell" class="cell cell-area" title={area}>
        {area}
      </span>
      <span role="cell" class="cell cell-codec">
        {device.codec === null ? "" : <code>{device.codec}</code>}
      </span>
      <span role="cell" class="cell cell-last_event">
        {device.last_event_at === null ? "–" : <Age at={device.last_event_at} rough />}
      </span>
      <span role="cell" class="cell cell-rate">
        <Rate device={device} />
      </span>
      <span role="cell" class={`cell cell-gaps ${device.gaps > 0 ? "cell-bad" : ""}`}>
        {device.gaps > 0 ? number(device.gaps, language.value) : "–"}
      </span>
    </div>
  );
}

function Empty() {
  const { devices } = words.value;
  if (listed.value === null) {
    return <Nothing what={failed.value ? devices.failed : devices.loading} why="" />;
  }
  if (!isNarrow(question.value)) return <Nothing what={devices.empty} why={devices.emptyWhy} />;
  const hidden = number(listed.value.known, language.value);
  return (
    <Nothing what={devices.none} why={devices.noneWhy(hidden)}>
      <button type="button" class="button" onClick={() => change(ALL)}>
        {devices.clear}
      </button>
    </Nothing>
  );
}
