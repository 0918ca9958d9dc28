/** Runs a command to its end and keeps what it says. */
import { spawn } from "node:child_process"

/**
 * @param {(pid: number) => void} share told the process number, see lock.mjs
 * @returns {Promise<{ ok: boolean, missing: boolean, output: string }>}
 */
export function run(command, args, { share, ...options }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] })
    const chunks = []
    child.stdout.on("data", (chunk) => chunks.push(chunk))
    child.stderr.on("data", (chunk) => chunks.push(chunk))
    child.on("error", (error) =>
      resolve({ ok: false, missing: error.code === "ENOENT", output: `${error.message}\n` })
    )
    child.on("close", (code) =>
      resolve({ ok: code === 0, missing: false, output: Buffer.concat(chunks).toString("utf8") })
    )
    if (child.pid !== undefined) share(child.pid)
  })
}
