// Small conveniences on top of pages that work without them. No inline handlers, no eval: the content policy forbids both.
"use strict";

// Menus made of <details>: Escape or a click elsewhere closes them.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    menu.open = false;
    menu.querySelector("summary").focus();
  });
});
document.addEventListener("click", (event) => {
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});

// A form is sent once: a second click does nothing until the page comes back.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  window.setTimeout(() => delete form.dataset.sent, 8000);
  if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  document.querySelectorAll("button[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
});

// <input type="checkbox" data-check-all="name"> ticks every box of that name in its form.
document.addEventListener("change", (event) => {
  const name = event.target.dataset ? event.target.dataset.checkAll : undefined;
  if (!name || !event.target.form) return;
  event.target.form.querySelectorAll(`input[type=checkbox][name="${CSS.escape(name)}"]`).forEach((box) => {
    box.checked = event.target.checked;
  });
});

// Filters are open on a wide screen and folded on a phone, unless one of them is in use.
document.querySelectorAll("details[data-fold]").forEach((box) => {
  if (window.matchMedia("(max-width: 40rem)").matches && !box.hasAttribute("data-in-use")) box.open = false;
});

// Say to screen readers what changed when a job reaches its end.
document.addEventListener("htmx:afterSettle", (event) => {
  const done = event.target.querySelector ? event.target.querySelector("[data-announce]") || event.target : null;
  const text = done && done.dataset ? done.dataset.announce : "";
  const announcer = document.getElementById("announcer");
  if (text && announcer && announcer.textContent !== text) announcer.textContent = text;
});

// A page with a summary of errors starts there, and one that says what was done with these words.
const start = document.querySelector("[role=alert][data-focus]") || document.querySelector("[data-focus]");
if (start) start.focus();

// <button data-print> prints; without JavaScript it stays hidden.
document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});
