/** Registers the gradients of TensorFlow.js kernels; scripts/build.mjs makes it. */
export {}
