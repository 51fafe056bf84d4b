/** The connection to the feed: one websocket, opened again for as long as the page is open. */

import { type Message, readMessage } from "./protocol";

/** The least and the longest pause before another try, milliseconds. */
const SHORTEST = 500;
const LONGEST = 5_000;

/** A feed that is silent for this long is closed and opened anew, milliseconds: the network may be gone unseen. */
const SILENCE = 8_000;

/**
 * How long to wait before another try: growing with each failure, and spread by chance so that
 * fifty screens do not all come back in the same instant.
 *
 * @param failures how many tries in a row have failed, from 1
 * @param chance a number in [0, 1)
 */
export function pause(failures: number, chance: number): number {
  const ceiling = Math.min(LONGEST, SHORTEST * 2 ** Math.min(failures, 10));
  return Math.round(SHORTEST + chance * (ceiling - SHORTEST));
}

export interface FeedListener {
  message(message: Message): void;
  /** The connection is gone; another try follows by itself. */
  closed(): void;
}

/** What the feed needs of the browser; tests give their own. */
export interface Surroundings {
  open(address: string): WebSocket;
  random(): number;
  after(milliseconds: number, then: () => void): () => void;
}

export const browser: Surroundings = {
  open: (address) => new WebSocket(address),
  random: Math.random,
  after: (milliseconds, then) => {
    const timer = setTimeout(then, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Follow the feed at an address until the returned function is called. */
export function follow(address: string, listener: FeedListener, around: Surroundings = browser): () => void {
  let failures = 0;
  let stopped = false;
  let socket: WebSocket | null = null;
  let cancel: () => void = () => {};

  const connect = (): void => {
    const mine = around.open(address);
    socket = mine;
    let done = false;
    const finish = (): void => {
      if (done) return;
      done = true;
      cancel();
      if (stopped) return;
      failures += 1;
      listener.closed();
      cancel = around.after(pause(failures, around.random()), connect);
    };
    const watch = (): void => {
      cancel();
      cancel = around.after(SILENCE, () => {
        mine.close();
        finish();
      });
    };
    watch();
    mine.onmessage = (event: MessageEvent): void => {
      if (done) return;
      watch();
      const message = typeof event.data === "string" ? readMessage(event.data) : null;
      if (message === null) return;
      failures = 0;
      listener.message(message);
    };
    mine.onclose = finish;
    // An error is always followed by a close, and says nothing that the close does not.
  };

  connect();
  return () => {
    stopped = true;
    cancel();
    socket?.close();
  };
}

/** The address of the feed beside the page. */
export function feedAddress(page: Location): string {
  return `${page.protocol === "https:" ? "wss" : "ws"}://${page.host}/ws/live`;
}
