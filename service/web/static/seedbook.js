// Our own script: small helps for who has JavaScript. Every page works without.
(() => {
  "use strict";
  // htmx turns our own server's answers into markup; nothing else may.
  const trusted = window.trustedTypes
    ? trustedTypes.createPolicy("seedbook", { createHTML: (s) => s })
    : { createHTML: (s) => s };
  if (window.htmx) {
    htmx.registerExtension("seedbook", { init: (api) => api.initSecurity(trusted) });
  }
  // A part that is led elsewhere instead of being answered, because the session has
  // ended, is not put into the page: the page asks for itself anew.
  document.addEventListener("htmx:before:response", (e) => {
    if (!e.detail.ctx.response.raw.redirected) return;
    e.preventDefault();
    location.reload();
  });
  document.addEventListener("DOMContentLoaded", () => {
    const errors = document.getElementById("errors");
    if (errors) errors.focus();
  });
  // A letter's QR carries its code behind the #, which no server sees.
  document.addEventListener("DOMContentLoaded", () => {
    const field = document.querySelector("input[data-from-fragment]");
    const code = decodeURIComponent(location.hash.slice(1));
    if (!field || field.value || !/^[0-9A-Za-z-]{12,14}$/.test(code)) return;
    field.value = code;
    history.replaceState(null, "", location.pathname + location.search);
  });
  // A text of many lines has its lines numbered, and a problem leads into it.
  const number = (area) => {
    const frame = document.createElement("div");
    const numbers = document.createElement("div");
    frame.className = "sb-numbered";
    numbers.className = "sb-numbers";
    numbers.setAttribute("aria-hidden", "true");
    area.replaceWith(frame);
    frame.append(numbers, area);
    const count = () => {
      const lines = area.value.split("\n").length;
      numbers.textContent = Array.from({ length: lines }, (_, i) => i + 1).join("\n") + "\n\n";
      numbers.style.height = area.offsetHeight + "px";
      numbers.scrollTop = area.scrollTop;
    };
    area.addEventListener("input", count);
    area.addEventListener("scroll", () => (numbers.scrollTop = area.scrollTop));
    new ResizeObserver(count).observe(area);
    count();
  };
  const goToLine = (area, line) => {
    const lines = area.value.split("\n");
    const start = lines.slice(0, line - 1).reduce((n, l) => n + l.length + 1, 0);
    area.focus();
    area.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
    area.scrollTop = (area.scrollHeight / lines.length) * Math.max(0, line - 4);
    area.scrollIntoView({ block: "center" });
  };
  document.addEventListener("DOMContentLoaded", () => {
    for (const area of document.querySelectorAll("textarea[data-lines]")) number(area);
  });
  document.addEventListener("click", (e) => {
    const link = e.target.closest?.("a[href^='#L']");
    const area = document.querySelector("textarea[data-lines]");
    const line = Number(link?.getAttribute("href").slice(2));
    if (!area || !line) return;
    e.preventDefault();
    goToLine(area, line);
  });
  // A single key leads to a place or to the form that names it, unless switched
  // off; it sends only a form that says so, where one decision follows another.
  const keysOff = () => localStorage.getItem("seedbook-keys") === "off";
  const tellKeys = () => {
    for (const note of document.querySelectorAll("[data-keys]")) note.hidden = false;
    for (const on of document.querySelectorAll("[data-keys-on]")) on.hidden = keysOff();
    for (const off of document.querySelectorAll("[data-keys-off]")) off.hidden = !keysOff();
  };
  document.addEventListener("DOMContentLoaded", tellKeys);
  document.addEventListener("click", (e) => {
    if (!e.target.closest?.("[data-keys-switch]")) return;
    localStorage.setItem("seedbook-keys", keysOff() ? "on" : "off");
    tellKeys();
  });
  // "/" leads to the search, "?" to this help, "g" and a letter to a place, "j" and
  // "k" down and up the rows of the first table.
  let going = 0;
  const move = (by) => {
    const rows = [...document.querySelectorAll("main .sb-table tbody th a, main .sb-table tbody td:first-child a")];
    const here = document.activeElement.closest("tr")?.querySelector("th a, td:first-child a");
    const at = rows.indexOf(here);
    rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))]?.focus();
  };
  // "x" chooses the row in which the reader is.
  const choose = () => {
    const box = document.activeElement.closest?.("tr")?.querySelector("input[type=checkbox]");
    box?.click();
    return Boolean(box);
  };
  const press = (key) => {
    const search = document.querySelector("main input[type=search]");
    if (Date.now() - going < 1500 && /^[a-z]$/.test(key)) {
      going = 0;
      const link = document.querySelector(`a[data-go="${key}"]`);
      if (link) location.assign(link.href);
      return Boolean(link);
    }
    if (key === "g") return (going = Date.now()) > 0;
    if (key === "/" && search) return search.focus(), true;
    if (key === "?") return location.assign(document.body.dataset.keysHelp), true;
    if (key === "j" || key === "k") return move(key === "j" ? 1 : -1), true;
    if (key === "x" && choose()) return true;
    const form = /^[a-z]$/.test(key) ? document.querySelector(`form[data-key="${key}"]`) : null;
    if (form && "sends" in form.dataset) form.requestSubmit();
    else form?.querySelector("button[type=submit]").focus();
    return Boolean(form);
  };
  document.addEventListener("keydown", (e) => {
    if (keysOff() || !document.body.dataset.keysHelp || e.ctrlKey || e.altKey || e.metaKey) return;
    if (e.target.closest?.("input:not([data-choosing] [type=checkbox]), select, textarea, [contenteditable]")) return;
    if (press(e.key)) e.preventDefault();
  });
  // How many rows of a list are chosen, and all of the page at once.
  const count = (form) => {
    const boxes = [...form.querySelectorAll("tbody input[type=checkbox]")];
    const n = boxes.filter((b) => b.checked).length;
    const says = form.querySelector("[data-chosen]");
    const page = form.querySelector("[data-choose-page]");
    says.textContent = n ? says.dataset.chosen.replace("#", n) : "";
    page.checked = n > 0 && n === boxes.length;
    page.indeterminate = n > 0 && n < boxes.length;
  };
  document.addEventListener("change", (e) => {
    const form = e.target.closest?.("form[data-choosing]");
    if (!form) return;
    if (e.target.matches("[data-choose-page]")) {
      for (const b of form.querySelectorAll("tbody input[type=checkbox]")) b.checked = e.target.checked;
    }
    count(form);
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-choosing]").forEach(count));
  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", (e) => {
    if (e.target.dataset.sent) e.preventDefault();
    e.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });
})();
