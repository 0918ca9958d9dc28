/**
 * The frame of a page: one file that needs nothing else and may load nothing else.
 *
 * The content security policy allows the style and the script that are in the page, by their digests, and embedded pictures. Whatever
 * might have got into the page otherwise, the browser neither runs nor fetches.
 */
import { createHash } from "node:crypto"
import { Html, html } from "./html.ts"
import { theme } from "./theme.ts"

export interface PageOptions {
  readonly title: string
  readonly body: Html
  /** Added to those that all pages share. */
  readonly style?: string
  readonly script?: string
  /** The page may ask the server that it came from, and send it what is filled in. */
  readonly connect?: boolean
}

export const page = ({ title, body, style = "", script = "", connect = false }: PageOptions): string => {
  const styles = `${theme}${style}`
  const scripts = `${toggle}${script}`
  const policy = [
    "default-src 'none'",
    "img-src data:",
    `style-src '${digestOf(styles)}'`,
    `script-src '${digestOf(scripts)}'`,
    ...(connect ? ["connect-src 'self'", "form-action 'self'"] : ["form-action 'none'"]),
    "base-uri 'none'"
  ].join("; ")
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Html(policy)}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${new Html(styles)}</style>
</head>
<body>
${body}
<script>${new Html(scripts)}</script>
</body>
</html>
`.text
}

const digestOf = (text: string): string => `sha256-${createHash("sha256").update(text).digest("base64")}`

/** Turns the theme, closes panels, and opens what is folded before it is printed. Pages show everything without it. */
const toggle = `
"use strict";
(() => {
  const root = document.documentElement;
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const button = document.querySelector("[data-toggle-theme]");
  const show = () => { if (button) button.textContent = dark() ? "Light" : "Dark"; };
  if (button) button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; show(); });
  show();
  const panel = () => document.querySelector(".panel:target");
  let before = null;
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href^='#node-']");
    if (link) before = link;
  });
  addEventListener("hashchange", () => {
    const open = panel();
    if (open) open.focus({ preventScroll: true });
    else if (before) { before.focus({ preventScroll: true }); before = null; }
  });
  addEventListener("keydown", (event) => { if (event.key === "Escape" && panel()) location.hash = "none"; });
  addEventListener("beforeprint", () => { for (const each of document.querySelectorAll("details")) each.open = true; });
})();
`
