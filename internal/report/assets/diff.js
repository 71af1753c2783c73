// Word-level differences between two texts: Myers' greedy algorithm (1986)
// over words, blanks and single other characters.

const wordPattern = /[\p{L}\p{N}\p{Mn}_]+|\s+|[^]/gu;
const hasWord = /[\p{L}\p{N}\p{Mn}_]/u;
const maxEdits = 1500; // beyond it the texts are shown as replaced

// diffWords gives runs [kind, text]: -1 only before, 0 in both, 1 only after.
function diffWords(before, after) {
  const a = before.match(wordPattern) || [];
  const b = after.match(wordPattern) || [];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let endA = a.length;
  let endB = b.length;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) { endA--; endB--; }
  return joinEdits([
    ...a.slice(0, start).map((w) => [0, w]),
    ...shortestEdits(a.slice(start, endA), b.slice(start, endB)),
    ...a.slice(endA).map((w) => [0, w]),
  ]);
}

function shortestEdits(a, b) {
  const replaced = () => [...a.map((w) => [-1, w]), ...b.map((w) => [1, w])];
  if (!a.length || !b.length) return replaced();
  const max = Math.min(a.length + b.length, maxEdits);
  const origin = max + 1;
  const reach = new Int32Array(2 * max + 3);
  const trace = [];
  for (let d = 0; d <= max; d++) {
    trace.push(reach.slice(origin - d - 1, origin + d + 2));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && reach[origin + k - 1] < reach[origin + k + 1]);
      let x = down ? reach[origin + k + 1] : reach[origin + k - 1] + 1;
      let y = x - k;
      while (x < a.length && y < b.length && a[x] === b[y]) { x++; y++; }
      reach[origin + k] = x;
      if (x >= a.length && y >= b.length) return walkBack(a, b, trace, d);
    }
  }
  return replaced();
}

function walkBack(a, b, trace, d) {
  const edits = [];
  let x = a.length;
  let y = b.length;
  for (; d > 0; d--) {
    const at = (k) => trace[d][k + d + 1];
    const k = x - y;
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1));
    const previous = down ? k + 1 : k - 1;
    const fromX = at(previous);
    const fromY = fromX - previous;
    while (x > fromX && y > fromY) { edits.push([0, a[--x]]); y--; }
    if (down) edits.push([1, b[--y]]);
    else edits.push([-1, a[--x]]);
  }
  while (x > 0) edits.push([0, a[--x]]);
  return edits.reverse();
}

// joinEdits makes changes readable: what is equal between two changes but
// holds no word counts as changed, and neighbouring changes become one
// deletion and one insertion.
function joinEdits(edits) {
  const runs = [];
  for (const [kind, text] of edits) {
    const last = runs[runs.length - 1];
    if (last && last[0] === kind) last[1] += text;
    else runs.push([kind, text]);
  }
  const out = [];
  let gone = "";
  let come = "";
  const flush = () => {
    if (gone) out.push([-1, gone]);
    if (come) out.push([1, come]);
    gone = come = "";
  };
  runs.forEach(([kind, text], i) => {
    if (kind < 0) gone += text;
    else if (kind > 0) come += text;
    else if ((gone || come) && i + 1 < runs.length && !hasWord.test(text)) { gone += text; come += text; }
    else { flush(); out.push([0, text]); }
  });
  flush();
  return out;
}
