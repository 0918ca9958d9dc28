/** Flags that several commands share. */
import { Config, Effect, Option, Schema } from "effect"
import { Argument, Flag } from "effect/cli"
import { findProject } from "../plan/project.ts"
import { packageRoot } from "./program.ts"

export const json = Flag.Boolean("json").pipe(
  Flag.withDescription("print JSON instead of text"),
  Flag.withDefault(false)
)

export const store = Flag.String("store").pipe(
  Flag.withDescription("directory of the store (default: `artifacts` in the project, or PIPELINE_STORE)"),
  Flag.withFallbackConfig(Config.String("PIPELINE_STORE")),
  Flag.optional
)

export const pipeline = Argument.String("pipeline").pipe(Argument.withDescription("name of a pipeline"))

export const run = Argument.String("run").pipe(
  Argument.withDescription("a run: its identifier, the beginning of one, `last`, or `last~1`")
)

export const preset = Flag.String("preset").pipe(
  Flag.withAlias("p"),
  Flag.withDescription("named set of params (default: the pipeline's own)"),
  Flag.optional
)

const Setting = Schema.String.check(
  Schema.isPattern(/^[^=]+=/, { expected: "name=value, such as `epsilon=0.1` or `attack.steps=40`" })
)

export const sets = Flag.String("set").pipe(
  Flag.withSchema(Setting),
  Flag.withDescription(
    "override a param: --set name=value; the value is JSON or plain text; may be repeated"
  ),
  Flag.atLeast(0),
  Flag.map((settings) =>
    settings.map((setting) => {
      const end = setting.indexOf("=")
      return [setting.slice(0, end), setting.slice(end + 1)] as const
    })
  )
)

const nodes = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(`${description}; may be repeated`), Flag.atLeast(0))

export const scope = {
  only: nodes("only", "only this node and what it needs"),
  from: nodes("from", "only this node, what depends on it, and what these need"),
  force: nodes("force", "run this node even if it is cached")
}

/** The project around the current directory, and its store. */
export const located = (storeFlag: Option.Option<string>) =>
  Effect.sync(() => {
    const project = findProject(process.cwd(), packageRoot)
    return { project, store: Option.getOrElse(storeFlag, () => `${project.root}/artifacts`) }
  })
