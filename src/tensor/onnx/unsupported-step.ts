/** A step that cannot be recorded. It is thrown through TensorFlow.js, which knows no other way to fail. */
export class UnsupportedStep extends Error {
  readonly hint: string
  constructor(reason: string, hint: string) {
    super(reason)
    this.hint = hint
  }
}
