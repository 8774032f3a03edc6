// A sheet says what its decision does while it is filled in: <form data-sheet>, <div data-sheet-part>, <button data-sheet-decide>.
// Without this script "Continue" leads to a page that says it. Only what was shown is decided: the button sends its seal.
"use strict";

(() => {
  const PAUSE = 350; // milliseconds after the last change
  const form = document.querySelector("form[data-sheet]");
  const words = document.querySelector('[data-sheet-part="words"]');
  const decide = document.querySelector("[data-sheet-decide]");
  if (!form || !words || !decide) return;

  const parts = document.querySelectorAll("[data-sheet-part]");
  parts.forEach((part) => { part.hidden = false; });
  decide.hidden = false;
  document.querySelector("[data-sheet-continue]").hidden = true;

  let timer = 0;
  let isAsking = false;
  let hasChanged = false;

  const show = (page) => {
    parts.forEach((part) => {
      const found = page.querySelector(`[data-sheet-part="${part.dataset.sheetPart}"]`);
      part.replaceChildren(...found.childNodes);
    });
    decide.value = page.querySelector("[data-seen]").dataset.seen;
  };

  const fail = () => {
    const text = document.createElement("p");
    text.textContent = form.dataset.failed;
    parts.forEach((part) => part.replaceChildren(...(part === words ? [text] : [])));
  };

  // One question at a time; what comes back about an earlier state of the form is dropped, and asked for again.
  const ask = async () => {
    if (isAsking) return;
    isAsking = true;
    let page = null;
    do {
      hasChanged = false;
      window.clearTimeout(timer);
      try {
        const body = new URLSearchParams(new FormData(form));
        body.append("fragment", "yes");
        const answer = await fetch(form.action, { method: "POST", body });
        const found = new DOMParser().parseFromString(await answer.text(), "text/html");
        page = answer.ok && found.querySelector("[data-seen]") ? found : null;
      } catch {
        page = null;
      }
    } while (hasChanged);
    isAsking = false;
    if (page) show(page); else fail();
    words.removeAttribute("aria-busy");
  };

  form.addEventListener("input", () => {
    decide.value = "";
    words.setAttribute("aria-busy", "true");
    hasChanged = true;
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, PAUSE);
  });
})();
