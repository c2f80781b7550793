"use strict";
// Filters, highlights what belongs to what lies under the pointer, and in VS Code hands clicks on sources to the extension.
(() => {
  const editor = typeof acquireVsCodeApi === "function" ? acquireVsCodeApi() : null;
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  document.documentElement.classList.add("scripted");

  // ── sources ──
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[data-path]") : null;
    if (link === null || editor === null) return;
    event.preventDefault();
    const { path, line, column } = link.dataset;
    editor.postMessage({ type: "open", path, line: Number(line), column: Number(column) });
  });

  // ── the diagram ──
  const arrows = all(".map [data-ends]");
  const boxes = all(".map [data-box]");
  const highlight = (box) => {
    const near = new Set([box.dataset.box]);
    for (const arrow of arrows) {
      const ends = arrow.dataset.ends.split(" ");
      const touches = ends.includes(box.dataset.box);
      arrow.classList.toggle("faded", !touches);
      if (touches) ends.forEach((end) => near.add(end));
    }
    for (const other of boxes) other.classList.toggle("faded", !near.has(other.dataset.box));
  };
  const calm = () => all(".map .faded").forEach((each) => each.classList.remove("faded"));
  for (const box of boxes) {
    box.addEventListener("pointerenter", () => highlight(box));
    box.addEventListener("pointerleave", calm);
    box.addEventListener("focusin", () => highlight(box));
    box.addEventListener("focusout", calm);
  }

  // ── filters ──
  const search = document.querySelector("#search");
  const states = all(".bar input[data-state]");
  const articles = all("article[data-state]");
  const status = document.querySelector("#shown");
  const filter = () => {
    const wanted = new Set(states.filter((box) => box.checked).map((box) => box.dataset.state));
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const article of articles) {
      const text = article.textContent.toLowerCase();
      article.hidden = !wanted.has(article.dataset.state) || !words.every((word) => text.includes(word));
      count += article.hidden ? 0 : 1;
    }
    for (const section of all("section.target")) {
      section.hidden = section.querySelector("article:not([hidden])") === null;
    }
    status.textContent = `${count} of ${articles.length} shown`;
  };
  search.addEventListener("input", filter);
  states.forEach((box) => box.addEventListener("change", filter));
  window.addEventListener("hashchange", () => {
    const found = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (found === null) return;
    if (found.hidden) {
      search.value = "";
      states.forEach((box) => (box.checked = true));
      filter();
      found.scrollIntoView();
    }
    found.setAttribute("tabindex", "-1");
    found.focus({ preventScroll: true });
  });
  filter();
})();
