/** Stores that are damaged, foreign, full or not to be written. */
import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { cli, steady } from "../../rig/cli.ts"
import { pipeline, stages, TestProject } from "../../rig/project.ts"

const chain = pipeline(
  "chain",
  "const a = number({}, { value: 3 }); return { a, b: scale({ of: a }, { by: 5 }) }"
)
const project = new TestProject({ "stages/numbers.ts": stages, "pipelines/chain.ts": chain })
afterAll(() => project.remove())

/** Digests by node of the newest run. */
const digests = () =>
  Object.fromEntries(
    project
      .journal()
      .flatMap((event) =>
        event._tag === "NodeFinished" || event._tag === "NodeCached" ? [[event.node, event.digest]] : []
      )
  )
const reasons = () =>
  Object.fromEntries(
    project.journal().flatMap((event) => (event._tag === "NodeStarted" ? [[event.node, event.reason]] : []))
  )

describe("an artifact that was changed on disk", () => {
  let whole: Readonly<Record<string, string>> = {}
  beforeEach(async () => {
    project.clear()
    await cli(project, ["run", "chain"])
    whole = digests()
  })

  /** The file with the table of node `a`. */
  const tableOfA = async (): Promise<string> => {
    for (const path of project.files("cas")) {
      const text = await readFile(path, "utf8")
      if (text.includes('"rows":[[3]]')) return path
    }
    throw new Error("there is no table of a")
  }

  test.each([
    [
      "one bit of it flipped",
      "its artifact was changed on disk",
      (path: string) => {
        chmodSync(path, 0o644)
        writeFileSync(path, '{"title":"a numbes"', { flag: "r+" })
      }
    ],
    [
      "its end cut off",
      "its artifact was changed on disk",
      (path: string) => {
        chmodSync(path, 0o644)
        truncateSync(path, 10)
      }
    ],
    ["its file deleted", "its artifact is missing from the store", (path: string) => rmSync(path)]
  ])("is made again, to the same digest: %s", async (_, reason, damage) => {
    const path = await tableOfA()
    damage(path)

    const { code } = await cli(project, ["run", "chain"])
    expect({ code, reasons: reasons(), digests: digests() }).toEqual({
      code: 0,
      reasons: { a: reason },
      digests: whole
    })
    expect((await cli(project, ["artifacts", "verify"])).code).toBe(0)
    expect(statSync(path).mode & 0o222).toBe(0)
  })

  test("is made again when its action record is gone or is none", async () => {
    for (const record of project.files("actions")) rmSync(record)
    await cli(project, ["run", "chain"])
    expect(reasons()).toEqual({
      a: "its action record is gone from the store",
      b: "its action record is gone from the store"
    })

    for (const record of project.files("actions")) writeFileSync(record, "{}")
    await cli(project, ["run", "chain"])
    expect({ reasons: reasons(), digests: digests() }).toEqual({
      reasons: { a: "its action record was damaged", b: "its action record was damaged" },
      digests: whole
    })
  })

  test("is named by verify, which fails, and removed by --repair; the next run heals it", async () => {
    const path = await tableOfA()
    chmodSync(path, 0o644)
    writeFileSync(path, "{")
    const found = await cli(project, ["artifacts", "verify"])
    expect(found.code).toBe(1)
    expect(found.stdout).toContain(`damaged  ${path}: its bytes hash to `)
    expect(steady(found.stdout)).toMatch(/^\d+ blobs \(.*\) and 2 action records verified, 2 damaged\n/m)
    expect(found.stderr).toBe(
      "error: 2 files in the store are damaged\n\nhint: `pipeline artifacts verify --repair` removes them; the next run computes them again\n"
    )

    const json = await cli(project, ["artifacts", "verify", "--json"])
    expect(json.code).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({ damage: [{ path }, {}] })

    const repaired = await cli(project, ["artifacts", "verify", "--repair"])
    expect(repaired.code).toBe(1)
    expect(repaired.stderr).toContain(
      "hint: what was damaged has been taken out of the way; the next run computes it again"
    )
    expect(await cli(project, ["artifacts", "verify"])).toMatchObject({ code: 0, stderr: "" })
    await cli(project, ["run", "chain"])
    expect(digests()).toEqual(whole)
  })

  test("is not exported", async () => {
    const path = await tableOfA()
    chmodSync(path, 0o644)
    writeFileSync(path, "{")
    const target = join(project.root, "exported")
    const { code, stderr } = await cli(project, ["artifacts", "export", "a", target])
    expect(code).toBe(1)
    expect(stderr).toContain(`error: ${path} was changed: its bytes hash to `)
    expect(stderr).toContain("hint: ")
  })
})

