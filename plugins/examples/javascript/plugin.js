// A team's router. Writing jobs stay off aggregators; simple jobs go to the cheapest model that is good enough.

import { config } from 'cc-orchestrator:policy/host@1.0.0';

const SIMPLE = ['testing', 'documentation'];

const attribute = ({ attributes }, name) => attributes.find(([key]) => key === name)?.[1];
const price = (candidate) => Number(attribute(candidate, 'price.output') ?? Infinity);
const may = (candidate, request) => !request.write || attribute(candidate, 'category') !== 'aggregator';
const choose = ({ profileId, model }, reason) => ({ tag: 'choose', val: { profileId, model, reason } });

const cheapest = (allowed, floor) =>
  allowed
    .filter((candidate) => candidate.score >= floor)
    .reduce((best, other) => (best === undefined || price(other) < price(best) ? other : best), undefined);

// The proposal stands, unless it is one that may not get the job: then the best of the others.
const replaced = (allowed, proposal) => {
  const same = (c) => c.profileId === proposal.profileId && c.model === proposal.model;
  if (allowed.length === 0 || proposal === undefined || allowed.some(same)) return { tag: 'keep' };
  const best = allowed.reduce((a, b) => (b.score > a.score ? b : a));
  return choose(best, 'no aggregator for a job that writes');
};

export const routing = {
  route(request, candidates, proposal) {
    const usable = candidates.filter((candidate) => candidate.usable);
    const allowed = usable.filter((candidate) => may(candidate, request));
    if (allowed.length === 0 && usable.length > 0) {
      return { tag: 'deny', val: 'only aggregators are left, and the job may change files' };
    }
    if (SIMPLE.includes(request.role)) {
      const best = cheapest(allowed, Number(config('floor') ?? 5));
      if (best !== undefined) return choose(best, 'the cheapest that is good enough for a simple job');
    }
    return replaced(allowed, proposal);
  },
};
