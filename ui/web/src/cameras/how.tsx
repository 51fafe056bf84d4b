/** How a camera is added, where there is none. */

import { words } from "../i18n";

export function How() {
  const said = words.value.cameras;
  return (
    <div class="how">
      <p>{said.howTry}</p>
      <pre>
        <code>ioc camera test rtsp://10.20.0.5/stream1</code>
      </pre>
      <p>{said.howRun}</p>
      <pre>
        <code>ioc camera run</code>
      </pre>
      <p class="quiet">{said.how}</p>
    </div>
  );
}