describe("a store that cannot be used", () => {
  beforeEach(() => project.clear())

  const refused = async (store: string, ...args: ReadonlyArray<string>): Promise<string> => {
    const { code, stdout, stderr } = await cli(project, [...args, "--store", store])
    expect({ code, stdout, runs: project.runs(store) }).toEqual({ code: 1, stdout: "", runs: [] })
    return stderr
  }

  test.each([
    ["below a device", "/dev/null/store"],
    ["a device", "/dev/full"],
    ["a file", join(project.root, "pipelines/chain.ts")]
  ])("is refused before anything runs: %s", async (_, store) => {
    expect(await refused(store, "run", "chain")).toBe(
      `error: cannot make a store at ${store}: a file stands where a directory is needed\n\n` +
        "hint: check the disk, or choose another store with --store DIR\n"
    )
  })

  test.skipIf(!existsSync("/proc/self"))(
    "is refused where no directory can be made, and nobody waits for one",
    async () => {
      expect(await refused("/proc/nowhere/store", "run", "chain")).toContain(
        "error: cannot make a store at /proc/nowhere/store: no such file or directory\n\nhint: "
      )
    }
  )

  test("doctor names it and fails", async () => {
    const { code, stdout, stderr } = await cli(project, ["doctor", "--store", "/dev/null/store"])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^broken +store +cannot make a store at \/dev\/null\/store/m)
    expect(stderr).toBe("error: not working: store\n")
  })

  test.each([
    ["another version", '{"format":99}', "99"],
    ["something else", "not a store", "unknown"]
  ])("a store of %s is left alone", async (_, text, format) => {
    const store = join(project.root, "foreign")
    mkdirSync(store, { recursive: true })
    writeFileSync(join(store, "format.json"), text)
    for (const command of [
      ["run", "chain"],
      ["show", "last"],
      ["artifacts", "verify"]
    ]) {
      expect(await refused(store, ...command)).toBe(
        `error: the store at ${store} has format ${format}, this program reads format 1\n\n` +
          "hint: use the version that wrote it, or choose another store: --store DIR\n"
      )
    }
  })
})

/** Whether this process may mount a small file system: root may, in most containers. */
const mount = (directory: string, options: string): boolean => {
  mkdirSync(directory, { recursive: true })
  return spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", directory]).status === 0
}
const small = join(project.root, "small")
const mounted = mount(small, "size=2m")
afterAll(() => {
  if (mounted) spawnSync("umount", [small])
})

// Where nothing can be mounted, the title says that this was left out.
describe.skipIf(!mounted)(
  `a file system of its own${mounted ? "" : " (LEFT OUT: mount is not permitted)"}`,
  () => {
    const store = join(small, "store")
    const run = () => cli(project, ["run", "chain", "--store", store])
    const filler = join(small, "filler")
    beforeAll(async () => {
      expect((await run()).code).toBe(0)
    })

    test("a store that is read-only can be looked at, and refuses a run before it starts", async () => {
      expect(spawnSync("mount", ["-o", "remount,ro", small]).status).toBe(0)
      const { code, stderr } = await run()
      const shown = await cli(project, ["show", "last", "--store", store])
      expect(spawnSync("mount", ["-o", "remount,rw", small]).status).toBe(0)
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: `error: cannot write to the store at ${store}: the file system is read-only\n\nhint: choose a store that can be written: --store DIR\n`
      })
      expect(shown.code).toBe(0)
      expect(project.runs(store)).toHaveLength(1)
    })

    test("a disk that is full fails the command with the cure; with space again, it completes to the same digests", async () => {
      const before = JSON.parse((await cli(project, ["artifacts", "ls", "--json", "--store", store])).stdout)
      rmSync(join(store, "cas"), { recursive: true })
      spawnSync("sh", ["-c", `cat /dev/zero > ${filler}`])
      const { code, stderr } = await run()
      expect(code).toBe(1)
      expect(stderr).toContain("no space left on the device")
      expect(stderr).toContain(
        "hint: free some space (`pipeline artifacts gc` removes what no kept run needs)"
      )

      rmSync(filler)
      expect((await run()).code).toBe(0)
      expect((await cli(project, ["artifacts", "verify", "--store", store])).code).toBe(0)
      const after = JSON.parse((await cli(project, ["artifacts", "ls", "--json", "--store", store])).stdout)
      const digestsOf = (found: ReadonlyArray<{ digest: string }>) => found.map(({ digest }) => digest)
      expect(digestsOf(after)).toEqual(digestsOf(before))
    })
  }
)
