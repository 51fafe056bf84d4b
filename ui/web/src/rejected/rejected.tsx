/** The view of what could not be read: a line for each topic and reason, and beside it the first bytes and a trial. */

// biome-ignore-all lint/a11y/useSemanticElements: a table element cannot leave out the rows that are out of sight
// biome-ignore-all lint/a11y/useFocusableInteractive: in each row a button is what is focused

import { language, words } from "../i18n";
import type { RejectedGroup } from "../live/protocol";
import { city, now } from "../live/store";
import { Age } from "../shared/age";
import { clock, number } from "../shared/format";
import { Icon } from "../shared/icon";
import { Nothing } from "../shared/nothing";
import { SearchField, Select } from "../shared/table-filters";
import { visible } from "../shared/visible";
import { FirstBytes } from "./first-bytes";
import { close, failed, keyOf, NOTHING_ASKED, open, opened, own, question, rejected, tryOwn } from "./store";
import { TrialForm } from "./trial";

export function Rejected() {
  const words_ = words.value.rejected;
  const list = rejected.value;
  const say = (figure: number): string => number(figure, language.value);
  return (
    <main class="view" aria-label={words_.title} id="rejected" tabIndex={-1}>
      <section class="view-main">
        <header class="view-head">
          <h2>{words_.title}</h2>
          {list === null || list.total === 0 ? null : (
            <p class="quiet" title={words_.keptHint}>
              {words_.summary(say(list.messages), say(list.total))}
            </p>
          )}
          <button type="button" class="button view-do" onClick={tryOwn}>
            <Icon name="run" size={14} /> {words_.tryOwn}
          </button>
        </header>
        <Filters />
        {failed.value && list !== null ? <p class="view-note">{words_.failed}</p> : null}
        <Groups />
      </section>
      {opened.value !== null ? (
        <Detail key={keyOf(opened.value)} group={opened.value} />
      ) : own.value ? (
        <Own />
      ) : null}
    </main>
  );
}

function Filters() {
  const words_ = words.value.rejected;
  const search = (text: string): void => {
    question.value = { ...question.peek(), text };
  };
  return (
    <div class="view-filters">
      <SearchField label={words_.search} text={question.value.text} onRest={search} />
      <Select
        label={words_.columns.codec}
        value={question.value.codec === null ? "*" : question.value.codec}
        options={[
          ["*", words_.anyCodec],
          ...(rejected.value?.codecs ?? []).map((one): [string, string] => [
            one,
            one === "" ? words_.noCodecAny : one,
          ]),
        ]}
        onChoose={(codec) => {
          question.value = { ...question.value, codec: codec === "*" ? null : codec };
        }}
      />
    </div>
  );
}

function Groups() {
  const words_ = words.value.rejected;
  const list = rejected.value;
  const narrow =
    question.value !== NOTHING_ASKED && (question.value.text !== "" || question.value.codec !== null);
  return (
    <div class="table rejected-table" role="table" aria-label={words_.title}>
      <div class="table-row table-head" role="row">
        <span role="columnheader" class="cell cell-name">
          {words_.columns.reason}
        </span>
        <span role="columnheader" class="cell cell-codec">
          {words_.columns.codec}
        </span>
        <span role="columnheader" class="cell cell-count">
          {words_.columns.count}
        </span>
        <span role="columnheader" class="cell cell-last">
          {words_.columns.last}
        </span>
      </div>
      <div class="table-scroll" role="rowgroup">
        {list?.groups.map((group) => (
          <Line key={keyOf(group)} group={group} />
        ))}
        {list === null ? (
          <Nothing what={failed.value ? words_.failed : words.value.devices.loading} why="" />
        ) : list.groups.length > 0 ? null : narrow ? (
          <Nothing what={words_.none} why={words_.noneWhy} />
        ) : (
          <Nothing what={words_.empty} why={words_.emptyWhy} good />
        )}
      </div>
    </div>
  );
}

function Line({ group }: { group: RejectedGroup }) {
  const words_ = words.value.rejected;
  const isOpen = opened.value !== null && keyOf(opened.value) === keyOf(group);
  return (
    <div
      class={`table-row rejected-row ${isOpen ? "table-opened" : ""}`}
      role="row"
      aria-selected={isOpen}
      tabIndex={-1}
      onClick={() => open(group)}
      onKeyDown={() => {}}
    >
      <span role="cell" class="cell cell-name">
        <button type="button" class="cell-title" title={visible(group.reason)}>
          {visible(group.reason)}
        </button>
        <span class="cell-under">
          <code title={visible(group.topic)}>{visible(group.topic)}</code>
        </span>
      </span>
      <span role="cell" class="cell cell-codec">
        {group.codec === null ? <span class="quiet">{words_.noCodec}</span> : <code>{group.codec}</code>}
      </span>
      <span role="cell" class="cell cell-count">
        {number(group.count, language.value)}
      </span>
      <span role="cell" class="cell cell-last">
        <Age at={group.last_at} rough />
      </span>
    </div>
  );
}

function CloseButton() {
  return (
    <button
      type="button"
      class="tool panel-close"
      title={`${words.value.panel.close}  Esc`}
      aria-label={words.value.panel.close}
      onClick={close}
    >
      <Icon name="close" />
    </button>
  );
}

function Detail({ group }: { group: RejectedGroup }) {
  const words_ = words.value.rejected;
  // As the list has it now: it may have come again since it was opened.
  const newest = rejected.value?.groups.find((one) => keyOf(one) === keyOf(group)) ?? group;
  const since = clock(newest.first_at, now.value, language.value, city.value?.timezone);
  return (
    <aside class="panel view-panel trial-panel" aria-label={words_.detail}>
      <header class="panel-head">
        <p class="panel-severity">
          <span class="tag">{group.codec ?? words_.noCodecAny}</span>
          <span class="panel-age">
            <Age at={newest.last_at} />
          </span>
        </p>
        <CloseButton />
        <h2>{visible(group.reason)}</h2>
        <p class="panel-state">
          <span>×{number(newest.count, language.value)}</span>
          <span>{words_.since(since)}</span>
        </p>
        <p class="device-facts">
          <code>{visible(group.topic)}</code>
        </p>
      </header>
      <div class="panel-scroll">
        <FirstBytes group={group} />
        <TrialForm size={group.size} kept={keptBytes(group)} />
      </div>
    </aside>
  );
}

function keptBytes(group: RejectedGroup): number {
  return Math.floor((group.start.replaceAll("=", "").length * 3) / 4);
}

function Own() {
  return (
    <aside class="panel view-panel trial-panel" aria-label={words.value.trial.title}>
      <header class="panel-head">
        <CloseButton />
        <h2>{words.value.rejected.tryOwn}</h2>
      </header>
      <div class="panel-scroll">
        <TrialForm size={0} kept={0} />
      </div>
    </aside>
  );
}
