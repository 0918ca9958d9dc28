/**
 * A server in front of another one that keeps each request back for a while, as a process of its own.
 *
 *     node slow-server.ts ADDRESS MILLISECONDS
 *
 * Prints its own address, and lasts until it is killed.
 */
import { BadNetwork } from "../../test/rig/bad-network.ts"

const [target = "", millis = ""] = process.argv.slice(2)
const network = await BadNetwork.start(() => target)
network.mishap = () => ({ waitMillis: Number(millis) })
console.log(network.address)
