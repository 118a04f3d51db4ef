"""A team's router. Writing jobs stay off aggregators; simple jobs go to the cheapest model that is good enough."""

from wit_world import exports
from wit_world.exports.routing import Choice, Verdict_Choose, Verdict_Deny, Verdict_Keep
from wit_world.imports import host

SIMPLE = ("testing", "documentation")


def price(candidate):
    return float(dict(candidate.attributes).get("price.output", "inf"))


def may(candidate, request):
    return not request.write or dict(candidate.attributes).get("category") != "aggregator"


def choose(candidate, reason):
    return Verdict_Choose(Choice(candidate.profile_id, candidate.model, reason))


def replaced(allowed, proposal):
    """The proposal stands, unless it is one that may not get the job: then the best of the others."""
    if not allowed or proposal is None:
        return Verdict_Keep()
    if any((c.profile_id, c.model) == (proposal.profile_id, proposal.model) for c in allowed):
        return Verdict_Keep()
    return choose(max(allowed, key=lambda c: c.score), "no aggregator for a job that writes")


class Routing(exports.Routing):
    def route(self, request, candidates, proposal):
        usable = [candidate for candidate in candidates if candidate.usable]
        allowed = [candidate for candidate in usable if may(candidate, request)]
        if usable and not allowed:
            return Verdict_Deny("only aggregators are left, and the job may change files")
        if request.role in SIMPLE:
            floor = float(host.config("floor") or 5)
            good = [candidate for candidate in allowed if candidate.score >= floor]
            if good:
                return choose(min(good, key=price), "the cheapest that is good enough for a simple job")
        return replaced(allowed, proposal)
