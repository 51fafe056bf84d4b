/** One line that says what is wrong with the screen itself, the worst first; nothing when all is well. */

import { language, text, words } from "../i18n";
import { city, health, liveness, now } from "../live/store";
import { clock, seconds } from "../shared/format";

type Notice = { readonly tone: "bad" | "warn"; readonly text: string };

function notices(): Notice[] {
  const { live } = words.value;
  const state = liveness.value;
  const at = (instant: number): string => clock(instant, now.value, language.value, city.value?.timezone);
  if (state.state === "lost") {
    return [
      { tone: "bad", text: health.value === null ? live.neverBanner : live.lostBanner(at(state.since)) },
    ];
  }
  const found: Notice[] = (health.value?.messages ?? []).map((message) => ({
    tone: message.severity === "critical" || message.severity === "major" ? "bad" : "warn",
    text: text(message, language.value),
  }));
  if (state.state === "late") {
    found.push({
      tone: "warn",
      text: live.lateBanner(seconds(state.late / 1000, language.value, words.value)),
    });
  }
  if (found.length === 0 && health.value !== null && health.value.state === "degraded") {
    found.push({ tone: "warn", text: live.degraded });
  }
  return found.sort((a, b) => Number(b.tone === "bad") - Number(a.tone === "bad"));
}

export function Banner() {
  const [first, ...others] = notices();
  return (
    <div class="banner-place" role="alert">
      {first === undefined ? null : (
        <p class={`banner banner-${first.tone}`} title={[first, ...others].map((one) => one.text).join("\n")}>
          <span class="banner-text">{first.text}</span>
          {others.length > 0 ? <span class="banner-more">+{others.length}</span> : null}
        </p>
      )}
    </div>
  );
}
