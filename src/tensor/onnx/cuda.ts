/** Whether ONNX Runtime can compute on an NVIDIA GPU here. Only files are looked at. */
import { existsSync, statSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { hasNvidiaGpu } from "../direct/nvidia.ts"

/** `works`, or what is missing and how to get it. */
export type CudaState =
  | { readonly state: "works" }
  | { readonly state: "missing"; readonly reason: string; readonly hint: string }

/**
 * @param directory where onnxruntime-node has its native code
 * @param hasGpu whether there is a GPU with its driver
 */
export const cudaState = (directory = nativeDirectory(), hasGpu = hasNvidiaGpu()): CudaState => {
  if (!hasGpu)
    return {
      state: "missing",
      reason: "there is no NVIDIA GPU with its driver",
      hint: "on a machine with one, install the driver; `nvidia-smi` must list it"
    }
  if (process.platform === "win32" || process.platform === "darwin" || process.arch !== "x64")
    return {
      state: "missing",
      reason: `onnxruntime-node has no CUDA for ${process.platform} ${process.arch}`,
      hint: "use Linux on x64, or --engine tfjs-node-gpu"
    }
  const library = join(directory, "libonnxruntime_providers_cuda.so")
  // An empty file keeps the package's install script from downloading the real one.
  if (!existsSync(library) || statSync(library).size === 0)
    return {
      state: "missing",
      reason: "the CUDA part of onnxruntime-node is not installed",
      hint: "with CUDA 12 and cuDNN 9 on the machine: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node"
    }
  return { state: "works" }
}

/** An optional package: where it is not installed, nothing is in the directory either. */
const nativeDirectory = (): string => {
  const require = createRequire(import.meta.url)
  const [place = ""] = require.resolve.paths("onnxruntime-node") ?? []
  try {
    const home = dirname(require.resolve("onnxruntime-node/package.json"))
    return join(home, "bin", "napi-v6", process.platform, process.arch)
  } catch {
    return place
  }
}
