/** The presets of all studies, by the studies' names. */
import * as evenDeeper from "../cifar10-even-deeper/presets.ts"
import * as advtrain from "../mnist-advtrain/presets.ts"
import * as kerasCnn from "../mnist-keras-cnn/presets.ts"
import * as mlp from "../mnist-mlp-regularised/presets.ts"
import * as noPoolCnn from "../mnist-no-pool-cnn/presets.ts"

export const demo = {
  "mnist-keras-cnn": kerasCnn.demo,
  "cifar10-even-deeper": evenDeeper.demo,
  "mnist-advtrain": advtrain.demo,
  "mnist-no-pool-cnn": noPoolCnn.demo,
  "mnist-mlp-regularised": mlp.demo
}

export const quick = {
  "mnist-keras-cnn": kerasCnn.quick,
  "cifar10-even-deeper": evenDeeper.quick,
  "mnist-advtrain": advtrain.quick,
  "mnist-no-pool-cnn": noPoolCnn.quick,
  "mnist-mlp-regularised": mlp.quick
}

export const paper = {
  "mnist-keras-cnn": kerasCnn.paper,
  "cifar10-even-deeper": evenDeeper.paper,
  "mnist-advtrain": advtrain.paper,
  "mnist-no-pool-cnn": noPoolCnn.paper,
  "mnist-mlp-regularised": mlp.paper
}
