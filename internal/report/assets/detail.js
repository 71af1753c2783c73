// One case, opened: input and expectation, both answers with their differences,
// scores with reasons, chunks, messages, tool calls, cost and time. Text from
// outside becomes text nodes only.

function el(name, className, ...children) {
  const e = document.createElement(name);
  if (className) e.className = className;
  e.append(...children.filter((c) => c !== null && c !== undefined && c !== ""));
  return e;
}

const scalar = (v) => typeof v !== "object" || v === null;
const asText = (v) => (typeof v === "string" ? v : JSON.stringify(v, null, 2));

// asValue writes a list of plain values a line each, anything else as JSON.
function asValue(v) {
  if (Array.isArray(v) && v.every(scalar)) return el("ul", "", ...v.map((x) => el("li", "", asText(x))));
  return scalar(v) ? asText(v) : el("div", "output code", asText(v));
}

const outcomeSign = { pass: "✓", fail: "✗", error: "!", unscored: "–" };

// marked writes the side of a difference that belongs to kind.
function marked(className, edits, kind) {
  const box = el("div", className);
  for (const [k, text] of edits) {
    if (k === 0) box.append(text);
    else if (k === kind) box.append(el(kind < 0 ? "del" : "ins", "", text));
  }
  return box;
}

function detail(index, pair) {
  const box = el("div", "detail");
  const first = pair.c[0];
  box.append(givens(first));
  const repeats = Math.max(pair.b.length, pair.c.length);
  const view = el("div", "answers");
  const show = (k) => view.replaceChildren(...answer(index, pair.b[k], pair.c[k]));
  if (repeats > 1) box.append(repeatPicker(repeats, show));
  show(0);
  box.append(view);
  return box;
}

function repeatPicker(repeats, show) {
  const group = el("div", "repeats", el("span", "", "answer"));
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "Which of the repeated answers");
  for (let k = 0; k < repeats; k++) {
    const b = el("button", "", String(k + 1));
    b.type = "button";
    b.setAttribute("aria-pressed", String(k === 0));
    b.addEventListener("click", () => {
      show(k);
      for (const other of group.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === b));
    });
    group.append(b);
  }
  return group;
}

// givens are what both sides were asked and what was expected.
function givens(record) {
  const box = el("div", "givens");
  const add = (title, value) => {
    if (value === undefined || value === null) return;
    const dl = el("dl", "");
    const fields = typeof value === "object" && !Array.isArray(value) ? Object.entries(value) : [["", value]];
    for (const [name, v] of fields) dl.append(el("div", "", name ? el("dt", "", name) : null, el("dd", "", asValue(v))));
    box.append(el("section", "", el("h4", "", title), dl));
  };
  add("Input", record.input);
  add("Expected", record.expected);
  add("Metadata", record.metadata);
  const where = [];
  if (record.cluster) where.push("cluster " + record.cluster);
  if (record.line) where.push("line " + record.line + " of the dataset");
  if (where.length) box.append(el("p", "hint", where.join(" · ")));
  return box;
}

// apart reports whether two texts share so few words that marks would only
// get in the way.
function apart(edits) {
  const letters = (kinds) => edits.reduce((n, [kind, text]) => n + (kinds.includes(kind) ? text.length : 0), 0);
  return 2 * letters([0]) < 0.2 * letters([-1, 0, 0, 1]);
}

// answer shows one answer of each side.
function answer(index, before, now) {
  const parts = [];
  const both = index.paired && before && now;
  const equal = both && before.output === now.output;
  let edits = both && !equal ? diffWords(before.output, now.output) : null;
  const unlike = edits !== null && before.output !== "" && now.output !== "" && apart(edits);
  if (unlike) edits = null;
  const sides = el("div", index.paired ? "sides two" : "sides");
  if (index.paired) sides.append(side("Baseline", index.baseline, before, edits, -1, equal, unlike));
  sides.append(side(index.paired ? "Candidate" : "Answer", index.candidate, now, edits, 1, equal, unlike));
  parts.push(sides, scoreTable(index, before, now));
  parts.push(folded(index, "Chunks", before, now, (r) => r.documents, chunks));
  parts.push(folded(index, "Messages", before, now, (r) => r.messages, messages));
  parts.push(folded(index, "Tool calls", before, now, (r) => r.tool_calls, toolCalls));
  parts.push(factTable(index, before, now));
  return parts.filter(Boolean);
}

