/** The editor of YAML: CodeMirror, with the mistakes where they stand and what may be written at the cursor. */

import {
  acceptCompletion,
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { EditorState, RangeSetBuilder, type Text } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { type Offer, offers } from "./complete";
import { placeAt } from "./place";
import type { Mistake, RuleWords } from "./protocol";

export interface Editor {
  setText(text: string): void;
  setMistakes(mistakes: readonly Mistake[]): void;
  goTo(line: number, column: number): void;
  /** Keep the cursor in sight where the place for the editor has become smaller. */
  reveal(): void;
  destroy(): void;
}

interface Wishes {
  readonly text: string;
  readonly label: string;
  readonly onChange: (text: string) => void;
  /** What may be written; null while it is not known. */
  readonly words: () => RuleWords | null;
  readonly language: () => "vi" | "en";
}

const LOOK = EditorView.theme({
  "&": { height: "100%", fontSize: "13px", color: "var(--text)", backgroundColor: "var(--ground)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    fontFamily: 'ui-monospace, "Cascadia Mono", "SF Mono", Menlo, Consolas, monospace',
    lineHeight: "1.6",
  },
  ".cm-content": { caretColor: "var(--accent)", padding: "8px 0" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  ".cm-gutters": {
    backgroundColor: "var(--ground)",
    color: "var(--secondary)",
    border: "none",
    fontVariantNumeric: "tabular-nums",
  },
  ".cm-activeLine, .cm-activeLineGutter": {
    backgroundColor: "color-mix(in srgb, var(--accent) 7%, transparent)",
  },
  ".cm-activeLineGutter": { color: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--accent) 28%, transparent)",
  },
  "&.cm-focused .cm-matchingBracket": {
    backgroundColor: "color-mix(in srgb, var(--accent) 20%, transparent)",
    outline: "none",
  },
  ".cm-tooltip": {
    border: "1px solid var(--line)",
    borderRadius: "6px",
    backgroundColor: "var(--surface)",
    color: "var(--text)",
    boxShadow: "var(--float)",
    overflow: "hidden",
  },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "inherit", maxHeight: "240px" },
  ".cm-tooltip-autocomplete > ul > li": { padding: "4px 8px", lineHeight: "1.4" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "color-mix(in srgb, var(--accent) 22%, var(--surface))",
    color: "var(--text)",
  },
  ".cm-completionDetail": { color: "var(--secondary)", fontStyle: "normal", marginLeft: "12px" },
  ".cm-completionMatchedText": { textDecoration: "none", color: "var(--accent)", fontWeight: "600" },
  ".cm-completionInfo": { padding: "8px 12px", maxWidth: "280px" },
  ".cm-diagnostic": { padding: "6px 10px", borderLeft: "3px solid var(--critical)", fontFamily: "inherit" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--critical) 1.5px",
    textUnderlineOffset: "3px",
    textDecorationSkipInk: "none",
  },
  ".cm-gutter-lint": { width: "12px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0 0 0 3px" },
  ".cm-lint-marker-error": {
    content: '""',
    width: "7px",
    height: "7px",
    marginTop: "7px",
    borderRadius: "50%",
    backgroundColor: "var(--critical)",
  },
});

