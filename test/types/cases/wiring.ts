/** Connections that must not compile. */
import { compare, evaluate, load, rank, train } from "./vocabulary.ts"

const data = load({}, { split: "train" })
const model = train({ data }, { epochs: 1, learningRate: 0.1 })

// A model where a data set belongs.
// error: Type 'Output<"Model">' is not assignable to type 'Output<"Dataset">'
train({ data: model }, { epochs: 1, learningRate: 0.1 })

// An input is missing.
// error: Property 'data' is missing
evaluate({ model }, { epsilon: 0.1 })

// An input is misspelt.
// error: 'dataset' does not exist in type
evaluate({ model, dataset: data }, { epsilon: 0.1 })

// A param is missing.
// error: Property 'learningRate' is missing
train({ data }, { epochs: 1 })

// A param is misspelt.
// error: Did you mean to write 'learningRate'?
train({ data }, { epochs: 1, learningrate: 0.1 })

// A param has the wrong type.
// error: Type 'string' is not assignable to type 'number'
train({ data }, { epochs: "1", learningRate: 0.1 })

// A param is none of the literals.
// error: Type '"validation"' is not assignable to type '"test" | "train"'
load({}, { split: "validation" })

// One output where a list is wanted.
// error: Type 'Output<"Evaluation">' is missing the following properties from type 'readonly Output<"Evaluation">[]'
compare({ results: evaluate({ model, data }, { epsilon: 0.1 }) }, {})

// A list with an output of another kind in it.
// error: Type 'Output<"Model">' is not assignable to type 'Output<"Evaluation">'
compare({ results: [model] }, {})

// A record with an output of another kind in it.
// error: Type 'Output<"Dataset">' is not assignable to type 'Output<"Model">'
rank({ models: { first: model, second: data } }, {})

// Reading an artifact while the pipeline is built, before there is one.
// error: Property 'value' does not exist on type 'Output<"Dataset">'
export const rows = data.value

// An input for a stage that has none.
// error: Type 'Output<"Dataset">' is not assignable to type 'never'
load({ data }, { split: "train" })