function side(title, version, record, edits, kind, equal, unlike) {
  const head = el("h4", "", title, " ", el("code", "", version));
  const box = el("section", kind < 0 ? "side before" : "side now", head);
  if (!record) {
    box.append(el("p", "hint", "The case is not in this run."));
    return box;
  }
  const failed = record.error || record.failure;
  if (failed) {
    const what = record.error ? "error" : "failure";
    box.append(el("p", "problem " + what, el("strong", "", what + ": " + failed.type), " ", failed.status ? "HTTP " + failed.status + " " : "", failed.message));
  }
  if (record.output === "" && !failed) box.append(el("p", "hint", "No text was answered, or it was left out of this report."));
  if (record.output !== "") {
    box.append(edits ? marked("output", edits, kind) : el("div", "output", record.output));
  }
  if (equal && kind > 0 && record.output !== "") box.append(el("p", "hint", "The same words as the baseline."));
  if (unlike && kind > 0) box.append(el("p", "hint", "Almost no word in common with the baseline, so none is marked."));
  box.append(el("p", "line", brief(record)));
  return box;
}

const million = 1e6;
const seconds = (ns) => (ns >= 1e9 ? (ns / 1e9).toFixed(2) + " s" : (ns / million).toFixed(ns < 10 * million ? 1 : 0) + " ms");
const origin = (r) => (r.recorded ? "recorded" : r.cached ? "from the cache" : "called in this run");

// brief is what an answer took, in one line.
function brief(r) {
  const parts = [];
  if (r.timing && r.timing.total) parts.push(seconds(r.timing.total));
  if (r.usage && r.usage.known) parts.push(r.usage.input_tokens + " → " + r.usage.output_tokens + " tokens");
  parts.push(r.cost_usd ? "$" + r.cost_usd : "cost not known", origin(r));
  return parts.join(" · ");
}

function scoreTable(index, before, now) {
  const names = index.evaluators.filter((n) => [before, now].some((r) => r && r.scores && r.scores[n]));
  if (!names.length) return null;
  const table = el("table", "scores");
  table.append(el("thead", "", row("th", "evaluator", index.paired ? "baseline" : null, index.paired ? "candidate" : "score")));
  const body = el("tbody", "");
  for (const name of names) {
    const cells = [el("th", "", name)];
    if (index.paired) cells.push(scoreCell(before, name));
    cells.push(scoreCell(now, name));
    body.append(el("tr", "", ...cells));
  }
  table.append(body);
  return table;
}

function scoreCell(record, name) {
  const s = record && record.scores && record.scores[name];
  if (!s) return el("td", "", "");
  const value = s.value !== undefined && s.value !== null && s.value !== 0 && s.value !== 1 ? " " + Number(s.value.toFixed(4)) : "";
  return el("td", "", el("span", "mark " + s.outcome, outcomeSign[s.outcome] + " " + s.outcome + value),
    s.label ? el("span", "label", s.label) : null, s.reason ? el("span", "reason", s.reason) : null);
}

const row = (cell, ...texts) => el("tr", "", ...texts.filter((t) => t !== null).map((t) => el(cell, "", t)));

// folded shows a list of both sides when it is opened; nothing when both lack it.
function folded(index, title, before, now, pick, build) {
  const a = (before && pick(before)) || [];
  const b = (now && pick(now)) || [];
  if (!a.length && !b.length) return null;
  const equal = index.paired && before && JSON.stringify(a) === JSON.stringify(b);
  const count = !index.paired || equal || a.length === b.length ? String(b.length) : a.length + " → " + b.length;
  const box = el("details", "more", el("summary", "", title + " ", el("span", "count", count + (equal ? ", the same on both sides" : ""))));
  const expected = (now || before).expected;
  box.addEventListener("toggle", () => {
    if (!box.open || box.children.length > 1) return;
    if (!index.paired || equal) box.append(el("div", "sides", build(b, null, 1, expected)));
    else box.append(el("div", "sides two", build(a, b, -1, expected), build(b, a, 1, expected)));
  });
  return box;
}

