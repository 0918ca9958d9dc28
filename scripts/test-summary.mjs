/**
 * Reads Vitest's JSON report, says which tests were skipped, and closes with the totals on a line of their own.
 *
 * A skipped test is a failure, except where a GPU is missing: such a test has `GPU` in its name.
 *
 *     node scripts/test-summary.mjs report.json
 */
import { readFileSync } from "node:fs"

const report = JSON.parse(readFileSync(process.argv[2], "utf8"))
const tests = report.testResults.flatMap(({ name, assertionResults }) =>
  assertionResults.map(({ fullName, status }) => ({ name: `${name}: ${fullName}`, status }))
)
const count = (status) => tests.filter((test) => test.status === status).length

const skipped = tests.filter(({ status }) => status !== "passed" && status !== "failed")
const excused = skipped.filter(({ name }) => /\bGPU\b/.test(name))
for (const { name } of excused) console.log(`skipped for want of a GPU: ${name}`)
for (const { name } of skipped) if (!/\bGPU\b/.test(name)) console.log(`skipped without a reason: ${name}`)

const passed = count("passed")
if (skipped.length > excused.length || passed === 0 || !report.success) process.exitCode = 1
const rest = skipped.length === 0 ? "" : `, ${skipped.length} skipped`
console.log(`${passed} passed, ${count("failed")} failed${rest}`)
