// A run reviewer: a run that may write has to run the tests.

export const runReview = {
  review(run) {
    if (run.active) return { flags: [], grade: undefined };
    if (!run.write || run.commands.some((command) => command.test)) {
      return { flags: [], grade: { score: 100, notes: [] } };
    }
    const message = 'it may write and ran no tests';
    const flag = {
      code: 'no_tests',
      severity: 'medium',
      category: 'quality',
      confidence: 'high',
      message,
      blocking: false,
    };
    return { flags: [flag], grade: { score: 60, notes: [`40 off: ${message}`] } };
  },
};
