/** The top line: which city, whether the screen can be believed, search, how much is open, and who is here. */

import { useComputed, useSignal } from "@preact/signals";
import { release } from "../actions";
import { language, speak, text, words } from "../i18n";
import { EVERYTHING } from "../list/filter";
import { counts } from "../list/order";
import { SEVERITIES, type Severity } from "../live/protocol";
import { city, liveness, open } from "../live/store";
import { seconds } from "../shared/format";
import { Icon } from "../shared/icon";
import { Sign } from "../shared/sign";
import { filter, helpShown, operator, setOperator, setTheme, theme } from "../state";
import { NameForm } from "./name";
import { SearchBox } from "./search-box";
import { Views } from "./views";

export function Bar() {
  return (
    <header class="bar">
      <h1 class="bar-city">
        <svg class="mark" width="20" height="20" viewBox="0 0 32 32" aria-hidden="true">
          <path
            d="M16 4 28 16 16 28 4 16Z"
            fill="none"
            stroke="currentColor"
            stroke-width="2.5"
            stroke-linejoin="round"
          />
          <path d="m16 11.5 4.500 4.500-4.500 4.500-4.500-4.500Z" fill="currentColor" />
        </svg>
        <span class="bar-title">IOC {text(city.value?.title, language.value)}</span>
        {city.value?.demo ? <span class="tag">{words.value.bar.demo}</span> : null}
      </h1>
      <Feed />
      <Views />
      <SearchBox />
      <Counts />
      <div class="bar-tools">
        <LanguageSwitch />
        <button
          type="button"
          class="tool"
          title={words.value.bar.theme}
          aria-label={words.value.bar.theme}
          onClick={() => setTheme(theme.value === "dark" ? "light" : "dark")}
        >
          <Icon name={theme.value === "dark" ? "moon" : "sun"} />
        </button>
        <button
          type="button"
          class="tool tool-keys"
          title={`${words.value.bar.keys}  ?`}
          aria-label={words.value.bar.keys}
          onClick={() => {
            helpShown.value = true;
          }}
        >
          <Icon name="keyboard" />
        </button>
        <Who />
      </div>
    </header>
  );
}

/** The dot, the word and the seconds: live, late, blind or lost. */
function Feed() {
  const { live } = words.value;
  const state = liveness.value;
  const figure =
    "late" in state && state.late !== null ? seconds(state.late / 1000, language.value, words.value) : "";
  return (
    <p class={`feed feed-${state.state}`} role="status" aria-live="off" title={live.explain}>
      <span class="feed-dot" />
      <span class="feed-word">{live[state.state]}</span>
      {figure === "" ? null : <span class="feed-late">{figure}</span>}
    </p>
  );
}

function Counts() {
  const found = useComputed(() => counts(open.value));
  const only = (severity: Severity): void => {
    const hidden = new Set(SEVERITIES.filter((other) => other !== severity));
    const already = filter.value.hidden.size === hidden.size && !filter.value.hidden.has(severity);
    filter.value = already ? EVERYTHING : { ...filter.value, hidden };
    release();
  };
  return (
    <ul class="counts" aria-label={words.value.bar.openCounts}>
      {SEVERITIES.map((severity) => (
        <li key={severity}>
          <button
            type="button"
            class={`count ${found.value[severity] === 0 ? "count-none" : ""}`}
            title={`${words.value.severity[severity]}: ${found.value[severity]}`}
            onClick={() => only(severity)}
          >
            <Sign severity={severity} size={12} />
            <span>{found.value[severity]}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function LanguageSwitch() {
  return (
    <fieldset class="switch" aria-label={words.value.bar.language}>
      {(["vi", "en"] as const).map((one) => (
        <button
          key={one}
          type="button"
          lang={one}
          aria-pressed={language.value === one}
          onClick={() => speak(one)}
        >
          {one.toUpperCase()}
        </button>
      ))}
    </fieldset>
  );
}

function Who() {
  const asking = useSignal(false);
  return (
    <div class="who">
      <button
        type="button"
        class="tool who-name"
        title={words.value.bar.who}
        aria-expanded={asking.value}
        onClick={() => {
          asking.value = !asking.value;
        }}
      >
        <Icon name="user" />
        <span>{operator.value || words.value.bar.whoMissing}</span>
      </button>
      {asking.value ? (
        <div class="drop drop-who">
          <NameForm
            onName={(name) => {
              setOperator(name);
              asking.value = false;
            }}
            onCancel={() => {
              asking.value = false;
            }}
          />
        </div>
      ) : null}
    </div>
  );
}
