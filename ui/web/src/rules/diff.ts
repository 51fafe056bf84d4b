/** What differs between two texts, line by line. */

export interface DiffLine {
  readonly mark: " " | "+" | "-";
  readonly text: string;
}

/** Lines of a text of this size are compared; a longer one is shown as wholly new. */
const MOST = 2_000;

/** The shortest way from one text to the other: lines that stay, come and go. */
export function lineDiff(before: string, after: string): DiffLine[] {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  if (old.length > MOST || fresh.length > MOST) {
    return [...old.map(line("-")), ...fresh.map(line("+"))];
  }
  // How many lines the rests of both have in common, from the end.
  const width = fresh.length + 1;
  const common = new Uint16Array((old.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      common[i * width + j] =
        old[i] === fresh[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    const [gone, come] = [old[i], fresh[j]];
    if (gone !== undefined && gone === come) {
      lines.push({ mark: " ", text: gone });
      i += 1;
      j += 1;
    } else if (gone !== undefined && (come === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ mark: "-", text: gone });
      i += 1;
    } else if (come !== undefined) {
      lines.push({ mark: "+", text: come });
      j += 1;
    }
  }
  return lines;
}

const line =
  (mark: "+" | "-") =>
  (text: string): DiffLine => ({ mark, text });

function linesOf(text: string): string[] {
  const trimmed = text.replace(/\r\n/g, "\n").replace(/\n+$/, "");
  return trimmed === "" ? [] : trimmed.split("\n");
}

/** Runs of lines that stay are cut to what lies around a change; a number stands for how many were left out. */
export function around(lines: readonly DiffLine[], context = 2): (DiffLine | number)[] {
  const near = lines.map((_, index) =>
    lines.slice(Math.max(0, index - context), index + context + 1).some((one) => one.mark !== " "),
  );
  const shown: (DiffLine | number)[] = [];
  lines.forEach((one, index) => {
    const last = shown.at(-1);
    if (near[index] === true) shown.push(one);
    else if (typeof last === "number") shown[shown.length - 1] = last + 1;
    else shown.push(1);
  });
  return shown;
}
