/** Quantities as people read them. */
export * from "../../text/format.ts"
