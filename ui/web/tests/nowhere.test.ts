import { expect, test } from "vitest";
import { withoutPlace } from "../src/list/order";
import type { Incident } from "../src/live/protocol";

const some = (id: string, over: Partial<Incident>): Incident =>
  ({
    id,
    severity: "minor",
    condition: "active",
    work_state: "new",
    raised_at: 0,
    lat: null,
    lon: null,
    ...over,
  }) as Incident;

test("an open incident that has no place is told of, the worst first", () => {
  const found = withoutPlace([
    some("placed", { lat: 11.9, lon: 108.4 }),
    some("minor", {}),
    some("over", { condition: "cleared", work_state: "resolved" }),
    some("critical", { severity: "critical" }),
  ]);
  expect(found.map((incident) => incident.id)).toEqual(["critical", "minor"]);
});
