/** `pipeline look` as a process, asked by hand: what it answers, and what it refuses. */
import { connect } from "node:net"
import { Schema } from "effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Command, cli } from "../../rig/cli.ts"
import { pipeline, stages, TestProject } from "../../rig/project.ts"

const hostile = `</script><img src=x onerror="alert(1)">'&`
const files = {
  "stages/numbers.ts": stages,
  "stages/loud.ts": `import { Effect, Schema, Stage, Table } from "advpipe"
export const loud = Stage.make("loud", {
  inputs: {},
  params: Schema.Struct({ text: Schema.String }),
  output: Table,
  *run(_, { text }) {
    yield* Effect.log(text + "\\u0007")
    return yield* Effect.fail(Object.assign(new Error("it went wrong: " + text), { hint: text }))
  }
})
`,
  "pipelines/sums.ts": pipeline("sums", "return { a: number({}, { value: params.a }) }", {
    params: "a: Schema.Int",
    presets: "demo: { a: 1 }"
  }),
  "pipelines/nasty.ts": pipeline("nasty", "return { bad: loud({}, { text: params.text }) }", {
    head: 'import { loud } from "../stages/loud.ts"',
    params: "text: Schema.String",
    presets: `demo: { text: ${JSON.stringify(hostile)} }`
  })
}
const project = new TestProject(files)
const Told = Schema.fromJsonString(Schema.Struct({ address: Schema.String, pid: Schema.Int }))

let look: Command
let address = ""
beforeAll(async () => {
  await cli(project, ["run", "sums"])
  await cli(project, ["run", "sums", "--set", "a=2"])
  expect((await cli(project, ["run", "nasty"])).code).toBe(1)
  look = new Command(["look", "--port", "0", "--json"], project.root, {})
  const line = await new Promise<string>((resolve) => look.onLine(resolve))
  address = Schema.decodeUnknownSync(Told)(line).address
})
afterAll(async () => {
  look.signal("SIGINT")
  expect((await look.finished).code).toBe(130)
  project.remove()
})

const get = async (path: string) => {
  const response = await fetch(new URL(path, address))
  return { status: response.status, headers: response.headers, text: await response.text() }
}

/** What comes back for bytes that no client would send. */
const raw = (request: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(address).port), "127.0.0.1", () => socket.end(request))
    let answer = ""
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("latin1")
    })
    socket.once("close", () => resolve(answer))
    socket.once("error", reject)
  })
const asked = (first: string, host = "127.0.0.1") =>
  raw(`${first} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)

describe("pipeline look", () => {
  test("lists the runs, newest first", async () => {
    const { status, text } = await get("/")
    expect(status).toBe(200)
    const listed = [...text.matchAll(/<a href="\/runs\/([^"]+)">/g)].map(([, id]) => id)
    expect(listed).toEqual(project.runs().toReversed())
    expect(text).toMatch(/state-failed/)
  })

  test("shows a run with its nodes, and two side by side", async () => {
    const [first, second] = project.runs()
    const run = await get(`/runs/${second}`)
    expect(run.text).toContain('id="node-0"')
    expect(run.text).toContain("params.value 1 → 2")
    expect(run.text).toContain(`/compare?run=${first}&amp;run=${second}`)
    const compared = await get(`/compare?run=${first}&run=${second}`)
    expect(compared.text).toMatch(/<td>a<\/td><td><code>1<\/code><\/td><td><code>2<\/code>/)
  })

  test("serves reports as pages that are of no origin", async () => {
    const [first, second] = project.runs()
    for (const path of [`/runs/${first}/report`, `/compare?run=${first}&run=${second}`]) {
      const { status, headers, text } = await get(path)
      expect(status).toBe(200)
      expect(text).toContain("Run card")
      expect(headers.get("content-security-policy")).toMatch(/frame-ancestors 'none'; sandbox allow-scripts/)
      expect(headers.get("content-security-policy")).not.toContain("allow-same-origin")
    }
  })

  test("escapes whatever comes from a pipeline", async () => {
    const id = project.runs()[2]
    for (const path of [`/runs/${id}`, `/runs/${id}/report`]) {
      const { text } = await get(path)
      expect(text).not.toContain("<img")
      // In the params of the run and of the node, in the log, the message and the hint.
      const escaped = "&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&#39;&amp;"
      expect(text.split(escaped).length).toBeGreaterThan(5)
      expect(text).toContain(`it went wrong: ${escaped}`)
      expect(text).toContain(`${escaped}\\u0007`)
    }
  })

  test("says what is not there", async () => {
    const run = project.runs()[0]
    for (const path of [
      "/nothing",
      "/runs",
      "/runs/nothing",
      `/runs/${run}/nothing`,
      `/runs/${run}/live/more`,
      "/compare/x",
      `/compare?run=${run}&run=nothing`,
      "/runs/last",
      `/runs/${run?.slice(0, -1)}`
    ])
      expect({ path, ...(await get(path)) }).toMatchObject({ path, status: 404 })
    expect((await get(`/compare?run=${run}`)).status).toBe(400)
  })

  test.each([
    "/runs/..%2f..%2f..%2fetc%2fpasswd",
    "/runs/%2e%2e/%2e%2e/etc/passwd",
    "/../../../../etc/passwd",
    "/runs/../../../../../../etc/passwd",
    "/runs/%00",
    "/runs/..%5c..",
    "/runs/__proto__",
    "//etc/passwd",
    "http://127.0.0.1/etc/passwd"
  ])("gives nothing for the path %s", async (path) => {
    expect(await asked(`GET ${path}`)).toMatch(/^HTTP\/1\.1 40[04] /)
  })

  test("refuses foreign names, and everything that is not reading", async () => {
    expect(await asked("GET /", "evil.example")).toMatch(/^HTTP\/1\.1 403 /)
    expect(await asked("GET /", "127.0.0.1.evil.example:80")).toMatch(/^HTTP\/1\.1 403 /)
    expect(await raw("GET / HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 403 /)
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
      expect(await asked(`${method} /`)).toMatch(/^HTTP\/1\.1 405 [\s\S]*\r\nallow: GET, HEAD\r\n/i)
  })

  test("answers HEAD with the headers alone, and every answer keeps to itself", async () => {
    const head = await asked("HEAD /")
    expect(head).toMatch(/^HTTP\/1\.1 200 /)
    expect(head.split("\r\n\r\n")[1]).toBe("")
    const { headers } = await get("/")
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-security-policy": "frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-store"
    })
    expect(headers.get("access-control-allow-origin")).toBeNull()
    expect((await get("/")).text).toMatch(
      /^<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="default-src 'none'; /
    )
    expect((await get("/nothing")).headers.get("content-security-policy")).toContain("frame-ancestors 'none'")
  })

  test("tells whoever watches when there is another run", async () => {
    const live = /data-live="([^"]+)"/.exec((await get("/")).text)?.[1]?.replaceAll("&amp;", "&") ?? ""
    const told = get(live)
    let over = false
    void told.then(() => {
      over = true
    })
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(over).toBe(false)
    await cli(project, ["run", "sums", "--set", "a=3"])
    expect((await told).text).toBe("data: \n\n")
  })

  test("is refused a port that is taken, with the cure", async () => {
    const { code, stderr } = await cli(project, ["look", "--port", new URL(address).port])
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/EADDRINUSE[\s\S]*--port 0/)
    })
  })
})
