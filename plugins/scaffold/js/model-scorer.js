// A model scorer: the team's favourite models are good at everything.

import { config } from 'cc-orchestrator:policy/host@1.0.0';

const score = ({ profileId, model }, roles, favourite) => {
  const known = model.includes(favourite);
  const total = known ? 8 : 5;
  const parts = [{ name: 'favourite', value: total, weight: 1 }];
  return {
    profileId,
    model,
    known,
    abilities: [],
    roles: roles.map((role) => ({ role, total, parts })),
    basis: [`the team's favourite is ${favourite}`],
  };
};

export const modelScoring = {
  score(roles, models) {
    const favourite = config('favourite') ?? 'sonnet';
    return models.map((model) => score(model, roles, favourite));
  },
};
