/**
 * Packages of which every stage gets this program's copy, whatever its project has installed.
 *
 * Two copies of Effect in one process are two runtimes, and two of TensorFlow.js two engines.
 */
const provided = /^(effect|@effect\/[^/]+|@tensorflow\/tfjs-core)(\/|$)/

export const isProvided = (specifier: string): boolean => provided.test(specifier)
