// The list of cases: filters, search, keys, links to one case. Rows are added
// as they come into view; a case's data are unpacked when it is opened.

const index = JSON.parse(document.getElementById("index").textContent);
const list = document.getElementById("list");
const state = { filter: "all", evaluator: "", tag: "", words: "", shown: [], rendered: 0, at: -1 };
const step = 80; // rows added at a time
const byId = new Map(index.cases.map((c, i) => [c.i, i]));

// --- standing of a case -----------------------------------------------------

const worse = (p, j, q, k) => j > 0 && k > 0 && p * k < q * j;
const watched = () => (state.evaluator === "" ? index.evaluators.map((_, i) => i) : [Number(state.evaluator)]);

const standings = {
  all: { title: "All", test: () => true },
  regressed: { title: "Regressed", test: (c) => watched().some((e) => { const [bp, bj, , cp, cj] = c.m[e]; return worse(cp, cj, bp, bj); }) },
  improved: { title: "Improved", test: (c) => watched().some((e) => { const [bp, bj, , cp, cj] = c.m[e]; return worse(bp, bj, cp, cj); }) },
  failed: { title: "Failed", test: (c) => watched().some((e) => c.m[e][3] < c.m[e][4]) },
  error: { title: "Error", test: (c) => (state.evaluator === "" ? Boolean(c.e) : watched().some((e) => c.m[e][2] + c.m[e][5] > 0)) },
  unscored: { title: "Unscored", test: (c) => !standings.error.test(c) && watched().every((e) => c.m[e][4] === 0) },
};
const names = Object.keys(standings).filter((n) => index.paired || (n !== "regressed" && n !== "improved"));
const glyphs = { regressed: "▼", improved: "▲", failed: "✗", error: "!", unscored: "–", passed: "✓" };
const headline = (c) => ["error", "regressed", "improved", "failed", "unscored"].find((n) => standings[n].test(c)) || "passed";

// --- data -------------------------------------------------------------------

const blocks = new Map();

// block unpacks the cases of one block: base64, gzip, JSON.
function block(n) {
  if (!blocks.has(n)) {
    const packed = atob(document.getElementById("block-" + n).textContent);
    const bytes = Uint8Array.from(packed, (c) => c.charCodeAt(0));
    const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    blocks.set(n, new Response(plain).json());
    if (blocks.size > 8) blocks.delete(blocks.keys().next().value);
  }
  return blocks.get(n);
}

const load = async (i) => (await block(Math.floor(i / index.block)))[i % index.block];

// --- search -----------------------------------------------------------------

const haystacks = [];
let reading = null;

function haystack(entry, pair) {
  const parts = [entry.i, ...(entry.t || []).map((t) => index.tags[t]), JSON.stringify(pair.c[0].input || ""), JSON.stringify(pair.c[0].expected || "")];
  for (const r of [...pair.b, ...pair.c]) {
    parts.push(r.output, ...Object.values(r.scores || {}).map((s) => (s.label || "") + " " + (s.reason || "")));
    if (r.error) parts.push(r.error.type, r.error.message);
    if (r.failure) parts.push(r.failure.type, r.failure.message);
  }
  return parts.join("\n").toLowerCase();
}

// readAll unpacks every block once, for the search, without holding up the page.
async function readAll() {
  for (let n = 0; n * index.block < index.cases.length; n++) {
    const pairs = await block(n);
    pairs.forEach((pair, k) => { haystacks[n * index.block + k] = haystack(index.cases[n * index.block + k], pair); });
    count("searching, " + Math.round((100 * (n + 1) * index.block) / index.cases.length) + " %");
    await new Promise((done) => setTimeout(done));
  }
}

// --- list -------------------------------------------------------------------

function count(text) { document.getElementById("count").textContent = text; }

