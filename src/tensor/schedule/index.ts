/** Learning-rate schedules. */
export {
  ConstantSchedule,
  CosineSchedule,
  isExtendable,
  learningRateAt,
  Schedule,
  StepSchedule,
  type TrainingPosition,
  TriangularSchedule
} from "./schedule.ts"
