/**
 * Names of images that MLflow's image grid finds.
 *
 * A file is `images/<key>+step+<step>+timestamp+<ms>+<uuid>.png`, with `~` for each `/` of the key, and beside it a smaller one
 * whose name ends in `+compressed`. Nothing else may lie in `images/`: one other file, and the UI shows no grid at all.
 *
 * @see `log_image` in mlflow/tracking/client.py and `ImageReducer.ts` of MLflow's UI
 */
import { digestOf } from "../../artifact/digest.ts"
import type { DatasetInfo } from "../../artifact/kinds/dataset.ts"

export interface ImageName {
  /** Letters, digits, and `_-./ `; what is before the last `/` is a group. */
  readonly key: string
  /** 0 or more; the UI has a slider over the steps of a key. */
  readonly step: number
  /** Milliseconds since 1970. */
  readonly at: number
  /** What makes the name unique, and the same at every try: the artifact's digest. */
  readonly of: string
}

/** Paths of an image and of its smaller twin. */
export const imagePaths = ({
  key,
  step,
  at,
  of
}: ImageName): { readonly full: string; readonly small: string } => {
  const name = key.replaceAll("/", "~")
  const stem = `images/${name}+step+${step}+timestamp+${Math.trunc(at)}+${uuidOf(`${of} ${key} ${step}`)}`
  return { full: `${stem}.png`, small: `${stem}+compressed.png` }
}

/** Text as a part of a key: what a key may not hold becomes `-`. */
export const keyText = (text: string): string => {
  const plain = text
    .replaceAll(/[^\w\-. ]+/g, "-")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/^[-. ]+|[-. ]+$/g, "")
  return plain === "" ? "image" : plain.slice(0, 100)
}

/** A class by its name, as a part of a key. */
export const classKey = ({ classes }: DatasetInfo, label: number): string =>
  keyText(classes[label] ?? String(label))

/** A version 4 UUID in form, made of a text instead of chance. */
const uuidOf = (text: string): string => {
  const hex = digestOf(text)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32)
  ].join("-")
}
