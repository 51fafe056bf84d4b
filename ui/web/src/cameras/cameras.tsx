/** The view of cameras: all of them with their last picture, and the one that is looked through. */

import { useEffect } from "preact/hooks";
import { addWords, language, words } from "../i18n";
import { camerasEn } from "../i18n/cameras-en";
import { camerasVi } from "../i18n/cameras-vi";
import { number } from "../shared/format";
import { Nothing } from "../shared/nothing";
import { SearchField } from "../shared/table-filters";
import { openedCamera } from "../view";
import { all, byGroup, onlyGroup, ownCameras, reveal, shownCameras, shownOwn, typed } from "./choosing";
import { anyDirty } from "./editor";
import { How } from "./how";
import { Ours, Own } from "./list";
import { Opened } from "./opened";
import { GROUPS, GroupSign } from "./state";
import { cameras, failed } from "./statuses";

import "./cameras.css";
import "./stage.css";
import "./drawing.css";

export { goToCamera, putDown, stepCamera, takeUp } from "./choosing";

addWords({ vi: { cameras: camerasVi }, en: { cameras: camerasEn } });

export function Cameras() {
  const said = words.value.cameras;
  const id = openedCamera.value;
  // What is not saved would be lost with the page.
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent): void => {
      if (anyDirty.peek()) event.preventDefault();
    };
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, []);
  useEffect(() => reveal(id), [id]);
  const count = all.value.length + ownCameras.value.length;
  return (
    <main
      class={`view cameras ${id === null ? "" : "cameras-opened"}`}
      aria-label={said.title}
      id="cameras"
      tabIndex={-1}
    >
      <section class="cameras-list" aria-label={said.list}>
        <header class="view-head">
          <h2>
            {said.title}
            {count === 0 ? null : <span class="list-count">{number(count, language.value)}</span>}
          </h2>
          {all.value.length === 0 ? null : <Groups />}
        </header>
        {count === 0 ? null : (
          <div class="view-filters">
            <SearchField
              label={said.search}
              text={typed.value}
              onRest={(text) => {
                typed.value = text;
              }}
            />
          </div>
        )}
        {failed.value && cameras.value !== null ? <p class="view-note">{said.failed}</p> : null}
        <div class="cameras-scroll">
          <Body />
        </div>
      </section>
      {id === null ? null : <Opened key={id} id={id} />}
    </main>
  );
}

function Body() {
  const said = words.value.cameras;
  const count = all.value.length + ownCameras.value.length;
  if (cameras.value === null && count === 0) {
    return <Nothing what={failed.value ? said.failed : said.loading} why="" />;
  }
  if (count === 0) {
    return (
      <Nothing what={said.empty} why={said.emptyWhy}>
        <How />
      </Nothing>
    );
  }
  if (shownCameras.value.length + shownOwn.value.length === 0) {
    return (
      <Nothing what={said.noMatch} why={said.noMatchWhy(number(count, language.value))}>
        <button
          type="button"
          class="button"
          onClick={() => {
            typed.value = "";
            onlyGroup.value = null;
          }}
        >
          {said.clear}
        </button>
      </Nothing>
    );
  }
  return (
    <>
      <Ours />
      <Own />
    </>
  );
}

/** One button a sort of trouble, with its sign, its word and how many there are. */
function Groups() {
  const said = words.value.cameras;
  return (
    <fieldset class="statuses" aria-label={said.numbers.state}>
      <button
        type="button"
        aria-pressed={onlyGroup.value === null}
        onClick={() => {
          onlyGroup.value = null;
        }}
      >
        {said.all} <b>{number(all.value.length, language.value)}</b>
      </button>
      {GROUPS.filter((group) => byGroup.value[group] > 0 || onlyGroup.value === group).map((group) => (
        <button
          key={group}
          type="button"
          class={`camera-${group}`}
          aria-pressed={onlyGroup.value === group}
          onClick={() => {
            onlyGroup.value = onlyGroup.value === group ? null : group;
          }}
        >
          <GroupSign group={group} />
          <span class="statuses-word">{said.groups[group]}</span>{" "}
          <b>{number(byGroup.value[group], language.value)}</b>
        </button>
      ))}
    </fieldset>
  );
}
