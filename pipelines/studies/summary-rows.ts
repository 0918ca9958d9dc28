/**
 * The numbers that each study is known for, and why ours differ from them.
 *
 * A row is taken out of the study's comparison, where `what` and `epsilon` are the first to match.
 */
export const summaryRows = [
  {
    study: "mnist-keras-cnn",
    what: "baseline under FGSM",
    epsilon: 0.1,
    why: "The printed code differentiates the sum of the probabilities, which is constant. With cross-entropy it takes a larger epsilon to get down to the published accuracy."
  },
  {
    study: "mnist-keras-cnn",
    what: "baseline under FGSM, gradient as printed",
    epsilon: 0.1,
    why: "What is left of the gradient of a constant is rounding, and nothing at all for about half of the images: it cannot have given the published accuracy."
  },
  {
    study: "mnist-keras-cnn",
    what: "trained further, under FGSM",
    epsilon: 0.1,
    why: "The study trains further on attacked images of the test set that it is judged on; the corrected column on training images alone."
  },
  {
    study: "cifar10-even-deeper",
    what: "3: once again; FGSM, corrected: PGD",
    epsilon: 0.5,
    why: "Accuracy under attack above that without: the training leaks the label through single steps. In pixels epsilon is 0.5, where every image can be turned grey."
  },
  {
    study: "mnist-advtrain",
    what: "baseline under FGSM",
    epsilon: 0.2,
    why: "100 test images, and the gradient of the raw logit instead of that of cross-entropy."
  },
  {
    study: "mnist-advtrain",
    what: "PGD retrained under PGD, transfer",
    epsilon: 0.3,
    why: "The published curve shows images that were made against another model: a transfer attack, not robustness."
  },
  {
    study: "mnist-no-pool-cnn",
    what: "CNN under FGSM",
    epsilon: 0.5,
    why: "In pixels the published accuracy cannot be: a grey image leaves 11.35 % at most. Epsilons of inputs that are normalised as in PyTorch's MNIST example come closest."
  },
  {
    study: "mnist-no-pool-cnn",
    what: "CNN with adversarial training, under FGSM",
    epsilon: 0.5,
    why: "As above, and closest when trained with one step at epsilon 0.3 of such inputs. The corrected column is trained and attacked with PGD."
  },
  {
    study: "mnist-mlp-regularised",
    what: "λ1 0, λ2 0",
    epsilon: 0.1,
    why: "Width, dropout and epochs are not given; the faithful column takes those of the program that the study cites."
  },
  {
    study: "mnist-mlp-regularised",
    what: "λ1 0.0001, λ2 0.0001",
    epsilon: 0.1,
    why: "As above. The corrected column cuts images to [0, 1], which the study does not."
  }
] as const
