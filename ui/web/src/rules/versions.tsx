/** The versions of a rule, newest first: who, when, why, what changed, and the way back to each. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { words } from "../i18n";
import { Age } from "../shared/age";
import { Icon } from "../shared/icon";
import { Nothing } from "../shared/nothing";
import { visible } from "../shared/visible";
import { openedRule } from "../view";
import { tab } from "./actions";
import { loadVersions } from "./ask";
import { Difference } from "./difference";
import type { RuleVersion } from "./protocol";
import { ask, made } from "./publishing";
import { NEW, setText } from "./store";
import { shortVersion } from "./titles";

export function Versions() {
  const name = openedRule.value ?? "";
  const versions = useSignal<readonly RuleVersion[] | null>(null);
  const failed = useSignal(false);
  const open = useSignal<number | null>(null);
  const said = words.value.rules.versions;
  const newest = made.value;
  useEffect(() => {
    if (name === NEW) {
      versions.value = [];
      return;
    }
    let gone = false;
    loadVersions(name).then(
      (answer) => {
        if (gone) return;
        versions.value = answer.versions;
        failed.value = false;
      },
      () => {
        if (!gone) failed.value = true;
      },
    );
    return () => {
      gone = true;
    };
  }, [name, newest]);
  const all = versions.value;
  if (failed.value && all === null) return <Nothing what={said.failed} why="" />;
  if (all === null) return <Nothing what={words.value.rules.loading} why="" />;
  if (all.length === 0) return <Nothing what={said.none} why={said.noneWhy} />;
  return (
    <ol class="versions">
      {all.map((version, index) => (
        <Version
          key={`${version.version}:${index}`}
          version={version}
          before={all[index + 1] ?? null}
          open={open.value === index}
          onToggle={() => {
            open.value = open.value === index ? null : index;
          }}
        />
      ))}
    </ol>
  );
}

interface Props {
  readonly version: RuleVersion;
  readonly before: RuleVersion | null;
  readonly open: boolean;
  readonly onToggle: () => void;
}

function Version({ version, before, open, onToggle }: Props) {
  const said = words.value.rules.versions;
  const source = (said.source as Readonly<Record<string, string>>)[version.source] ?? version.source;
  return (
    <li class={version.current ? "version version-current" : "version"}>
      <p class="version-head">
        <b>{version.author === null ? source : visible(version.author)}</b>
        {version.current ? <span class="tag tag-good">{said.current}</span> : null}
        {version.shadow ? <span class="tag">{said.shadow}</span> : null}
        {version.author !== null && version.source === "restored" ? <span class="tag">{source}</span> : null}
        <code>{shortVersion(version.version)}</code>
        {version.at === null ? null : <Age at={version.at} rough />}
      </p>
      <p class={version.note ? "version-note" : "quiet"}>
        {version.note ? visible(version.note) : said.noNote}
      </p>
      <p class="version-do">
        <button type="button" class="link" aria-expanded={open} onClick={onToggle}>
          <Icon name={open ? "down" : "right"} size={12} /> {open ? said.hide : said.show}
        </button>
        {version.current ? null : (
          <>
            <button type="button" class="link" onClick={() => ask({ what: "restore", version })}>
              {said.restore}
            </button>
            <button
              type="button"
              class="link"
              onClick={() => {
                setText(version.text);
                tab.value = "form";
              }}
            >
              {said.adopt}
            </button>
          </>
        )}
      </p>
      {open ? (
        before === null ? (
          <>
            <p class="quiet">{said.first}</p>
            <Difference before="" after={version.text} />
          </>
        ) : (
          <Difference before={before.text} after={version.text} />
        )
      ) : null}
    </li>
  );
}