async function refresh() {
  const asked = state.words;
  const words = asked.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length) {
    reading = reading || readAll();
    await reading;
    if (asked !== state.words) return; // another search has been typed since
  }
  const tag = state.tag === "" ? -1 : Number(state.tag);
  const inScope = (c, i) => (tag < 0 || (c.t || []).includes(tag)) && words.every((w) => haystacks[i].includes(w));
  const scope = index.cases.map((c, i) => i).filter((i) => inScope(index.cases[i], i));
  for (const button of document.querySelectorAll(".filters button")) {
    const test = standings[button.dataset.name].test;
    button.querySelector(".n").textContent = scope.filter((i) => test(index.cases[i])).length;
    button.setAttribute("aria-pressed", String(button.dataset.name === state.filter));
  }
  state.shown = scope.filter((i) => standings[state.filter].test(index.cases[i]));
  state.rendered = 0;
  state.at = -1;
  list.replaceChildren();
  more();
  count(state.shown.length === index.cases.length ? index.cases.length + " cases" : state.shown.length + " of " + index.cases.length + " cases");
}

function more(until = 0) {
  const end = Math.min(state.shown.length, Math.max(state.rendered + step, until));
  const rows = document.createDocumentFragment();
  for (; state.rendered < end; state.rendered++) rows.append(item(state.shown[state.rendered], state.rendered));
  list.append(rows);
}

const share = (p, j, e) => (j === 0 ? (e ? "!" : "–") : j === 1 ? (p ? "✓" : "✗") : p + "/" + j);

function chip(name, m) {
  const [bp, bj, be, cp, cj, ce] = m;
  if (bj + be + cj + ce === 0) return null;
  const now = share(cp, cj, ce);
  const before = share(bp, bj, be);
  const moved = index.paired && bj + be > 0 && before !== now;
  const kind = ce ? "error" : cj === 0 ? "unscored" : cp < cj ? "fail" : "pass";
  return el("span", "chip " + kind, name + " ", el("b", "", moved ? before + "→" + now : now));
}

function item(i, at) {
  const c = index.cases[i];
  const kind = headline(c);
  const sign = el("span", "glyph " + kind, glyphs[kind]);
  sign.title = kind;
  const button = el("button", "row", sign, el("span", "hidden", kind + ": "), el("span", "id", c.i), el("span", "preview", c.p || ""),
    el("span", "chips", ...index.evaluators.map((name, e) => chip(name, c.m[e])), ...(c.t || []).map((t) => el("span", "tag", index.tags[t]))));
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  const li = el("li", "case", button);
  li.id = "case-" + c.i;
  li.dataset.case = i;
  button.addEventListener("click", () => { state.at = at; toggle(li, i); });
  button.addEventListener("focus", () => { state.at = at; });
  return li;
}

async function toggle(li, i, open = li.children.length < 2) {
  const button = li.firstChild;
  button.setAttribute("aria-expanded", String(open));
  if (!open) { if (li.children[1]) li.children[1].remove(); return; }
  if (li.children.length > 1) return;
  const holder = el("div", "open");
  li.append(holder);
  history.replaceState(null, "", "#case-" + encodeURIComponent(index.cases[i].i));
  try {
    holder.append(detail(index, await load(i)));
  } catch (e) {
    holder.append(el("p", "problem error", "This browser could not unpack the case: " + e.message));
  }
}

// --- moving about -----------------------------------------------------------

function move(by) {
  const to = Math.min(state.shown.length - 1, Math.max(0, state.at + by));
  if (to < 0) return;
  if (to >= state.rendered) more(to + 1);
  state.at = to;
  const button = list.children[to].firstChild;
  button.focus({ preventScroll: true });
  button.scrollIntoView({ block: "nearest" });
}

function choose(filter) { state.filter = filter; return refresh(); }

