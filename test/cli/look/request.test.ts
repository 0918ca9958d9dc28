/** Which requests `pipeline look` answers. */
import { assert, describe, it } from "@effect/vitest"
import { readRequest } from "../../../src/cli/look/request.ts"

const local = new Set(["localhost"])
const read = (host: string | undefined, method = "GET", target = "/") =>
  readRequest({ method, host, target }, local)

describe("a request", () => {
  it.each([
    "127.0.0.1:7341",
    "localhost",
    "localhost:80",
    "LOCALHOST:7341",
    "[::1]:7341",
    "192.168.7.7:7341"
  ])("to %s is answered: it is an address, or a name of this machine", (host) =>
    assert.notProperty(read(host), "status")
  )

  it.each([
    "evil.example",
    "evil.example:7341",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "localhost:7341@evil.example",
    "127.0.0.1:7341, evil.example",
    "localhost:",
    " ",
    "",
    undefined
  ])("to the name %j is refused: somebody else's page may stand behind it", (host) =>
    assert.propertyVal(read(host), "status", 403)
  )

  it.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", ""])(
    "by %j is refused: runs can only be read",
    (method) => assert.propertyVal(read("localhost", method), "status", 405)
  )

  it("comes in decoded parts, which are names and never paths", () => {
    assert.deepInclude(read("localhost", "GET", "/runs/..%2F..%2Fetc?a=1&a=2"), {
      path: ["runs", "../../etc"]
    })
    assert.deepInclude(read("localhost", "GET", "//runs///x/"), { path: ["runs", "x"] })
  })

  it("that is not well formed is refused", () => {
    assert.propertyVal(read("localhost", "GET", "/%zz"), "status", 400)
    assert.propertyVal(read("localhost", "GET", "/%c3%28"), "status", 400)
  })
})
