/** The filters above the list: severities by their signs, and kind, area and state by choice. */

import { release } from "../actions";
import { language, text, words } from "../i18n";
import { type AreaNode, KINDS, SEVERITIES, type Severity } from "../live/protocol";
import { city } from "../live/store";
import { Sign } from "../shared/sign";
import { filter } from "../state";
import { EVERYTHING, type Filter, isNarrow, STATES, type State } from "./filter";

function change(part: Partial<Filter>): void {
  filter.value = { ...filter.value, ...part };
  release();
}

export function Filters() {
  const { list, severity: names, kind: kinds } = words.value;
  const toggle = (severity: Severity): void => {
    const hidden = new Set(filter.value.hidden);
    if (!hidden.delete(severity)) hidden.add(severity);
    change({ hidden });
  };
  return (
    <div class="filters">
      <div class="filter-signs">
        {SEVERITIES.map((severity) => (
          <button
            key={severity}
            type="button"
            class="filter-sign"
            aria-pressed={!filter.value.hidden.has(severity)}
            aria-label={list.showOnly(names[severity])}
            title={names[severity]}
            onClick={() => toggle(severity)}
          >
            <Sign severity={severity} size={12} />
          </button>
        ))}
        {isNarrow(filter.value) ? (
          <button type="button" class="link" onClick={() => change(EVERYTHING)}>
            {list.clear}
          </button>
        ) : null}
      </div>
      <div class="filter-choices">
        <Choice
          label={list.state}
          value={filter.value.state}
          options={STATES.map((state) => [state, list.states[state]])}
          onChoose={(state) => change({ state: state as State })}
        />
        <Choice
          label={list.kind}
          value={filter.value.kind ?? ""}
          options={[["", list.anyKind], ...KINDS.map((kind): [string, string] => [kind, kinds[kind]])]}
          onChoose={(kind) => change({ kind: kind === "" ? null : kind })}
        />
        <Choice
          label={list.area}
          value={filter.value.area ?? ""}
          options={[["", list.anyArea], ...areaOptions(city.value?.area_tree ?? [])]}
          onChoose={(area) => change({ area: area === "" ? null : area })}
        />
      </div>
    </div>
  );
}

/** Areas in the order of their tree, deeper ones indented. */
function areaOptions(tree: readonly AreaNode[], parent: string | null = null, depth = 0): [string, string][] {
  return tree
    .filter((area) => area.parent === parent)
    .flatMap((area) => [
      [area.id, `${"\u00a0\u00a0".repeat(depth)}${text(area.title, language.value)}`] as [string, string],
      ...areaOptions(tree, area.id, depth + 1),
    ]);
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [string, string])[];
  readonly onChoose: (value: string) => void;
}

function Choice({ label, value, options, onChoose }: ChoiceProps) {
  return (
    <label class="choice">
      <span class="hidden">{label}</span>
      <select value={value} title={label} onChange={(event) => onChoose(event.currentTarget.value)}>
        {options.map(([key, name]) => (
          <option key={key} value={key}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
