"""A run reviewer: a run that may write has to run the tests."""

from wit_world import exports
from wit_world.exports.run_review import Assessment, Confidence, Flag, Grade, Severity


class RunReview(exports.RunReview):
    def review(self, run):
        if run.active:
            return Assessment([], None)
        if not run.write or any(command.test for command in run.commands):
            return Assessment([], Grade(100, []))
        message = "it may write and ran no tests"
        flag = Flag("no_tests", Severity.MEDIUM, "quality", Confidence.HIGH, message, blocking=False)
        return Assessment([flag], Grade(60, [f"40 off: {message}"]))
