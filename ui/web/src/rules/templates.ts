/** Beginnings of new rules: one of each kind, with numbers that mean something. */

import type { RuleKind } from "./protocol";

/** What a new rule of each kind begins as. The name is made one that nobody has. */
const BEGIN: Readonly<Record<RuleKind, string>> = {
  threshold: `- rule: NAME
  title: {vi: "Bụi mịn {pm25:.0f} µg/m³ tại {asset.name}", en: "Fine dust {pm25:.0f} µg/m³ at {asset.name}"}
  severity: minor
  from: sensor
  per: asset
  threshold: {raise: pm25 > 100, for: 60 s, clear: pm25 <= 80, clear_for: 60 s}
`,
  absence: `- rule: NAME
  title: {vi: "Mất tín hiệu: {asset.name}", en: "No word from {asset.name}"}
  severity: minor
  from: sensor
  per: asset
  absence: {after: 10 min}
`,
  window: `- rule: NAME
  title: {vi: "{value:d} lượt người ở {key}", en: "{value:d} people seen in {key}"}
  severity: minor
  from: camera
  where: label = 'person'
  per: zone
  window: {over: 60 s, value: count(*), raise: ">= 20", clear: "< 10"}
`,
  together: `- rule: NAME
  title: {vi: "Khói và nóng: {smoke.name}, {heat.temp_c:.0f} °C", en: "Smoke and heat: {smoke.name}, {heat.temp_c:.0f} °C"}
  severity: critical
  together:
    smoke: {from: camera, where: label = 'smoke' and score >= 0.6}
    heat: {from: sensor, where: temp_c > 60}
    within: 30 s
    near: 200 m
    clear_after: 60 s
`,
  sequence: `- rule: NAME
  title: {vi: "Mở cửa rồi không đóng: {asset.name}", en: "Opened and not closed: {asset.name}"}
  severity: minor
  sequence:
    steps: [{opened: {from: sensor, where: not contact}}]
    not: {closed: {from: sensor, where: contact}}
    within: 5 min
    clear: {from: sensor, where: contact}
`,
  dwell: `- rule: NAME
  title: {vi: "Ở lại lâu tại {key}", en: "Stays long in {key}"}
  severity: minor
  from: camera
  where: label = 'person'
  dwell: {for: 10 min, gone_after: 30 s}
`,
  cluster: `- rule: NAME
  title: {vi: "Nhiều báo động gần {key}", en: "Many alerts near {key}"}
  severity: major
  cluster: {of: [RULE], at_least: 3, near: 300 m, within: 5 min}
`,
  anomaly: `- rule: NAME
  title: {vi: "Bụi mịn {value:.0f} µg/m³ tại {asset.name}, thường là {expected:.0f}", en: "Fine dust {value:.0f} µg/m³ at {asset.name}, usual is {expected:.0f}"}
  severity: minor
  from: sensor
  per: asset
  anomaly: {of: pm25, at_least: 20, clear_for: 1 h}
`,
};

/** The text that a new rule of a kind begins as; `taken` are the names that there are already. */
export function template(kind: RuleKind, taken: ReadonlySet<string>): string {
  let name = `new-${kind}`;
  for (let index = 2; taken.has(name); index += 1) name = `new-${kind}-${index}`;
  const other = [...taken][0] ?? "rule";
  return BEGIN[kind].replace("NAME", name).replace("[RULE]", `[${other}]`);
}
