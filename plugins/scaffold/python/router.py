"""A router: sends each job to the cheapest profile that can run it."""

from wit_world import exports
from wit_world.exports.routing import Choice, Verdict_Choose, Verdict_Keep


def price(candidate):
    return float(dict(candidate.attributes).get("price.output", "inf"))


class Routing(exports.Routing):
    def route(self, request, candidates, proposal):
        usable = [candidate for candidate in candidates if candidate.usable]
        if not usable:
            return Verdict_Keep()
        best = min(usable, key=price)
        return Verdict_Choose(Choice(best.profile_id, best.model, "the cheapest that can run"))
