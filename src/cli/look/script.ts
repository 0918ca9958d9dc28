/**
 * The pages' script. They work without it, and stand still then.
 *
 * The server alone makes HTML. When it says that a page is out of date, the page is fetched again, and those of its parts that differ take
 * over what is new: an open panel stays open, a selection in another part stays, and nothing flickers. A page that nobody sees asks
 * for nothing, since browsers give a server only a few connections.
 */
export const script = `
"use strict";
(() => {
  const filter = document.getElementById("filter");
  const sift = () => {
    const words = filter.value.toLowerCase().split(/\\s+/);
    for (const row of document.querySelectorAll("#runs tr"))
      row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
  };
  if (filter !== null) {
    filter.addEventListener("input", sift);
    sift();
  }

  const main = document.querySelector("main");
  const takeOver = (part, next) => {
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    for (const box of part.querySelectorAll("input:checked")) {
      const again = next.querySelector("#" + CSS.escape(box.id));
      if (again !== null) again.checked = true;
    }
    for (const { name, value } of next.attributes) part.setAttribute(name, value);
    part.replaceChildren(...next.childNodes);
    if (focused !== "") document.getElementById(focused)?.focus({ preventScroll: true });
  };
  const renew = async () => {
    const response = await fetch(location.href);
    if (!response.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    const title = fresh.querySelector("main");
    // The list's first run: there is no part yet that could take it over.
    if ([...fresh.querySelectorAll("[data-part]")].some(({ id }) => document.getElementById(id) === null)) {
      location.reload();
      return;
    }
    for (const part of document.querySelectorAll("[data-part], .dag a, .panel")) {
      const next = fresh.getElementById(part.id);
      if (next !== null && !next.isEqualNode(part)) takeOver(part, next);
    }
    if (filter !== null) sift();
    main.dataset.live = title === null ? "" : title.dataset.live;
  };

  let source = null;
  const follow = () => {
    if (source !== null) source.close();
    source = null;
    if (main.dataset.live === "" || document.hidden) return;
    source = new EventSource(main.dataset.live);
    source.onmessage = async () => {
      source.close();
      await renew().catch(() => {});
      follow();
    };
  };
  document.addEventListener("visibilitychange", follow);
  follow();
})();
`
