/** What the server says of rules: JSON as docs/http.md describes it. Times are epoch milliseconds. */

import type { Severity, Words } from "../live/protocol";

export const RULE_KINDS = [
  "threshold",
  "absence",
  "window",
  "together",
  "sequence",
  "dwell",
  "cluster",
  "anomaly",
] as const;
export type RuleKind = (typeof RULE_KINDS)[number];

/** What keeps a rule from being read, and where. Lines and columns count from one. */
export interface Mistake {
  readonly line: number | null;
  readonly column: number | null;
  readonly sentence: string;
}

export interface RuleEntry {
  readonly name: string;
  readonly kind: RuleKind | null;
  readonly title: Partial<Words> | string | null;
  readonly severity: Severity | null;
  readonly state: "running" | "shadow" | "broken";
  readonly version: string | null;
  readonly author: string | null;
  readonly at: number | null;
  readonly note: string | null;
  readonly source: string | null;
  readonly from: readonly string[];
  readonly alerts_24h: number;
  /** How many of its alerts hold now. */
  readonly firing: number;
  readonly shadow: { readonly version: string; readonly alerts_24h: number } | null;
  readonly mistakes: readonly Mistake[];
}

export interface RuleList {
  readonly rules: readonly RuleEntry[];
  readonly book: { readonly version: string | null; readonly error: string | null };
  readonly history: {
    readonly since: number | null;
    readonly until: number | null;
    readonly events: number;
  } | null;
}

export interface Timeline {
  readonly name: string;
  readonly where?: string | null;
  readonly ok?: boolean;
  readonly complaints: readonly string[];
}

export interface FullRule extends RuleEntry {
  readonly text: string;
  readonly timelines: readonly Timeline[];
  readonly used_by: readonly string[];
}

/** A number of a rule, and where it stands in the text. */
export interface RuleNumber {
  /** `threshold.raise`, `window.over`: the way to it from the rule's top. */
  readonly param: string;
  readonly value: number;
  readonly operator: string | null;
  readonly unit: string | null;
  readonly line: number;
  readonly column: number;
  readonly end_column: number;
}

export interface CheckedRule {
  readonly name: string;
  readonly kind: RuleKind;
  /** The quantity that the rule is about, where it is about one. */
  readonly quantity: string | null;
  readonly unit: string | null;
  readonly numbers: readonly RuleNumber[];
}

export interface Check {
  readonly ok: boolean;
  readonly mistakes: readonly Mistake[];
  readonly rules: readonly CheckedRule[];
}

export interface RuleWords {
  readonly kinds: readonly string[];
  readonly rule_keys: Readonly<Record<string, readonly string[]>>;
  readonly quantities: Readonly<
    Record<
      string,
      { readonly unit: string | null; readonly type: string; readonly title: Partial<Words> | string | null }
    >
  >;
  readonly functions: readonly {
    readonly name: string;
    readonly takes: unknown;
    readonly gives: string;
    readonly help: Partial<Words> | string | null;
  }[];
  readonly columns: unknown;
  readonly severities: readonly string[];
  readonly zones: unknown;
  readonly sites: unknown;
  readonly areas: unknown;
}

export type Change = "same" | "added" | "gone" | "moved";

export interface WhatIfAlert {
  readonly change: Change;
  readonly key: string;
  readonly name: string | null;
  readonly asset: string | null;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly raised_at: number;
  readonly cleared_at: number | null;
  readonly was: { readonly raised_at: number; readonly cleared_at: number | null } | null;
  readonly numbers: Readonly<Record<string, unknown>>;
}

/** What operators would have had to bear: measures of ISA-18.2. */
export interface Load {
  readonly alerts: number;
  readonly incidents: number;
  readonly per_hour: number;
  readonly peak_10_min: number;
  readonly floods: number;
  readonly share_of_flood_time: number;
}

export interface Histogram {
  readonly quantity: string;
  readonly unit: string | null;
  /** One more than `counts`. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  readonly lines: readonly {
    readonly param: string;
    readonly value: number;
    readonly operator: string | null;
  }[];
}

/** What a draft would have done over a span of the past, beside the rule in force. */
export interface WhatIf {
  readonly since: number;
  readonly until: number;
  readonly events: number;
  readonly took_ms: number;
  readonly rule: string;
  readonly alerts: readonly WhatIfAlert[];
  readonly counts: Readonly<Record<Change, number>>;
  readonly before: Load;
  readonly after: Load;
  readonly by_hour: {
    readonly start: number;
    readonly step_ms: number;
    readonly before: readonly number[];
    readonly after: readonly number[];
  };
  readonly histogram: Histogram | null;
  readonly complaints: readonly string[];
}

export interface WhatIfProblem {
  readonly what: string;
  readonly where?: string | null;
  readonly expected?: string | null;
  readonly mistakes?: readonly Mistake[];
}

export interface WhatIfProgress {
  readonly progress: number;
  readonly doing: Partial<Words> | string | null;
}

export type WhatIfLine =
  | WhatIfProgress
  | { readonly result: WhatIf }
  | { readonly problem: WhatIfProblem | string };

export interface RuleVersion {
  readonly version: string;
  readonly author: string | null;
  readonly at: number;
  readonly note: string | null;
  readonly source: string;
  readonly shadow: boolean;
  readonly current: boolean;
  readonly text: string;
  /** Unified, to the version before. */
  readonly diff: string | null;
}

export interface ShadowAlert {
  readonly rule: string;
  readonly version: string;
  readonly key: string;
  readonly name: string | null;
  readonly raised_at: number;
  readonly cleared_at: number | null;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly numbers: Readonly<Record<string, unknown>>;
}

export interface Published {
  readonly name: string;
  readonly version: string | null;
}
