/** The first bytes of a message, as text where they are text, and as hexadecimal. */

import { useSignal } from "@preact/signals";
import { language, words } from "../i18n";
import type { RejectedGroup } from "../live/protocol";
import { number } from "../shared/format";
import { visibleLines } from "../shared/visible";
import { bytesOf, hexLines, readable } from "./bytes";

/** Bytes on a line: as many as the panel is wide. */
const width = (): number => (window.innerWidth < 640 ? 8 : 16);

export function FirstBytes({ group }: { group: RejectedGroup }) {
  const asHex = useSignal(group.text === null);
  const words_ = words.value.rejected;
  const bytes = bytesOf(group.start);
  const say = (figure: number): string => number(figure, language.value);
  return (
    <section class="panel-part">
      <h3 class="bytes-head">
        {words_.first}
        <span class="quiet">
          {group.size > bytes.length
            ? words_.firstOf(say(bytes.length), say(group.size))
            : words_.bytes(say(group.size))}
        </span>
        {bytes.length === 0 || group.text === null ? null : (
          <span class="switch">
            {[false, true].map((hex) => (
              <button
                key={String(hex)}
                type="button"
                aria-pressed={asHex.value === hex}
                onClick={() => {
                  asHex.value = hex;
                }}
              >
                {hex ? words_.hex : words_.text}
              </button>
            ))}
          </span>
        )}
      </h3>
      {bytes.length === 0 ? (
        <p class="quiet">{words_.noBytes}</p>
      ) : asHex.value || group.text === null ? (
        <Hex bytes={bytes} />
      ) : (
        <pre class="bytes">{visibleLines(readable(group.text))}</pre>
      )}
    </section>
  );
}

function Hex({ bytes }: { bytes: Uint8Array }) {
  const across = width();
  return (
    <pre class="bytes bytes-hex">
      {hexLines(bytes, across).map((line) => (
        <span key={line.offset}>
          <i>{line.offset}</i>
          {` ${line.hex.padEnd(across * 3 - 1)} `}
          <b>{line.letters}</b>
          {"\n"}
        </span>
      ))}
    </pre>
  );
}