const COLOURS = HighlightStyle.define([
  { tag: [tags.definition(tags.propertyName), tags.propertyName], color: "var(--accent)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: [tags.lineComment, tags.comment], color: "var(--secondary)", fontStyle: "italic" },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: "var(--secondary)" },
  { tag: [tags.keyword, tags.typeName, tags.labelName], color: "var(--minor)" },
]);

/** Lines that are too long go on beneath their own beginning, not beneath the margin. */
const HANGING = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;

    constructor(view: EditorView) {
      this.decorations = hanging(view);
    }

    update(update: ViewUpdate): void {
      if (update.docChanged || update.viewportChanged) this.decorations = hanging(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

/** The space that CodeMirror leaves before a line, pixels. */
const BEFORE_LINE = 6;

function hanging(view: EditorView): DecorationSet {
  const made = new RangeSetBuilder<Decoration>();
  for (const { from, to } of view.visibleRanges) {
    for (let at = from; at <= to; ) {
      const line = view.state.doc.lineAt(at);
      const indent = /^[ -]*/.exec(line.text)?.[0].length ?? 0;
      const style = `text-indent:-${indent + 2}ch;padding-left:calc(${indent + 2}ch + ${BEFORE_LINE}px)`;
      made.add(line.from, line.from, Decoration.line({ attributes: { style } }));
      at = line.to + 1;
    }
  }
  return made.finish();
}

export function createEditor(parent: HTMLElement, wishes: Wishes): Editor {
  let telling = true;
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: wishes.text,
      extensions: [
        lineNumbers(),
        lintGutter(),
        highlightActiveLineGutter(),
        highlightActiveLine(),
        history(),
        drawSelection(),
        indentUnit.of("  "),
        EditorState.tabSize.of(2),
        EditorView.lineWrapping,
        HANGING,
        bracketMatching(),
        yaml(),
        syntaxHighlighting(COLOURS),
        autocompletion({
          override: [(context) => complete(context, wishes)],
          icons: false,
          maxRenderedOptions: 60,
        }),
        keymap.of([
          ...completionKeymap,
          // Tab takes what is offered and otherwise leaves the editor, as everywhere on the page.
          { key: "Tab", run: acceptCompletion },
          { key: "Mod-]", run: indentMore },
          { key: "Mod-[", run: indentLess },
          ...lintKeymap,
          ...historyKeymap,
          ...defaultKeymap,
        ]),
        LOOK,
        EditorView.contentAttributes.of({ "aria-label": wishes.label, spellcheck: "false" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && telling) wishes.onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    setText(text) {
      const now = view.state.doc.toString();
      if (text === now) return;
      telling = false;
      view.dispatch({ changes: changed(now, text) });
      telling = true;
    },
    setMistakes(mistakes) {
      const found = mistakes.map((one) => diagnostic(view.state.doc, one));
      view.dispatch(setDiagnostics(view.state, found));
    },
    goTo(line, column) {
      const at = position(view.state.doc, line, column);
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
      view.focus();
    },
    reveal() {
      if (view.hasFocus)
        view.dispatch({ effects: EditorView.scrollIntoView(view.state.selection.main.head) });
    },
    destroy: () => view.destroy(),
  };
}

/** The one stretch that differs, so that the cursor and what can be undone stay where they were. */
function changed(before: string, after: string): { from: number; to: number; insert: string } {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  ) {
    end += 1;
  }
  return { from: start, to: before.length - end, insert: after.slice(start, after.length - end) };
}

function position(doc: Text, line: number, column: number): number {
  const here = doc.line(Math.min(doc.lines, Math.max(1, line)));
  return Math.min(here.to, here.from + Math.max(0, column - 1));
}

/** A mistake under the word that it is about; one without a place is under the first line. */
function diagnostic(doc: Text, mistake: Mistake): Diagnostic {
  const line = doc.line(Math.min(doc.lines, Math.max(1, mistake.line ?? 1)));
  const from = position(doc, mistake.line ?? 1, mistake.column ?? 1);
  const rest = doc.sliceString(from, line.to);
  const word = /^[\p{L}\p{N}_.]+|^\S/u.exec(rest)?.[0].length ?? 0;
  const to = word > 0 ? from + word : line.to;
  return { from: Math.min(from, to), to, severity: "error", message: mistake.sentence };
}

function complete(context: CompletionContext, wishes: Wishes): CompletionResult | null {
  const words = wishes.words();
  if (words === null) return null;
  const place = placeAt(context.state.doc.sliceString(0, context.pos));
  const word = context.matchBefore(/[\w']+/);
  if (word === null && !context.explicit && place.of !== null && place.begun !== "") return null;
  if (word === null && !context.explicit && place.of === null) return null;
  const fitting = offers(place, words, wishes.language());
  if (fitting.length === 0) return null;
  return { from: word?.from ?? context.pos, options: fitting.map(completion), validFor: /^[\w']*$/ };
}

const RANK: Readonly<Record<Offer["kind"], number>> = {
  key: 0,
  word: 0,
  quantity: 2,
  column: 1,
  function: 0,
};

function completion(offer: Offer): Completion {
  return {
    label: offer.label,
    detail: offer.detail,
    boost: RANK[offer.kind],
    ...(offer.help === "" ? {} : { info: offer.help }),
    ...(offer.writes === undefined ? {} : { apply: offer.writes }),
  };
}
