/**
 * Looks at the live lines of a run in a real terminal, tmux: 40 nodes on 24 rows, at 80 and 200 columns, made narrower, wider and
 * shorter while it goes on, ended and interrupted. Says what is wrong, and exits with 1.
 *
 *   node scripts/terminal-check.mjs
 */
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

const root = join(import.meta.dirname, "..")
let socket = ""
const nodes = 40
const tmux = (...args) =>
  execFileSync("tmux", ["-L", socket, "-f", "/dev/null", ...args], { encoding: "utf8" })
const problems = []

/** The screen with all that has scrolled away; long lines as one. */
const everything = () => tmux("capture-pane", "-p", "-J", "-S", "-", "-t", "check").trimEnd().split("\n")
const screen = () => tmux("capture-pane", "-p", "-t", "check").trimEnd().split("\n")

const look = async (name, columns, rows, resize, seconds, interrupt) => {
  // A server of its own: the last one may still be ending.
  socket = `advpipe-${process.pid}-${name.replace(/\W/g, "")}`
  const problem = (text) => problems.push(`${name}: ${text}`)
  tmux("new-session", "-d", "-s", "check", "-x", columns, "-y", rows, "bash --norc --noprofile")
  tmux("set-option", "-t", "check", "history-limit", "10000")
  try {
    tmux("send-keys", "-t", "check", "PS1='READY '; clear", "Enter")
    await sleep(500)
    const play = join(root, "test/rig/terminal-play.ts")
    tmux(
      "send-keys",
      "-t",
      "check",
      `echo BEFORE; ${process.execPath} ${play} ${nodes} ${seconds}; echo CODE $?`,
      "Enter"
    )
    const begun = Date.now()
    let footers = 0
    for (const [width, height] of resize) {
      await sleep((1000 * seconds) / (resize.length + 2))
      const seen = screen()
      footers = seen.filter((line) => / of 40 done, /.test(line)).length
      // Right after a resize the frame before it may still be folded; the next one has cleared it.
      if (footers > 1) problem(`${footers} footers at once:\n${seen.join("\n")}`)
      tmux("resize-window", "-t", "check", "-x", width, "-y", height)
    }
    if (interrupt) tmux("send-keys", "-t", "check", "C-c")
    while (!everything().some((line) => /^CODE \d/.test(line))) {
      if (Date.now() - begun > 1000 * (seconds + 30)) throw new Error(`${name}: it does not end`)
      await sleep(200)
    }
    const lines = everything()
    const told = (pattern) => lines.filter((line) => pattern.test(line)).length
    if (told(/^BEFORE$/) !== 1) problem("a line from before the run is lost")
    const remains = lines.filter((line) => /^run +node-|\d+ of 40 done, |^\+\d+ more running/.test(line))
    // A window made smaller scrolls what was live away before anybody can erase it.
    if (remains.length > 0 && resize.length === 0) problem(`live lines are left:\n${remains.join("\n")}`)
    const torn = lines.filter(
      (line) => /.(run|done|info) +node-\d/.test(line) && (resize.length === 0 || !line.startsWith("run "))
    )
    if (torn.length > 0) problem(`torn lines:\n${torn.join("\n")}`)
    if (!interrupt)
      for (let index = 0; index < nodes; index++)
        for (const word of ["done", "info"]) {
          const count = told(new RegExp(`^${word} +node-${String(index).padStart(3, "0")} `))
          if (count !== 1) problem(`${word} of node ${index} is there ${count} times`)
        }
    if (told(/^(40 run|\d+ run, .*) in /) !== 1) problem("the summary is not there once")
    const cursor = tmux("display-message", "-p", "-t", "check", "#{cursor_flag}").trim()
    if (cursor !== "1") problem("the cursor is hidden")
  } finally {
    tmux("kill-server")
  }
}

await look("80 columns", 80, 24, [], 4, false)
await look("200 columns", 200, 24, [], 4, false)
await look(
  "narrower, wider",
  200,
  24,
  [
    [80, 24],
    [120, 24],
    [60, 24],
    [200, 24]
  ],
  8,
  false
)
await look(
  "lower, higher",
  80,
  40,
  [
    [80, 24],
    [80, 10],
    [80, 30]
  ],
  8,
  false
)
await look("Ctrl-C", 80, 24, [[100, 24]], 6, true)
process.stdout.write(
  problems.length === 0 ? "the terminal is as it should be\n" : `${problems.join("\n\n")}\n`
)
process.exit(problems.length === 0 ? 0 : 1)
