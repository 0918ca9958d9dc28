/** The nodes that lead from the input to the logits, each after those it reads. */
import { Effect } from "effect"
import { didYouMean } from "../../../text/did-you-mean.ts"
import { BadOnnx } from "./bad-onnx.ts"
import type { GraphMessage, NodeMessage } from "./read-file.ts"

export const placeOf = ({ name, opType, output }: NodeMessage): string =>
  `node \`${name === "" ? (output[0] ?? "") : name}\` (${opType})`

/**
 * @param given names of the input and of the tensors in the file
 * @param wanted name of the output
 */
export const nodeOrder = Effect.fnUntraced(function* (
  { node: nodes }: GraphMessage,
  given: ReadonlySet<string>,
  wanted: string
): Effect.fn.Return<ReadonlyArray<NodeMessage>, BadOnnx> {
  const makers = new Map<string, NodeMessage>()
  for (const node of nodes) {
    for (const name of node.output) {
      if (name === "") continue
      if (makers.has(name) || given.has(name))
        return yield* bad(placeOf(node), `\`${name}\` is made twice`, "export the model again")
      makers.set(name, node)
    }
  }
  const order: Array<NodeMessage> = []
  const state = new Map<NodeMessage, "open" | "done">()
  // A stack of its own: a graph may be deeper than the call stack.
  const stack: Array<{ readonly name: string; readonly reader: string }> = [
    { name: wanted, reader: `output \`${wanted}\`` }
  ]
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const { name, reader } = top
    const node = makers.get(name)
    if (node === undefined && !given.has(name)) {
      const hint =
        didYouMean(name, [...given].slice(0, 1000)) ?? "the file was cut short or changed: export it again"
      return yield* bad(reader, `it needs \`${name}\`, which nothing makes and the file does not hold`, hint)
    }
    if (node === undefined || state.get(node) === "done") {
      stack.pop()
    } else if (state.get(node) === "open") {
      state.set(node, "done")
      order.push(node)
      stack.pop()
    } else {
      state.set(node, "open")
      for (const input of node.input.toReversed()) {
        const maker = makers.get(input)
        if (maker !== undefined && state.get(maker) === "open")
          return yield* bad(
            placeOf(node),
            `it reads \`${input}\`, which depends on it`,
            "export the model again"
          )
        if (input !== "") stack.push({ name: input, reader: placeOf(node) })
      }
    }
  }
  return order
})

const bad = (place: string, reason: string, hint: string): BadOnnx => new BadOnnx({ place, reason, hint })
