/** The search box: one field over incidents, places, areas and devices. */

import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { chooseAsset, goToArea, openIncident } from "../actions";
import { language, words } from "../i18n";
import { assetCount, assets, city, incidents } from "../live/store";
import { Icon, kindIcon } from "../shared/icon";
import { type Hit, search } from "../shared/search";
import { Sign } from "../shared/sign";
import { destination, searching } from "../state";
import { show } from "../view";

/** What makes a field a combobox, for those who hear the page. The JSX types know one only with a `<datalist>`. */
function combobox(expanded: boolean, chosen: number | null): object {
  return {
    role: "combobox",
    "aria-expanded": expanded,
    "aria-controls": "search-hits",
    "aria-activedescendant": chosen === null ? undefined : `hit-${chosen}`,
  };
}

function follow(hit: Hit): void {
  searching.value = false;
  if (hit.group === "incident") openIncident(hit.id, true);
  else if (hit.group === "asset") chooseAsset(hit.id, true);
  else if (hit.group === "area") goToArea(hit.id);
  else {
    show("map");
    destination.value = { kind: "point", at: hit.at, zoom: 15 };
  }
}

export function SearchBox() {
  const field = useRef<HTMLInputElement>(null);
  const query = useSignal("");
  const chosen = useSignal(0);
  const hits = useComputed(() =>
    assetCount.value >= 0 && searching.value
      ? search(query.value, {
          incidents: incidents.value.values(),
          assets: assets.values(),
          city: city.value,
          language: language.value,
        })
      : [],
  );
  useEffect(
    () =>
      searching.subscribe((wanted) => {
        if (wanted) field.current?.focus();
        else field.current?.blur();
      }),
    [],
  );
  const shown = searching.value && query.value.trim() !== "";
  const move = (by: number): void => {
    const count = hits.value.length;
    if (count > 0) chosen.value = (chosen.value + by + count) % count;
  };
  const take = (hit: Hit | undefined): void => {
    if (hit === undefined) return;
    query.value = "";
    follow(hit);
  };
  return (
    <div class={`search ${searching.value ? "search-open" : ""}`}>
      <Icon name="search" />
      <input
        ref={field}
        type="text"
        {...combobox(shown, shown && hits.value.length > 0 ? chosen.value : null)}
        aria-label={words.value.search.label}
        placeholder={words.value.search.placeholder}
        autoComplete="off"
        spellcheck={false}
        value={query.value}
        onFocus={() => {
          searching.value = true;
        }}
        onBlur={() => {
          searching.value = false;
        }}
        onInput={(event) => {
          query.value = event.currentTarget.value;
          chosen.value = 0;
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") move(1);
          else if (event.key === "ArrowUp") move(-1);
          else if (event.key === "Enter") take(hits.value[chosen.value]);
          else return;
          event.preventDefault();
        }}
      />
      <kbd>/</kbd>
      {shown ? (
        <div class="drop drop-search">
          {hits.value.length === 0 ? <p class="quiet drop-empty">{words.value.search.none}</p> : null}
          <div id="search-hits" role="listbox" aria-label={words.value.search.label}>
            {hits.value.map((hit, index) => (
              <Found
                key={`${hit.group}:${hit.id}`}
                hit={hit}
                index={index}
                first={hit.group !== hits.value[index - 1]?.group}
                chosen={chosen.value === index}
                onTake={() => take(hit)}
              />
            ))}
          </div>
        </div>
      ) : null}
    </div>
  );
}

interface FoundProps {
  readonly hit: Hit;
  readonly index: number;
  readonly first: boolean;
  readonly chosen: boolean;
  readonly onTake: () => void;
}

function Found({ hit, index, first, chosen, onTake }: FoundProps) {
  return (
    <>
      {first ? (
        <p class="drop-group" role="presentation">
          {words.value.search[hit.group]}
        </p>
      ) : null}
      <div
        id={`hit-${index}`}
        class={`hit ${chosen ? "hit-chosen" : ""}`}
        role="option"
        tabIndex={-1}
        aria-selected={chosen}
        // The field must keep the focus, or the list would close before the click arrives.
        onMouseDown={(event) => event.preventDefault()}
        onClick={onTake}
        onKeyDown={() => {}}
      >
        {hit.group === "incident" ? (
          <Sign severity={hit.severity} size={12} />
        ) : (
          <Icon name={hit.group === "asset" ? kindIcon(hit.kind) : hit.group} />
        )}
        <span class="hit-label">{hit.label}</span>
        <span class="hit-detail">{hit.detail}</span>
      </div>
    </>
  );
}