// follow opens the case that the address names, whatever is filtered.
async function follow() {
  let id = location.hash;
  if (!id.startsWith("#case-")) return;
  try { id = decodeURIComponent(id.slice(6)); } catch { id = id.slice(6); }
  const i = byId.get(id);
  if (i === undefined) return;
  if (!state.shown.includes(i)) {
    state.filter = "all"; state.evaluator = state.tag = state.words = "";
    for (const name of ["evaluator", "tag", "search"]) document.getElementById(name).value = "";
    await refresh();
  }
  const at = state.shown.indexOf(i);
  if (at >= state.rendered) more(at + 1);
  state.at = at;
  const li = list.children[at];
  await toggle(li, i, true);
  li.scrollIntoView({ block: "start" });
  li.firstChild.focus({ preventScroll: true });
}

// --- theme ------------------------------------------------------------------

function theme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try { localStorage.setItem("assay-theme", root.dataset.theme); } catch { /* a page in a file may not store */ }
}

// --- start ------------------------------------------------------------------

function fill(select, all, texts) {
  select.append(new Option(all, ""), ...texts.map((t, i) => new Option(t, i)));
  select.closest("label").hidden = texts.length === 0;
}

function start() {
  try { const kept = localStorage.getItem("assay-theme"); if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept; } catch { /* as above */ }
  const filters = document.querySelector(".filters");
  for (const name of names) {
    const b = el("button", name, name === "all" ? null : el("span", "glyph " + name, glyphs[name]), standings[name].title + " ", el("span", "n"));
    b.type = "button";
    b.dataset.name = name;
    b.addEventListener("click", () => choose(name));
    filters.append(b);
  }
  fill(document.getElementById("evaluator"), "any", index.evaluators);
  fill(document.getElementById("tag"), "any", index.tags);
  for (const name of ["evaluator", "tag"]) {
    document.getElementById(name).addEventListener("change", (e) => { state[name] = e.target.value; refresh(); });
  }
  let pause;
  document.getElementById("search").addEventListener("input", (e) => {
    clearTimeout(pause);
    pause = setTimeout(() => { state.words = e.target.value; refresh(); }, 120);
  });
  document.getElementById("theme").addEventListener("click", theme);
  const help = document.getElementById("help");
  document.getElementById("help-open").addEventListener("click", () => help.showModal());
  for (const link of document.querySelectorAll("a[data-filter]")) {
    link.addEventListener("click", () => {
      const set = (name, texts, value) => {
        const at = texts.indexOf(value);
        state[name] = at < 0 ? "" : String(at);
        document.getElementById(name).value = state[name];
      };
      set("evaluator", index.evaluators, link.dataset.evaluator);
      set("tag", index.tags, link.dataset.tag);
      choose(link.dataset.filter);
    });
  }
  addEventListener("hashchange", follow);
  document.addEventListener("keydown", keys);
  const end = document.getElementById("more");
  const watch = new IntersectionObserver((seen) => {
    if (!seen.some((s) => s.isIntersecting) || state.rendered >= state.shown.length) return;
    more();
    watch.unobserve(end); // observed anew it reports again, also where it never left the view
    watch.observe(end);
  }, { rootMargin: "600px" });
  watch.observe(end);
  for (const part of document.querySelectorAll(".toolbar, .tools")) part.hidden = false;
  refresh().then(follow);
}

function keys(e) {
  if (e.ctrlKey || e.metaKey || e.altKey || document.getElementById("help").open) return;
  const search = document.getElementById("search");
  if (e.target === search) {
    if (e.key === "Escape") { search.blur(); if (search.value) { search.value = state.words = ""; refresh(); } }
    if (e.key === "Enter") { e.preventDefault(); move(state.at < 0 ? 1 : 0); }
    return;
  }
  if (e.target.tagName === "SELECT") return;
  const place = names.indexOf(state.filter);
  const actions = {
    j: () => move(1),
    k: () => move(-1),
    f: () => choose(names[(place + 1) % names.length]),
    F: () => choose(names[(place + names.length - 1) % names.length]),
    "/": () => search.focus(),
    t: theme,
    "?": () => document.getElementById("help").showModal(),
  };
  if (actions[e.key]) { e.preventDefault(); actions[e.key](); }
}

start();
