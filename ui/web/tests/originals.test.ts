import { afterEach, describe, expect, test, vi } from "vitest";
import { loadCameras } from "../src/cameras/ask";
import { Refused } from "../src/live/commands";
import { askOriginal, isComplete, troubleOf } from "../src/panel/ask-original";
import { addressOf } from "../src/panel/pictures";

const ID = "person/2026-11-22/cam:1-1795309200123-ab12cd34.jpg";

function answering(body: BodyInit, status = 200) {
  const asked = vi.fn((_path: string, _init?: RequestInit) =>
    Promise.resolve(new Response(body, { status })),
  );
  vi.stubGlobal("fetch", asked);
  return asked;
}

afterEach(() => vi.unstubAllGlobals());

describe("an original", () => {
  test("is asked for by name and with a reason, and never kept", async () => {
    const asked = answering("faces");
    const given = await askOriginal(ID, { who: " Lan ", reason: "Trẻ lạc\n" });
    expect(await given.text()).toBe("faces");
    const [path, init] = asked.mock.calls[0] ?? [];
    expect(path).toBe("/api/pictures/person/2026-11-22/cam%3A1-1795309200123-ab12cd34.jpg/original");
    expect(init).toMatchObject({ method: "POST", cache: "no-store" });
    expect(JSON.parse(String(init?.body))).toEqual({ who: "Lan", reason: "Trẻ lạc" });
  });

  test("is not asked for without both", async () => {
    const asked = answering("faces");
    for (const said of [
      { who: "Lan", reason: "" },
      { who: "Lan", reason: " \n" },
      { who: " ", reason: "Trẻ lạc" },
    ]) {
      expect(isComplete(said)).toBe(false);
      await expect(askOriginal(ID, said)).rejects.toThrow("by name and with a reason");
    }
    expect(asked).not.toHaveBeenCalled();
  });

  test("that is not given says why", async () => {
    const said = { who: "Lan", reason: "Trẻ lạc" };
    const why = (error: unknown) => troubleOf(error as Refused);
    for (const [status, expected] of [
      [403, { why: "refused" }],
      [404, { why: "gone" }],
      [503, { why: "away" }],
      [422, { why: "failed", said: "It was changed." }],
    ] as const) {
      answering(JSON.stringify({ error: { code: "x", what: "It was changed." } }), status);
      expect(await askOriginal(ID, said).catch(why)).toEqual(expected);
    }
    answering("<h1>a proxy's own page</h1>", 502);
    expect(await askOriginal(ID, said).catch(why)).toEqual({ why: "failed", said: "" });
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
    expect(await askOriginal(ID, said).catch(why)).toEqual({ why: "unreachable" });
    expect(troubleOf(new Refused("", 0))).toEqual({ why: "unreachable" });
  });

  test("is offered only where the server says that there are any", async () => {
    for (const [told, offered] of [
      [{ originals: true }, true],
      [{ originals: false }, false],
      [{}, false],
      [{ originals: "yes" }, false],
    ] as const) {
      answering(JSON.stringify({ cameras: [], ...told }));
      expect((await loadCameras([])).originals).toBe(offered);
    }
  });
});

test("a picture's address keeps the parts of its id apart", () => {
  expect(addressOf("scene/2026-11-22/a b?.jpg")).toBe("/api/pictures/scene/2026-11-22/a%20b%3F.jpg");
});
