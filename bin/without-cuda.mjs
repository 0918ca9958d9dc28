/**
 * Runs when this package is installed, before any other package's install script.
 *
 * ONNX Runtime's own script then fetches its libraries for NVIDIA GPUs: hundreds of megabytes, from another place than the
 * registry, for everybody on Linux, and the installation fails where that place cannot be reached. It fetches none that are
 * there already. So empty files take their places, unless the user has said what to do: ONNXRUNTIME_NODE_INSTALL=cuda12
 * fetches them. On the CPU nothing looks at them.
 */
import { existsSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

const wish = process.env.ONNXRUNTIME_NODE_INSTALL || process.env.npm_config_onnxruntime_node_install
const libraries = ["cuda", "shared", "tensorrt"].map((name) => `libonnxruntime_providers_${name}.so`)

if (wish === undefined && process.platform === "linux" && process.arch === "x64") {
  try {
    const home = dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json"))
    for (const library of libraries) {
      const path = join(home, "bin", "napi-v6", "linux", "x64", library)
      if (!existsSync(path)) writeFileSync(path, "")
    }
  } catch {
    // It is an optional package, and what is done here is only a favour: without it, its own script does what it does.
  }
}
