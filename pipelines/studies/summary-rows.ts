/** What the table over all studies has a row for. */
interface SummaryRow {
  readonly study: StudyName
  readonly what: string
  readonly epsilon: number
  /** In the corrected column. */
  readonly model: string
  readonly transfer?: string
  readonly why: string
}

export type StudyName =
  | "mnist-keras-cnn"
  | "cifar10-even-deeper"
  | "mnist-advtrain"
  | "mnist-no-pool-cnn"
  | "mnist-mlp-regularised"

/**
 * The numbers that each study is known for, and why ours differ from them.
 *
 * A row is taken out of the study's comparison, where `what` and `epsilon` are the first to match. Beside it stands what the
 * strongest white-box attack leaves of the corrected column's `model`. `transfer` names the corrected sweep of transferred images
 * where the published number is one.
 */
export const summaryRows: ReadonlyArray<SummaryRow> = [
  {
    study: "mnist-keras-cnn",
    what: "baseline under FGSM",
    epsilon: 0.1,
    model: "baseline",
    why: "The printed code differentiates the sum of the probabilities, which is constant. With cross-entropy it takes a larger epsilon to get down to the published accuracy."
  },
  {
    study: "mnist-keras-cnn",
    what: "baseline under FGSM, gradient as printed",
    epsilon: 0.1,
    model: "baseline",
    why: "What is left of the gradient of a constant is rounding, and nothing at all for about half of the images: it cannot have given the published accuracy."
  },
  {
    study: "mnist-keras-cnn",
    what: "trained further, under FGSM",
    epsilon: 0.1,
    model: "retrained",
    why: "The study trains further on attacked images of the test set that it is judged on; the corrected model on training images alone."
  },
  {
    study: "cifar10-even-deeper",
    what: "3: once again; under FGSM",
    epsilon: 0.5,
    model: "third",
    why: "Accuracy under attack above that without: the training leaks the label through single steps. In pixels epsilon is 0.5, where every image can be turned grey."
  },
  {
    study: "mnist-advtrain",
    what: "baseline under FGSM",
    epsilon: 0.2,
    model: "baseline",
    why: "100 test images, and the gradient of the raw logit instead of that of cross-entropy."
  },
  {
    study: "mnist-advtrain",
    what: "PGD retrained under PGD, transfer",
    epsilon: 0.3,
    model: "pgd-retrained",
    transfer: "pgd-retrained-pgd-transfer",
    why: "The published curve, and the faithful one, show images that were made against another model: a transfer attack, not robustness. White-box PGD leaves what the corrected column says."
  },
  {
    study: "mnist-no-pool-cnn",
    what: "CNN under FGSM",
    epsilon: 0.5,
    model: "baseline",
    why: "In pixels the published accuracy cannot be: a grey image leaves 11.35 % at most. Epsilons of inputs that are normalised as in PyTorch's MNIST example come closest."
  },
  {
    study: "mnist-no-pool-cnn",
    what: "CNN with adversarial training, under FGSM",
    epsilon: 0.5,
    model: "pgd-on-the-fly",
    why: "As above, and closest when trained with one step at epsilon 0.3 of such inputs. The corrected model is another: trained with PGD at epsilon 0.3 of pixels."
  },
  {
    study: "mnist-mlp-regularised",
    what: "λ1 0, λ2 0",
    epsilon: 0.1,
    model: "l1-0-l2-0",
    why: "Width, dropout and epochs are not given; the faithful column takes those of the program that the study cites."
  },
  {
    study: "mnist-mlp-regularised",
    what: "λ1 0.0001, λ2 0.0001",
    epsilon: 0.1,
    model: "l1-0.0001-l2-0.0001",
    why: "As above. The corrected attacks cut images to [0, 1], which makes them weaker, and the study does not."
  }
]
