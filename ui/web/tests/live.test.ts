import { describe, expect, test, vi } from "vitest";
import { judge, LOST_AFTER, reported, type Signs } from "../src/live/liveness";
import { follow, pause, type Surroundings } from "../src/live/socket";
import { byMinute, MINUTE, Trend } from "../src/live/trend";

describe("whether the screen can be believed", () => {
  const well: Signs = {
    openedAt: 0,
    heardAt: 99_900,
    now: 100_000,
    late: 200,
    blind: null,
  };

  test("a feed that speaks and a city that speaks are live", () => {
    expect(judge(well)).toEqual({ state: "live", late: 200 });
  });

  test("a feed that is silent for more than three seconds is lost, since it last spoke", () => {
    expect(judge({ ...well, heardAt: 100_000 - LOST_AFTER - 1 })).toEqual({ state: "lost", since: 96_999 });
  });

  test("a city that is blind, as the server judges, is never live", () => {
    expect(judge({ ...well, blind: { since: 40_000 } })).toEqual({ state: "blind", since: 40_000 });
    expect(judge({ ...well, blind: { since: null }, late: 9_000 })).toEqual({ state: "blind", since: null });
  });

  test("a lost feed is never called blind", () => {
    expect(judge({ ...well, heardAt: 0, blind: { since: 0 } }).state).toBe("lost");
  });

  test("a line that is seconds behind is late", () => {
    expect(judge({ ...well, late: 4_000 })).toEqual({ state: "late", late: 4_000 });
  });

  test("before the first message the page connects, and after three seconds it says that it cannot", () => {
    expect(judge({ ...well, heardAt: null, now: 1_000 }).state).toBe("connecting");
    expect(judge({ ...well, heardAt: null, now: 4_000 }).state).toBe("lost");
  });
});

describe("health", () => {
  const health = {
    state: "ok",
    messages: [],
    blind: null,
    processes: { "ingest:0": { events_per_s: "12.5", last_event_at: 7 } },
  };

  test("numbers are read from whichever process has the name", () => {
    expect(reported(health, "ingest", "events_per_s")).toBe(12.5);
    expect(reported(health, "ingest", "nothing")).toBeUndefined();
    expect(reported(health, "rules", "lag_s")).toBeUndefined();
  });
});

describe("connecting again", () => {
  test("pauses grow from half a second to five, spread by chance", () => {
    for (const failures of [1, 2, 5, 50]) {
      expect(pause(failures, 0)).toBe(500);
      expect(pause(failures, 0.999)).toBeLessThanOrEqual(5_000);
    }
    expect(pause(1, 0.999)).toBeLessThan(pause(4, 0.999));
  });

  function stand() {
    const sockets: {
      onmessage?: (event: { data: string }) => void;
      onclose?: () => void;
      close: () => void;
    }[] = [];
    const timers: { after: number; then: () => void; off: boolean }[] = [];
    const around: Surroundings = {
      open: () => {
        const socket = { close: vi.fn() };
        sockets.push(socket);
        return socket as never;
      },
      random: () => 0,
      after: (after, then) => {
        const timer = { after, then, off: false };
        timers.push(timer);
        return () => {
          timer.off = true;
        };
      },
    };
    const due = () => timers.filter((timer) => !timer.off);
    return { sockets, due, around };
  }

  test("a closed feed is opened again, and a message ends the growing of pauses", () => {
    const { sockets, due, around } = stand();
    const heard = vi.fn();
    follow("ws://here", { message: heard, closed: vi.fn() }, around);
    sockets[0]?.onmessage?.({ data: '{"type":"delta"}' });
    expect(heard).toHaveBeenCalledOnce();
    sockets[0]?.onclose?.();
    due().at(-1)?.then();
    expect(sockets).toHaveLength(2);
  });

  test("a feed that is silent too long is given up although the network says nothing", () => {
    const { sockets, due, around } = stand();
    const closed = vi.fn();
    follow("ws://here", { message: vi.fn(), closed }, around);
    due().at(-1)?.then();
    expect(sockets[0]?.close).toHaveBeenCalled();
    expect(closed).toHaveBeenCalledOnce();
    sockets[0]?.onclose?.();
    expect(closed).toHaveBeenCalledOnce();
  });

  test("whoever leaves does not come back", () => {
    const { sockets, due, around } = stand();
    const stop = follow("ws://here", { message: vi.fn(), closed: vi.fn() }, around);
    stop();
    sockets[0]?.onclose?.();
    expect(due()).toEqual([]);
    expect(sockets).toHaveLength(1);
  });
});

describe("the last hour", () => {
  test("incidents are counted in the minute in which they were raised", () => {
    const now = 100 * MINUTE + 30_000;
    const { at, count } = byMinute(
      [100 * MINUTE, 100 * MINUTE + 1, 99 * MINUTE, 40 * MINUTE, 200 * MINUTE],
      now,
    );
    expect(count).toHaveLength(60);
    expect(count.slice(-2)).toEqual([1, 2]);
    expect(count.reduce((sum, one) => sum + one)).toBe(3);
    expect(at.at(-1)).toBe(100 * MINUTE);
  });

  test("samples older than the span fall out, gaps stay gaps", () => {
    const trend = new Trend(1_000);
    trend.add(0, 1);
    trend.add(900, null);
    trend.add(1_500, 3);
    expect([trend.at, trend.values, trend.latest]).toEqual([[900, 1_500], [null, 3], 3]);
  });
});
