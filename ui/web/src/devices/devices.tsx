/** The view of devices: who speaks, who has fallen silent, what was lost; with filters above and details beside. */

import { language, words } from "../i18n";
import { DEVICE_STATUSES, type DeviceStatus, KINDS } from "../live/protocol";
import { number } from "../shared/format";
import { SearchField, Select } from "../shared/table-filters";
import { openedDevice } from "../view";
import { ALL, isNarrow } from "./ask";
import { DevicePanel } from "./panel";
import { StatusSign } from "./status";
import { change, failed, listed, question } from "./store";
import { DeviceTable } from "./table";

export function Devices() {
  const { devices } = words.value;
  return (
    <main class="view" aria-label={devices.title} id="devices" tabIndex={-1}>
      <section class="view-main">
        <header class="view-head">
          <h2>
            {devices.title}
            {listed.value === null ? null : (
              <span class="list-count">{number(listed.value.known, language.value)}</span>
            )}
          </h2>
          <Statuses />
        </header>
        <Filters />
        {failed.value && listed.value !== null ? <p class="view-note">{devices.failed}</p> : null}
        <DeviceTable />
      </section>
      {openedDevice.value === null ? null : <DevicePanel key={openedDevice.value} id={openedDevice.value} />}
    </main>
  );
}

/** One button a status, with its sign, its word and how many there are. */
function Statuses() {
  const { devices } = words.value;
  const counts = listed.value?.by_status;
  const all = counts === undefined ? 0 : DEVICE_STATUSES.reduce((sum, status) => sum + counts[status], 0);
  const choose = (status: DeviceStatus | null): void =>
    change({ status: question.value.status === status ? null : status });
  return (
    <fieldset class="statuses" aria-label={devices.columns.status}>
      <button type="button" aria-pressed={question.value.status === null} onClick={() => choose(null)}>
        {devices.all} <b>{number(all, language.value)}</b>
      </button>
      {DEVICE_STATUSES.map((status) => (
        <button
          key={status}
          type="button"
          class={counts?.[status] === 0 ? "statuses-none" : ""}
          aria-pressed={question.value.status === status}
          title={devices.statusWhy[status]}
          onClick={() => choose(status)}
        >
          <StatusSign status={status} />
          <span class="statuses-word">{devices.status[status]}</span>{" "}
          <b>{number(counts?.[status] ?? 0, language.value)}</b>
        </button>
      ))}
    </fieldset>
  );
}

function Filters() {
  const { devices, kind: kinds } = words.value;
  return (
    <div class="view-filters">
      <SearchField label={devices.search} text={question.value.text} onRest={(text) => change({ text })} />
      <Select
        label={devices.columns.kind}
        value={question.value.kind ?? ""}
        options={[["", devices.anyKind], ...KINDS.map((one): [string, string] => [one, kinds[one]])]}
        onChoose={(kind) => change({ kind: kind === "" ? null : kind })}
      />
      <Select
        label={devices.codec}
        value={question.value.codec ?? ""}
        options={[
          ["", devices.anyCodec],
          ...(listed.value?.codecs ?? []).map((one): [string, string] => [one, one]),
        ]}
        onChoose={(codec) => change({ codec: codec === "" ? null : codec })}
      />
      {isNarrow(question.value) ? (
        <button
          type="button"
          class="link"
          onClick={() => change({ ...ALL, by: question.value.by, descending: question.value.descending })}
        >
          {devices.clear}
        </button>
      ) : null}
    </div>
  );
}
