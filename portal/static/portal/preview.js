// Previews open over the page where the decision is made, and the browser's Back closes them. Without this they are pages.
"use strict";

(() => {
  const dialog = document.querySelector("[data-preview-dialog]");
  if (!dialog || !dialog.showModal) return;
  const content = dialog.querySelector("[data-preview-content]");
  let depth = 0; // how many addresses of previews are in the history since the page itself
  let asked = 0; // the number of the last address that was asked for: an answer that comes late is not shown
  let root = ""; // the path of the list; the pages of its assessments lie below it

  const pageOf = async (address) => {
    const response = await fetch(address);
    const page = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("main .wrap");
    if (response.redirected || !page) throw new Error("This is no page of a preview.");
    return page;
  };

  // Show an address; `next` is its number in the history, where it is not there yet.
  const show = async (address, next) => {
    const number = (asked += 1);
    let page;
    try {
      page = await pageOf(address);
    } catch {
      if (number === asked) window.location.assign(address); // the browser says what is wrong
      return;
    }
    if (number !== asked) return;
    if (next) window.history.pushState({ preview: next }, "", address);
    depth = next || depth;
    content.replaceChildren(...page.childNodes);
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    const heading = content.querySelector("h1");
    if (!heading) return;
    heading.tabIndex = -1;
    heading.focus();
  };

  const isPlain = (event) =>
    event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.defaultPrevented);

  const followInside = (event, link) => {
    if (link.hasAttribute("data-preview-close")) {
      event.preventDefault();
      dialog.close();
    } else if (link.hash && link.href.split("#")[0] === window.location.href.split("#")[0]) {
      event.preventDefault();
      const place = content.querySelector(`#${CSS.escape(link.hash.slice(1))}`);
      if (place) place.scrollIntoView();
    } else if (link.pathname.startsWith(root)) {
      event.preventDefault();
      show(link.href, depth + 1);
    }
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || !isPlain(event)) return;
    if (dialog.contains(link)) {
      followInside(event, link);
    } else if (link.hasAttribute("data-preview")) {
      event.preventDefault();
      root = link.pathname;
      show(link.href, 1);
    }
  });

  // Closed with the button or Escape: the history goes back to the page itself.
  dialog.addEventListener("close", () => {
    asked += 1;
    content.replaceChildren();
    if (depth) window.history.go(-depth);
    depth = 0;
  });

  window.addEventListener("popstate", (event) => {
    asked += 1;
    depth = (event.state && event.state.preview) || 0;
    if (depth) show(window.location.href);
    else if (dialog.open) dialog.close();
  });
})();
