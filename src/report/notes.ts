/** What people wrote of a pipeline's results, as Markdown. HTML in it stays text. */
import { Effect } from "effect"
import { Html } from "./html.ts"

export const notesHtml = (markdown: string): Effect.Effect<Html> =>
  Effect.promise(async () => {
    const { default: MarkdownIt } = await import("markdown-it")
    // A page for itself has nothing to load pictures from.
    const reader = new MarkdownIt({ html: false }).disable("image")
    return new Html(reader.render(markdown))
  })
