"""A secret scanner: the tokens of one service."""

from wit_world import exports
from wit_world.exports.secret_rules import Class, Classification, Confidence, Rule

RULE = Rule(
    id="acme-token",
    description="A token of Acme",
    regex="acme_[a-z0-9]{20}",
    # The host looks for the rule only where one of these stands.
    keywords=["acme_"],
    secret_group=0,
    min_entropy=2.5,
    path=None,
    confidence=Confidence.HIGH,
    components=[],
    allow=[],
    checksum=None,
    skip_report=False,
    source="Acme's documentation",
    # The host refuses a rule that fails these. Put together, so that no scanner finds them here.
    positives=["acme_" + "4f7k2p9q8r1s6t3v5w0x"],
    negatives=["acme_short"],
)


def classify(finding):
    if "example" in finding.secret:
        return Classification(Class.PLACEHOLDER, "it says so itself")
    return Classification(Class.REAL, "it has the form of Acme's tokens")


class SecretRules(exports.SecretRules):
    def rules(self):
        return [RULE]

    def classify(self, findings):
        return [classify(finding) for finding in findings]
