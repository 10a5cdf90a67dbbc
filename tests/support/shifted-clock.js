/** For `--import`: the clock of a machine that is ahead by TEST_CLOCK_SHIFT seconds. */
const shift = Number(process.env.TEST_CLOCK_SHIFT ?? 0) * 1_000;
const RealDate = Date;

globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length > 0) super(...given);
    else super(RealDate.now() + shift);
  }

  static now() {
    return RealDate.now() + shift;
  }
};
