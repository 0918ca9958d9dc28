/** `pipeline diff A B`: what two runs do not have in common. */
export * from "../../track/run-diff.ts"
