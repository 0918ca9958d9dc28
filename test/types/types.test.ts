/**
 * What the compiler says to an author's mistakes.
 *
 * Each `// error:` comment in `cases/` stands above a line that must not compile and quotes what the compiler has to
 * say. Vitest's own type tests know only `@ts-expect-error`, which any error satisfies, a typing error in the case included.
 */
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, test } from "vitest"

const folder = join(import.meta.dirname, "cases")
const root = join(import.meta.dirname, "../..")

interface Diagnostic {
  readonly file: string
  readonly line: number
  readonly message: string
}

const compile = (): ReadonlyArray<Diagnostic> => {
  const output = compilerOutput()
  const found: Array<Diagnostic> = []
  // A message goes on in indented lines.
  for (const text of output.split(/\n(?=\S)/)) {
    const match = /^.*?([^/\\]+)\((\d+),\d+\): error TS\d+: (.*)$/s.exec(text)
    if (match === null) continue
    const [, file = "", line = "", message = ""] = match
    found.push({ file, line: Number(line), message })
  }
  return found
}

const compilerOutput = (): string => {
  const tsc = join(root, "node_modules/typescript/bin/tsc")
  try {
    return execFileSync(process.execPath, [tsc, "-p", import.meta.dirname, "--pretty", "false"], {
      encoding: "utf8"
    })
  } catch (error) {
    if (error instanceof Error && "stdout" in error) return String(error.stdout)
    throw error
  }
}

const expectedIn = (file: string): ReadonlyArray<Diagnostic> => {
  const lines = readFileSync(join(folder, file), "utf8").split("\n")
  return lines.flatMap((text, index) => {
    const message = /^\s*\/\/ error: (.*)$/.exec(text)?.[1]
    return message === undefined ? [] : [{ file, line: index + 2, message }]
  })
}

let found: ReadonlyArray<Diagnostic> = []
beforeAll(() => {
  found = compile()
})

describe.each(readdirSync(folder))("%s", (file) => {
  const expected = expectedIn(file)

  test.each(expected)("line $line: $message", ({ line, message }) => {
    const here = found.filter((error) => error.file === file && error.line === line)
    expect(here.map((error) => error.message).join("\n")).toContain(message)
  })

  test("nothing else is wrong", () => {
    const lines = expected.map(({ line }) => line)
    expect(found.filter((error) => error.file === file && !lines.includes(error.line))).toEqual([])
  })
})

test("the cases are found", () => {
  expect(found.length).toBeGreaterThan(20)
})
