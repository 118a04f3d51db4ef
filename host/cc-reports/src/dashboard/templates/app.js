"use strict";
// Small helpers for pages that work without them: colours, keys, times that tick, and news as it comes.
(() => {
  const root = document.documentElement;
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

  // Colours: kept for the next page; a browser that keeps nothing is no error.
  const kept = {
    get() { try { return localStorage.getItem("cc-theme"); } catch { return null; } },
    set(value) { try { value ? localStorage.setItem("cc-theme", value) : localStorage.removeItem("cc-theme"); } catch {} },
  };
  const THEMES = [null, "light", "dark"];
  const paint = (theme) => {
    theme ? root.setAttribute("data-theme", theme) : root.removeAttribute("data-theme");
    const button = $("#theme");
    if (button) button.textContent = { light: "Light", dark: "Dark" }[theme] || "Theme";
  };
  const nextTheme = () => {
    const theme = THEMES[(THEMES.indexOf(kept.get()) + 1) % THEMES.length];
    kept.set(theme);
    paint(theme);
  };
  paint(kept.get());

  // Times: "3 min ago" and "for 12 s" go on without asking anybody.
  const span = (seconds) => {
    const s = Math.max(0, Math.floor(seconds));
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min${s < 600 && s % 60 ? ` ${s % 60} s` : ""}`;
    if (s < 86400) return `${Math.floor(s / 3600)} h${Math.floor((s % 3600) / 60) ? ` ${Math.floor((s % 3600) / 60)} min` : ""}`;
    return `${Math.floor(s / 86400)} d`;
  };
  const coarse = (s) => (s < 60 ? "just now" : s < 3600 ? `${Math.floor(s / 60)} min ago` : s < 86400 ? `${Math.floor(s / 3600)} h ago` : `${Math.floor(s / 86400)} d ago`);
  const tick = () => {
    for (const time of $$("time[datetime]")) {
      const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
      if (!Number.isFinite(seconds)) continue;
      const text = time.classList.contains("since") ? span(seconds) : time.classList.contains("ago") ? coarse(seconds) : null;
      if (text !== null && text !== time.textContent) time.textContent = text;
    }
  };

  // Keys.
  const typing = (target) => target.closest("input, select, textarea, [contenteditable]");
  const links = () => $$("[data-row] a.id, #rows a.id").filter((a) => a.offsetParent);
  const step = (by) => {
    const all = links();
    const at = all.indexOf(document.activeElement);
    const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by))];
    if (next) next.focus();
  };
  let going = 0;
  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (Date.now() - going < 1500) {
      going = 0;
      const link = $(`.top nav a[data-go="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    const act = {
      "?": () => $("#keys").showModal(),
      g: () => { going = Date.now(); },
      t: nextTheme,
      j: () => step(1),
      k: () => step(-1),
      n: () => ($("a[rel=next]") || (root.dataset.page === "file" && $("#next")))?.click(),
      p: () => ($("a[rel=prev]") || (root.dataset.page === "file" && $("#prev")))?.click(),
      "/": () => {
        const search = $("#q");
        if (search && search.offsetParent) search.focus();
        else if (root.dataset.page === "file") { location.hash = "#runs"; setTimeout(() => $("#q").focus()); }
        else location.href = `${root.dataset.base}runs#q`;
      },
    }[event.key];
    if (act) { event.preventDefault(); act(); }
  };

  // News: the server says that something changed; the page is asked for again, and what differs is put in its place.
  const keepOpen = (from, to) => {
    const open = $$("details", from).map((d) => d.open);
    const many = $$("details", to);
    if (open.length === many.length) many.forEach((d, i) => { d.open = open[i]; });
  };
  const busy = (element) => element.matches(":has(:popover-open)") || (element.contains(document.activeElement) && typing(document.activeElement));
  const fresh = (element) => { element.classList.add("fresh"); };
  // As the server sent it: what this page did to itself since (ticking times, marks) is no difference.
  const sent = new WeakMap();
  const source = (element) => sent.get(element) ?? element.outerHTML;
  const rows = (now, then) => {
    const old = new Map([...now.children].map((child) => [child.id, child]));
    let at = now.firstElementChild;
    for (const row of [...then.children]) {
      const known = old.get(row.id);
      old.delete(row.id);
      const text = row.outerHTML;
      if (known && source(known) === text) {
        if (known === at) at = at.nextElementSibling;
        else now.insertBefore(known, at);
        continue;
      }
      const put = document.adoptNode(row);
      sent.set(put, text);
      if (known) {
        if (busy(known)) continue;
        const focused = known.contains(document.activeElement);
        if (known === at) at = at.nextElementSibling;
        keepOpen(known, put);
        known.replaceWith(put);
        if (focused) $("a", put)?.focus();
      } else {
        now.insertBefore(put, at);
      }
      fresh(put);
    }
    for (const gone of old.values()) gone.remove();
  };
  const patch = (page) => {
    for (const then of $$("[data-live]", page)) {
      const now = $(`[data-live="${CSS.escape(then.dataset.live)}"]`);
      if (!now || busy(now)) continue;
      const text = then.outerHTML;
      if (source(now) === text) continue;
      const [a, b] = [now, then].map((one) => (one.matches("[data-rows]") ? one : $("[data-rows]", one)));
      if (a && b && a.children.length && b.children.length) {
        rows(a, b);
        sent.set(now, text);
        continue;
      }
      const put = document.adoptNode(then);
      keepOpen(now, put);
      sent.set(put, text);
      $$("[data-row], [data-rows] > *", put).forEach((row) => sent.set(row, row.outerHTML));
      now.replaceWith(put);
    }
    if (page.title !== document.title) document.title = page.title;
    tick();
  };
  const announce = () => {
    const state = $("#run-state");
    if (state && announce.was && announce.was !== state.dataset.state) {
      const say = $("#link .word");
      if (say) say.textContent = `run ${state.dataset.state.replaceAll("_", " ")}`;
    }
    announce.was = state?.dataset.state;
  };
  let asking = false;
  let again = false;
  const refresh = async () => {
    // A page that nobody sees catches up when it is seen.
    if (asking || document.hidden) { again = true; return; }
    asking = true;
    do {
      again = false;
      try {
        const reply = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
        if (reply.ok) patch(new DOMParser().parseFromString(await reply.text(), "text/html"));
        announce();
      } catch { /* the connection's own mark says so */ }
      await new Promise((done) => setTimeout(done, 150));
    } while (again);
    asking = false;
  };
  const listen = () => {
    const about = root.dataset.run ? `?run=${encodeURIComponent(root.dataset.run)}` : "";
    const news = new EventSource(`${root.dataset.base}events${about}`);
    const mark = (on) => {
      const link = $("#link");
      link.classList.toggle("off", !on);
      $(".word", link).textContent = on ? "live" : "no connection";
    };
    let opened = false;
    news.onopen = () => { mark(true); if (opened) refresh(); opened = true; };
    news.onerror = () => mark(false);
    news.addEventListener("change", refresh);
    document.addEventListener("visibilitychange", () => { if (!document.hidden && again) refresh(); });
    addEventListener("pagehide", () => news.close());
  };

  // The file: one sheet at a time, and the list from compact rows.
  const STATES = { running: "run", starting: "begin", waiting: "ask", parked: "park", stop_requested: "stop", stopped: "stop", succeeded: "good", failed: "bad", timed_out: "late", lost: "lost" };
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const visible = (text) => String(text ?? "").replace(/[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, "\ufffd");
  const group = (n) => Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  const lasted = (ms) => (ms < 1e3 ? `${ms} ms` : ms < 6e4 ? `${(ms / 1e3).toFixed(1)} s` : span(ms / 1e3));
  const usd = (n) => (n === null ? "–" : n === 0 ? "0" : n < 0.0001 ? "<0.0001" : n < 0.01 ? n.toFixed(4) : n.toFixed(2));
  const compact = (n) => (n < 1e3 ? `${n}` : n < 1e6 ? `${(n / 1e3).toFixed(n < 1e4 ? 1 : 0)} k` : n < 1e9 ? `${(n / 1e6).toFixed(1)} M` : `${(n / 1e9).toFixed(1)} G`);
  const PAGE = 100;
  const file = () => {
    root.classList.add("scripted");
    const data = JSON.parse($("#data").textContent);
    const known = new Set(data.full);
    const svg = (name) => {
      const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      picture.setAttribute("viewBox", "0 0 12 12");
      picture.setAttribute("aria-hidden", "true");
      const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
      use.setAttribute("href", `#i-${STATES[name] || "dot"}`);
      picture.append(use);
      return picture;
    };
    const runs = data.rows.map(([id, status, role, model, profile, start, took, cost, tokens, write, error, task]) => ({
      id, status: data.statuses[status], role: data.roles[role], model: data.models[model], profile: data.profiles[profile],
      start: start * 1000, took, cost, tokens, write: Boolean(write), error: error || "", task: task || "",
    }));
    const form = $("form.filters");
    const fields = [...form.elements].filter((field) => field.name);
    let page = 1;
    const since = { "1h": 3600e3, "24h": 86400e3, "7d": 604800e3, "30d": 2592000e3 };
    const passes = (run, f, words) =>
      (!f.status || (f.status === "active" ? ["starting", "running", "waiting", "parked", "stop_requested"].includes(run.status) : run.status === f.status)) &&
      (!f.role || run.role === f.role) && (!f.model || run.model === f.model) && (!f.profile || run.profile[0] === f.profile) &&
      (!f.write || (f.write === "yes") === run.write) && (!f.since || data.now * 1000 - run.start <= since[f.since]) &&
      words.every((word) => `${run.id} ${run.role} ${run.model} ${run.profile[1]} ${run.error} ${run.task}`.toLowerCase().includes(word));
    const line = (run) => {
      const id = visible(run.id);
      const label = id.split("-").pop();
      const link = known.has(run.id) ? make("a", { href: `#run-${run.id}`, class: "id", title: id }, label) : make("span", { class: "id", title: id }, label);
      const state = make("span", { class: `state s-${run.status.replaceAll("_", "-")}` }, svg(run.status), run.status.replaceAll("_", " "));
      const when = make("time", { class: "ago", datetime: new Date(run.start).toISOString(), title: new Date(run.start).toISOString().slice(0, 19).replace("T", " ") + " UTC" }, coarse((Date.now() - run.start) / 1000));
      const what = run.error ? make("span", { class: "bad", title: visible(run.error) }, visible(run.error)) : "";
      const task = run.task ? make("span", { class: "task", title: visible(run.task) }, visible(run.task)) : "";
      const cell = (name, ...children) => make("td", { class: name }, ...children);
      return make("tr", {}, cell("c-state", state), cell("c-id", link, ...(run.write ? [" ", make("span", { class: "tag" }, "write")] : [])), cell("c-what", task, what), cell("c-role", run.role), cell("c-model", visible(run.model) || "default model"),
        cell("c-project", visible(run.profile[1])), cell("c-when num", when), cell("c-took num", run.took === null ? "" : lasted(run.took)),
        cell("c-usd num", run.cost === null ? make("span", { class: "none" }, "–") : usd(run.cost)), cell("c-tokens num", run.tokens ? compact(run.tokens) : ""));
    };
    const list = () => {
      const f = Object.fromEntries(fields.map((field) => [field.name, field.value.trim()]));
      const words = (f.q || "").toLowerCase().split(/\s+/).filter(Boolean);
      const match = runs.filter((run) => passes(run, f, words));
      const pages = Math.max(1, Math.ceil(match.length / PAGE));
      page = Math.min(Math.max(1, page), pages);
      $("#rows").replaceChildren(...match.slice((page - 1) * PAGE, page * PAGE).map(line));
      $("#count").textContent = match.length === runs.length ? group(runs.length) : `${group(match.length)} of ${group(runs.length)}`;
      $("#no-rows").hidden = match.length > 0;
      $("#no-rows p").textContent = runs.length ? "No run passes these filters: take one of them away." : "There is no run yet.";
      $("#sums").textContent = !match.length ? "" : `${usd(match.reduce((sum, run) => sum + (run.cost || 0), 0))} USD and ${compact(match.reduce((sum, run) => sum + run.tokens, 0))} tokens in these runs`;
      $("#page-of").textContent = `Page ${group(page)} of ${group(pages)}`;
      $(".pager").hidden = pages <= 1;
      $("#prev").disabled = page <= 1;
      $("#next").disabled = page >= pages;
    };
    const remember = () => {
      const set = fields.filter((field) => field.value).map((field) => [field.name, field.value]);
      if (page > 1) set.push(["page", page]);
      const query = new URLSearchParams(set).toString();
      history.replaceState(null, "", query ? `#runs?${query}` : "#runs");
    };
    const show = () => {
      const [name, query] = decodeURI(location.hash.slice(1)).split("?");
      // A run that this file does not hold in full is found in its list.
      if (name.startsWith("run-") && !document.getElementById(name)) { location.replace(`#runs?q=${encodeURIComponent(name.slice(4))}`); return; }
      const target = document.getElementById(name);
      const sheet = target?.closest(".sheet") || $("#overview");
      for (const one of $$(".sheet")) one.classList.toggle("shown", one === sheet);
      const key = sheet.id.startsWith("run-") ? "runs" : sheet.id;
      for (const link of $$(".top nav a")) link.getAttribute("href") === `#${key}` ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
      if (sheet.id === "runs") {
        const asked = new URLSearchParams(query || "");
        for (const field of fields) field.value = asked.get(field.name) || "";
        page = Number(asked.get("page")) || 1;
        list();
      }
      if (target && target !== sheet) target.scrollIntoView();
      else scrollTo(0, 0);
    };
    const changed = () => { page = 1; list(); remember(); };
    form.addEventListener("submit", (event) => { event.preventDefault(); changed(); });
    form.addEventListener("input", changed);
    $("#prev").onclick = () => { page -= 1; list(); remember(); };
    $("#next").onclick = () => { page += 1; list(); remember(); };
    addEventListener("hashchange", show);
    show();
  };

  document.addEventListener("DOMContentLoaded", () => {
    paint(kept.get());
    // What is shown now is what the server sent: remembered before anything ticks.
    for (const element of $$("[data-live], [data-rows] > *")) sent.set(element, element.outerHTML);
    if (root.dataset.page === "file") file();
    else listen();
    announce();
    tick();
    setInterval(tick, 1000);
    document.addEventListener("keydown", onKey);
    $("#theme").onclick = nextTheme;
    $("#help").onclick = () => $("#keys").showModal();
    if (location.hash === "#q") $("#q")?.focus();
    // On a phone the list comes first; what is set stays in sight.
    const more = $("form.filters details");
    if (more && matchMedia("(max-width: 640px)").matches) more.open = $$("select", more).some((one) => one.value);
    const filters = root.dataset.base && $("form.filters");
    if (filters) {
      // A choice counts at once, and only what is set stands in the address.
      const go = () => {
        const set = [...new FormData(filters)].filter(([, value]) => value.trim());
        location.href = `${filters.action}${set.length ? `?${new URLSearchParams(set)}` : ""}`;
      };
      filters.addEventListener("change", (event) => event.target.matches("select") && go());
      filters.addEventListener("submit", (event) => { event.preventDefault(); go(); });
    }
  });
})();
