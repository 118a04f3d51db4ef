"""A model scorer: the team's favourite models are good at everything."""

from wit_world import exports
from wit_world.exports.model_scoring import ModelScore, Part, RoleScore
from wit_world.imports import host


def score(model, roles, favourite):
    known = favourite in model.model
    total = 8.0 if known else 5.0
    parts = [Part("favourite", total, 1.0)]
    return ModelScore(
        profile_id=model.profile_id,
        model=model.model,
        known=known,
        abilities=[],
        roles=[RoleScore(role, total, parts) for role in roles],
        basis=[f"the team's favourite is {favourite}"],
    )


class ModelScoring(exports.ModelScoring):
    def score(self, roles, models):
        favourite = host.config("favourite") or "sonnet"
        return [score(model, roles, favourite) for model in models]
