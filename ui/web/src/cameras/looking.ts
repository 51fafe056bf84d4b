/** Asks for a camera's newest picture once a second while somebody looks at it, and only then. */

import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Refused } from "../live/commands";
import { loadLive } from "./ask";
import type { Live } from "./protocol";

const EVERY = 1_000;

export interface Looking {
  readonly live: Signal<Live | null>;
  /** The server did not answer. */
  readonly failed: Signal<boolean>;
}

export function useLive(id: string): Looking {
  const live = useSignal<Live | null>(null);
  const failed = useSignal(false);
  useEffect(() => {
    let gone = false;
    let asked = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      clearTimeout(timer);
      if (document.visibilityState !== "visible") return;
      const mine = ++asked;
      const began = performance.now();
      const answer = await loadLive(id).catch((error: unknown) => {
        if (error instanceof Refused) return null;
        throw error;
      });
      // Whoever came back to the page has asked anew meanwhile.
      if (gone || mine !== asked) return;
      if (answer !== null) live.value = answer;
      failed.value = answer === null;
      // Counted from the beginning, so that slow answers do not make it slower still.
      timer = setTimeout(ask, Math.max(100, EVERY - (performance.now() - began)));
    };
    void ask();
    document.addEventListener("visibilitychange", ask);
    return () => {
      gone = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", ask);
    };
  }, [id]);
  return { live, failed };
}
