/** What is known of one node, in a panel that its box in the picture opens. */
import { number } from "../text/format.ts"
import { leaves } from "../text/leaves.ts"
import type { NodeView } from "../track/run-node.ts"
import { timeOf } from "./dag.ts"
import { cut, type Html, html, type Part } from "./html.ts"
import { sourcesOf } from "./report-run.ts"

/** Characters that a panel may spend on each of its longer parts. */
const most = { line: 500, param: 300, text: 2000, params: 120, metrics: 60, logs: 25 }

export const nodePanel = (
  node: NodeView,
  index: number
): Html => html`<section class="panel" id="node-${index}" tabindex="-1" aria-label="Node ${cut(node.name, most.line)}">
<a class="close" href="#none" aria-label="Close">✕</a>
<h3>${cut(node.name, most.line)}</h3>
<p><span class="state state-${node.state}">${timeOf(node)}</span>${node.reason !== undefined && html` <span class="muted">${cut(node.reason, most.line)}</span>`}</p>
${node.failure !== undefined && failure(node.failure)}
${terms([
  ["stage", node.stage && cut(node.stage, most.line)],
  ["kind", node.kind],
  ["made of", cut(sourcesOf(node).join(", "), most.text) || undefined],
  ["key", node.key && html`<code>${node.key}</code>`],
  ["digest", node.digest && html`<code>${node.digest}</code>`],
  ["attempts", node.attempts > 1 ? node.attempts : undefined],
  ["engine", node.engine && `${node.engine.name} on ${node.engine.device}`]
])}
${listed(
  "Metrics",
  Object.entries(node.metrics).map(([name, value]) => [name, number(value)]),
  most.metrics
)}
${listed(
  "Params",
  leaves(node.params ?? {}).map(({ path, value }) => [path, cut(JSON.stringify(value), most.param)]),
  most.params
)}
${node.logs.length > 0 && html`<h4>Log, its end</h4><pre tabindex="0">${lines(node.logs.slice(-most.logs).map(({ level, message }) => `${level === "info" ? "" : `${level}: `}${message.replaceAll("\n", "\n  ")}`))}</pre>`}
</section>
`

const failure = ({ message, hint, stack }: NonNullable<NodeView["failure"]>): Html =>
  html`<p class="said state-failed">${cut(message, most.text)}</p>${hint !== undefined && html`<p class="said">hint: ${cut(hint, most.text)}</p>`}${stack !== undefined && html`<pre tabindex="0">${lines(cut(stack, most.text).split("\n"))}</pre>`}`

/** Each on a line of its own. */
const lines = (texts: ReadonlyArray<string>): ReadonlyArray<Html> =>
  texts.map(
    (text) => html`${cut(text, most.line)}
`
  )

export const terms = (entries: ReadonlyArray<readonly [string, Part]>): Html =>
  html`<dl>${entries.flatMap(([term, value]) => (value === undefined || value === "" || value === false ? [] : [html`<dt>${term}</dt><dd>${value}</dd>`]))}</dl>`

const listed = (
  title: string,
  entries: ReadonlyArray<readonly [string, string]>,
  limit: number
): Html | undefined =>
  entries.length === 0
    ? undefined
    : html`<h4>${title}</h4>${terms(entries.slice(0, limit))}${entries.length > limit && html`<p class="muted">${entries.length - limit} more</p>`}`
