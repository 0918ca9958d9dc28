/** `pipeline track serve` with a stand-in for `mlflow`, and once with the real one. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { assert, describe, it, onTestFinished } from "vitest"
import { cli, isAlive, start } from "../../rig/cli.ts"
import { freePort, mlflowPython, withoutMlflow } from "../../rig/mlflow-server.ts"
import { repository, TestProject } from "../../rig/project.ts"

/** A project in a place of its own, and a PATH with this `mlflow` and nothing else that could serve. */
const standIn = (program: string | undefined) => {
  const project = new TestProject()
  const bin = mkdtempSync(join(tmpdir(), "bin-"))
  onTestFinished(() => {
    project.remove()
    rmSync(bin, { recursive: true })
  })
  if (program !== undefined) {
    writeFileSync(join(bin, "mlflow"), `#!${process.execPath}\n${program}`)
    chmodSync(join(bin, "mlflow"), 0o755)
  }
  return { project, env: { PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin` }, bin }
}

const server = `
const { createServer } = require("node:http")
const { writeFileSync } = require("node:fs")
const port = Number(process.argv[process.argv.indexOf("--port") + 1])
writeFileSync("pid", String(process.pid))
process.on("SIGTERM", () => { writeFileSync("stopped", ""); process.exit(0) })
createServer((request, response) =>
  response.end(request.url === "/version" ? "3.17.2" : JSON.stringify({ store_type: "SqlStore" }))
).listen(port, "127.0.0.1")
`

describe("pipeline track serve", () => {
  it("says where the server is, and ends it with Ctrl-C", async () => {
    const { project, env } = standIn(server)
    const port = await freePort()
    const command = start(project, ["track", "serve", "--port", String(port)], { env })
    await command.says("Ctrl-C stops it")
    assert.isTrue((await fetch(`http://127.0.0.1:${port}/version`)).ok)
    command.signal("SIGINT")
    const { code, stdout } = await command.finished
    assert.strictEqual(code, 130)
    assert.include(
      stdout,
      `MLflow 3.17.2 at http://127.0.0.1:${port}, kept in ${join(project.root, "mlflow")}\n`
    )
    assert.include(stdout, `export MLFLOW_TRACKING_URI=http://127.0.0.1:${port}\n`)
    const pid = Number(readFileSync(join(project.root, "mlflow", "pid"), "utf8"))
    assert.isFalse(isAlive(pid))
    assert.isTrue(existsSync(join(project.root, "mlflow", "stopped")))
    assert.strictEqual(readFileSync(join(project.root, "mlflow", ".gitignore"), "utf8"), "*\n")
  })

  it("installs, hints at and composes one version of MLflow", () => {
    const files = ["src/cli/track-serve.ts", "scripts/mlflow-for-tests.sh", "compose.yaml"]
    const versions = files.map((file) => {
      const text = readFileSync(join(repository, file), "utf8")
      return [...text.matchAll(/\b3\.\d+\.\d+\b/g)].map(([version]) => version)
    })
    assert.isTrue(versions.every((found) => found.length > 0))
    assert.lengthOf(new Set(versions.flat()), 1)
  })

  it("without mlflow gives the one command that installs it", async () => {
    const { project, env } = standIn(undefined)
    const { code, stderr } = await cli(project, ["track", "serve"], { env })
    assert.strictEqual(code, 1)
    assert.include(stderr, "there is no `mlflow` on the PATH")
    assert.match(stderr, /hint: (uv tool install|pipx install|python3 -m pip install) mlflow==/)
    assert.isFalse(existsSync(join(project.root, "mlflow")))
  })

  it("a port that is taken is named, with another; a server that is there already may be used", async () => {
    const { project, env } = standIn(server)
    const other = createServer((socket) => socket.end("hello\n"))
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve))
    onTestFinished(() => void other.close())
    const address = other.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    const taken = await cli(project, ["track", "serve", "--port", String(port)], { env })
    assert.strictEqual(taken.code, 1)
    assert.include(taken.stderr, `port ${port} is taken by another program`)
    assert.include(taken.stderr, `--port ${port + 1}`)

    const free = await freePort()
    const first = start(project, ["track", "serve", "--port", String(free)], { env })
    await first.says("Ctrl-C stops it")
    const again = await cli(project, ["track", "serve", "--port", String(free)], { env })
    assert.include(again.stderr, "is taken by an MLflow server, 3.17.2")
    assert.include(again.stderr, `export MLFLOW_TRACKING_URI=http://127.0.0.1:${free}`)
    first.signal("SIGINT")
    await first.finished
  })

  it("a server that ends by itself is told with its last words", async () => {
    const { project, env } = standIn("console.error('Detected out-of-date database schema'); process.exit(3)")
    const { code, stderr } = await cli(project, ["track", "serve", "--port", String(await freePort())], {
      env
    })
    assert.strictEqual(code, 1)
    assert.include(stderr, "the MLflow server ended with exit code 3")
    assert.include(stderr, "Detected out-of-date database schema")
    assert.include(stderr, "mlflow db upgrade")
  })

  it("a server that ends later ends the command; --json says where it was", async () => {
    const { project, env } = standIn(`${server}\nsetTimeout(() => process.exit(4), 2000)`)
    const port = await freePort()
    const { code, stdout, stderr } = await cli(
      project,
      ["track", "serve", "--port", String(port), "--json"],
      { env }
    )
    assert.strictEqual(code, 1)
    const { pid, ...told } = JSON.parse(stdout)
    const directory = join(project.root, "mlflow")
    assert.deepStrictEqual(told, { address: `http://127.0.0.1:${port}`, version: "3.17.2", directory })
    assert.isFalse(isAlive(pid))
    assert.include(stderr, "ended with exit code 4")
  })

  it.skipIf(mlflowPython === undefined)(
    `starts the real one${withoutMlflow}`,
    { timeout: 120_000 },
    async () => {
      const { project, env, bin } = standIn(undefined)
      writeFileSync(join(bin, "mlflow"), `#!/bin/sh\nexec "${mlflowPython}" -m mlflow "$@"\n`)
      chmodSync(join(bin, "mlflow"), 0o755)
      const directory = join(project.root, "a place #1")
      mkdirSync(directory)
      const port = await freePort()
      const command = start(project, ["track", "serve", "--port", String(port), "--directory", directory], {
        env
      })
      await command.says("Ctrl-C stops it")
      assert.strictEqual(await (await fetch(`http://127.0.0.1:${port}/health`)).text(), "OK")
      command.signal("SIGINT")
      const { code, stdout } = await command.finished
      assert.strictEqual(code, 130)
      assert.include(stdout, `export MLFLOW_TRACKING_URI=http://127.0.0.1:${port}`)
      assert.isTrue(existsSync(join(directory, "mlflow.db")))
      assert.isUndefined(await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined))
    }
  )
})
