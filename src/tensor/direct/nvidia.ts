/** What the NVIDIA driver tells, without any library. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

/** Whether there is an NVIDIA GPU with its driver. Under the Windows subsystem for Linux, /dev/dxg is the GPU. */
export const hasNvidiaGpu = (): boolean =>
  process.platform === "win32"
    ? existsSync(join(process.env["SystemRoot"] ?? "C:\\Windows", "System32", "nvcuda.dll"))
    : existsSync("/dev/nvidiactl") || existsSync("/dev/dxg")

/** The first GPU's name, where the driver is one for Linux. */
export const nvidiaGpuName = (): string | undefined => {
  const gpus = "/proc/driver/nvidia/gpus"
  const [first] = existsSync(gpus) ? readdirSync(gpus) : []
  if (first === undefined) return undefined
  return /^Model:\s*(.+)$/m.exec(readFileSync(join(gpus, first, "information"), "utf8"))?.[1]
}
