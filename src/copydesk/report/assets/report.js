"use strict";

// The list of documents: search, filters and pages.
function documents(data) {
  const [ID, SOURCE, LANGUAGE, WORDS, SENTENCES, EDITS, SUGGESTIONS, FLAGS, DUPLICATE, SPLIT, PAGE, TITLE] =
    Array.from({ length: 12 }, (_, number) => number);
  const at = (id) => document.getElementById(id);
  const body = at("list").tBodies[0];
  const fields = ["text", "language", "source", "flag", "duplicate", "split", "sort", "open"];
  const most = 300; // choices of a filter
  const sizes = { words: WORDS, sentences: SENTENCES, edits: EDITS, suggestions: SUGGESTIONS };
  let texts = null;
  let page = 0;

  function element(name, text, attributes = {}) {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function choices(id, counts) {
    const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, most);
    for (const [name, count] of sorted) {
      at(id).append(element("option", `${name} (${count.toLocaleString("en")})`, { value: name }));
    }
  }

  function count(names) {
    const counts = new Map();
    for (const row of data.rows) for (const name of names(row)) if (name) counts.set(name, (counts.get(name) || 0) + 1);
    return counts;
  }

  function criteria() {
    return Object.fromEntries(fields.map((id) => [id, id === "open" ? at(id).checked : at(id).value]));
  }

  function matching(want) {
    const words = want.text.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length && !texts) {
      texts = new Map(data.rows.map((row) => [row, `${row[ID]} ${row[TITLE]} ${row[SOURCE]}`.toLowerCase()]));
    }
    const rows = data.rows.filter((row) =>
      (!want.language || row[LANGUAGE] === want.language) &&
      (!want.source || row[SOURCE] === want.source) &&
      (!want.flag || row[FLAGS][want.flag]) &&
      (!want.duplicate || row[DUPLICATE] === want.duplicate) &&
      (!want.split || row[SPLIT] === want.split) &&
      (!want.open || row[SUGGESTIONS]) &&
      words.every((word) => texts.get(row).includes(word)));
    const total = (row) => Object.values(row[FLAGS]).reduce((sum, each) => sum + each, 0);
    const by = want.sort === "flags" ? total : (row) => row[sizes[want.sort]];
    return want.sort ? rows.sort((a, b) => by(b) - by(a)) : rows;
  }

  function cells(row) {
    const name = document.createElement("th");
    name.scope = "row";
    name.append(data.linked ? element("a", row[ID], { href: row[PAGE] }) : element("span", row[ID]));
    if (row[TITLE]) name.append(" ", element("span", row[TITLE], { class: "quiet" }));
    const flags = Object.entries(row[FLAGS]).map(([kind, number]) => `${kind} ${number}`).join(", ");
    const formatted = (value) => (typeof value === "number" ? value.toLocaleString("en") : value);
    const rest = [...row.slice(SOURCE, FLAGS).map(formatted), flags, row[DUPLICATE], row[SPLIT]];
    const line = document.createElement("tr");
    line.append(name, ...rest.map((text) => element("td", text)));
    return line;
  }

  function show() {
    const rows = matching(criteria());
    const pages = Math.max(1, Math.ceil(rows.length / data.perPage));
    page = Math.min(Math.max(page, 0), pages - 1);
    body.replaceChildren(...rows.slice(page * data.perPage, (page + 1) * data.perPage).map(cells));
    const all = data.rows.length;
    const noun = all === 1 ? "document" : "documents";
    at("count").textContent = rows.length === all
      ? `${all.toLocaleString("en")} ${noun}`
      : `${rows.length.toLocaleString("en")} of ${all.toLocaleString("en")} ${noun}`;
    at("position").textContent = `Page ${(page + 1).toLocaleString("en")} of ${pages.toLocaleString("en")}`;
    previous.disabled = page === 0;
    next.disabled = page === pages - 1;
  }

  function search() {
    page = 0;
    const parameters = new URLSearchParams();
    for (const [id, value] of Object.entries(criteria())) if (value) parameters.set(id, String(value));
    history.replaceState(null, "", `#${parameters}`);
    show();
  }

  function readAddress() {
    const parameters = new URLSearchParams(location.hash.slice(1));
    for (const id of fields) {
      if (id === "open") at(id).checked = parameters.has(id);
      else at(id).value = parameters.get(id) || "";
    }
    show();
  }

  choices("language", count((row) => [row[LANGUAGE]]));
  choices("source", count((row) => [row[SOURCE]]));
  choices("flag", count((row) => Object.keys(row[FLAGS])));
  choices("duplicate", count((row) => [row[DUPLICATE]]));
  choices("split", count((row) => [row[SPLIT]]));
  at("sort").options[0].textContent = "corpus order";
  for (const name of [...Object.keys(sizes), "flags"]) at("sort").append(element("option", `most ${name}`, { value: name }));
  const [previous, next] = ["Previous", "Next"].map((label) => element("button", label, { type: "button" }));
  previous.addEventListener("click", () => { page -= 1; show(); });
  next.addEventListener("click", () => { page += 1; show(); });
  at("pager").replaceChildren(previous, at("position"), next);
  at("search").hidden = false;
  at("search").addEventListener("input", search);
  addEventListener("hashchange", readAddress);
  readAddress();
}

// A document: an edit is highlighted on both sides at once; the keys n and p go to the next and the previous edit.
function edits() {
  const links = [...document.querySelectorAll(".clean .edit")];
  const twin = (link) => document.getElementById(link.id.replace(/^(raw|clean)/, (side) => (side === "raw" ? "clean" : "raw")));
  for (const link of document.querySelectorAll(".edit[id]")) {
    const tip = link.dataset.tip || twin(link)?.dataset.tip;
    if (tip && link.matches("a")) {
      link.dataset.tip = tip;
      link.setAttribute("aria-description", tip);
    }
    for (const [event, lit] of [["mouseenter", true], ["focus", true], ["mouseleave", false], ["blur", false]]) {
      link.addEventListener(event, () => twin(link)?.classList.toggle("twin", lit));
    }
  }
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !["n", "p"].includes(event.key) || event.target.matches("input, select")) return;
    const current = links.indexOf(document.activeElement);
    const target = event.key === "n" ? current + 1 : (current < 0 ? links.length : current) - 1;
    links[target]?.focus();
  });
}

// The queue: the keys n and p go from group to group, a accepts, r rejects, w writes a reason, u undoes what was saved last.
function queue(groups) {
  const current = () => groups.findIndex((group) => group.contains(document.activeElement));
  const button = (group, kind) => group?.querySelector(`:scope > form button[value="${kind}"]`);
  const keys = {
    n: () => groups[Math.min(current() + 1, groups.length - 1)]?.focus(),
    p: () => groups[Math.max(current() - 1, 0)]?.focus(),
    a: () => button(groups[current()], "accept")?.click(),
    r: () => button(groups[current()], "reject")?.click(),
    w: () => groups[current()]?.querySelector(":scope > form input[name=reason]")?.focus(),
    u: () => document.querySelector(".saved button")?.click(),
  };
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.matches("input")) groups[current()]?.focus();
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.matches("input, select")) return;
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
  // The group that took the place of the decided one has the focus, or the last group.
  const place = /^#group-(\d+)$/.exec(location.hash);
  if (place) groups[Math.min(Number(place[1]), groups.length - 1)]?.focus();
}

const embedded = document.getElementById("data");
if (embedded) documents(JSON.parse(embedded.textContent));
else if (document.querySelector(".group, .saved")) queue([...document.querySelectorAll(".group")]);
else edits();
