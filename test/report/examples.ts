/** Values that reports are tested on. */
import type { Sweep } from "../../src/artifact/kinds/sweep.ts"
import type { Table } from "../../src/artifact/kinds/table.ts"

export const sweepOf = (
  model: string,
  accuracies: ReadonlyArray<readonly [epsilon: number, correct: number]>,
  source: Sweep["source"] = "white-box"
): Sweep => ({
  title: `${model} under FGSM, cross-entropy`,
  network: "net",
  source,
  attack: {},
  points: accuracies.map(([epsilon, correct]) => ({
    epsilon,
    trials: [
      {
        set: "test",
        count: 100,
        correct,
        perClass: Array.from({ length: 10 }, (_, digit) => ({ name: String(digit), count: 10, correct: 1 })),
        confidence: 0.9,
        wrongConfidence: null,
        loss: 0.5
      }
    ]
  }))
})

export const comparison: Table = {
  title: "Published beside faithful; cut: 1 of 2 images",
  columns: [
    { name: "what", type: "text" },
    { name: "epsilon", type: "number" },
    { name: "published", type: "number", unit: "share" },
    { name: "faithful", type: "number", unit: "share" },
    { name: "faithful s.e.", type: "number", unit: "share" },
    { name: "faithful − published", type: "number", unit: "share" },
    { name: "source", type: "text" }
  ],
  rows: [
    ["baseline under FGSM", 0, 0.99, 0.98, 0.014, -0.01, "blog"],
    ["baseline under FGSM", 0.2, 0.27, 0.47, 0.05, 0.2, "blog"]
  ]
}

/** What an enemy would call his nodes, or have his stages say. */
export const hostile = [
  `<script>window.stolen = 1</script>`,
  `"><img src=x onerror="window.stolen = 1">`,
  `' onmouseover='window.stolen = 1`,
  `</style></title></svg><script>window.stolen = 1</script>`,
  `]]>--><!--`,
  "javascript:window.stolen=1",
  "\u0000\u0007\u001b[31mred\u001b]0;title\u0007\u202egnp.exe\u2028\ufeff\ud800",
  `\${window.stolen = 1}`,
  "&lt;b&gt; &amp; &#60;"
]
export const hostileText = hostile.join(" ")
