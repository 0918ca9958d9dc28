/** The kinds of artifact, and the means to make another one. */
export { type ArtifactReader, type ArtifactWriter, type BlobReader, CodecError, Kind } from "./kind.ts"
export { chunks, Dataset, type DatasetInfo, type RawRows, type Rows } from "./kinds/dataset.ts"
export { Evaluation } from "./kinds/evaluation.ts"
export { Figure } from "./kinds/figure.ts"
export { Model } from "./kinds/model.ts"
export { Sweep } from "./kinds/sweep.ts"
export { Table } from "./kinds/table.ts"
export type { TensorData } from "./tensor-data.ts"
