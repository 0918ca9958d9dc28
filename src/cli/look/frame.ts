/** What all pages of this server have around them. */
import { type Html, html, type Part } from "../../report/html.ts"
import { page } from "../../report/page.ts"
import { type Answer, ownPage } from "./answer.ts"
import { script } from "./script.ts"
import { style } from "./style.ts"

export interface FrameOptions {
  readonly title: string
  readonly status?: number
  /** Links beside the one to the list of runs. */
  readonly links?: ReadonlyArray<readonly [address: string, title: string]>
  /** Where the page hears that it is no longer up to date; none for what does not change any more. */
  readonly live?: string | undefined
  readonly body: Part
}

export const framed = ({ title, status, links = [], live = "", body }: FrameOptions): Answer =>
  ownPage(
    page({
      title,
      style,
      script,
      connect: true,
      body: html`${topBar(links)}<main data-live="${live}">
<h1>${title}</h1>
${body}
</main>`
    }),
    status
  )

const topBar = (links: ReadonlyArray<readonly [address: string, title: string]>): Html =>
  html`<nav class="top" aria-label="Pages"><div><a href="/">All runs</a>${links.map(
    ([address, title]) => html`<a href="${address}">${title}</a>`
  )}<button type="button" data-toggle-theme>Theme</button></div></nav>`