// strings collects every text in a value.
function strings(v, into = new Set()) {
  if (typeof v === "string") into.add(v);
  else if (v && typeof v === "object") Object.values(v).forEach((x) => strings(x, into));
  return into;
}

function chunks(list, other, kind, expected) {
  const wanted = strings(expected);
  const known = new Set((other || list).map((d) => d.id));
  const box = el("ol", "chunks");
  for (const d of list) {
    const only = known.has(d.id) ? null : el("span", "only", kind < 0 ? "not at the candidate" : "not at the baseline");
    const range = d.end ? " bytes " + (d.start || 0) + "–" + d.end : "";
    box.append(el("li", "", el("p", "source", el("code", "", d.source || d.id), el("span", "score", d.score.toFixed(3)), only,
        wanted.has(d.source) || wanted.has(d.id) ? el("span", "wanted", "✓ expected") : null),
      range || (d.source && d.source !== d.id) ? el("p", "hint", (d.source !== d.id ? d.id : "") + range) : null,
      el("div", "output", d.content || "")));
  }
  if (!list.length) box.append(el("li", "hint", "none"));
  return box;
}

function messages(list, other, kind) {
  const box = el("ol", "messages");
  list.forEach((m, i) => {
    const twin = other && other[i] && other[i].role === m.role ? other[i] : null;
    const edits = twin && twin.content !== m.content ? (kind < 0 ? diffWords(m.content, twin.content) : diffWords(twin.content, m.content)) : null;
    box.append(el("li", "", el("p", "source", el("code", "", m.role), m.name ? el("span", "", m.name) : null),
      edits ? marked("output", edits, kind) : el("div", "output", m.content),
      m.tool_calls ? toolCalls(m.tool_calls) : null));
  });
  return box;
}

function toolCalls(list) {
  const box = el("ol", "messages");
  for (const c of list) {
    box.append(el("li", "", el("p", "source", el("code", "", c.name), c.id ? el("span", "hint", c.id) : null),
      c.arguments === undefined ? null : el("div", "output code", asText(c.arguments)),
      c.result === undefined ? null : el("div", "output code", "→ " + asText(c.result))));
  }
  return box;
}

// factTable is everything that was measured about an answer.
function factTable(index, before, now) {
  const facts = [
    ["model", (r) => r.model],
    ["time", (r) => r.timing && r.timing.total && seconds(r.timing.total)],
    ["to the first token", (r) => r.timing && r.timing.ttft && seconds(r.timing.ttft)],
    ["tokens in", (r) => r.usage.known && r.usage.input_tokens + (r.usage.cached_tokens ? " (" + r.usage.cached_tokens + " cached)" : "")],
    ["tokens out", (r) => r.usage.known && r.usage.output_tokens + (r.usage.reasoning_tokens ? " (" + r.usage.reasoning_tokens + " reasoning)" : "")],
    ["cost", (r) => r.cost_usd && "$" + r.cost_usd],
    ["finish reason", (r) => r.finish_reason],
    ["attempts", (r) => r.attempts],
    ["answer", origin],
    ["call", (r) => r.call],
  ];
  const body = el("tbody", "");
  for (const [name, read] of facts) {
    const values = (index.paired ? [before, now] : [now]).map((r) => (r && read(r)) || "");
    if (values.some((v) => v !== "")) body.append(el("tr", "", el("th", "", name), ...values.map((v) => el("td", "", String(v)))));
  }
  const table = el("table", "scores measured", el("thead", "", row("th", "", index.paired ? "baseline" : null, index.paired ? "candidate" : "answer")), body);
  return el("details", "more", el("summary", "", "Cost, tokens and time"), table);
}
