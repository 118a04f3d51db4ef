// A router: sends each job to the cheapest profile that can run it.

const price = (candidate) => {
  const [, value] = candidate.attributes.find(([key]) => key === 'price.output') ?? [];
  return Number(value ?? Infinity);
};

export const routing = {
  route(request, candidates, proposal) {
    const usable = candidates.filter((candidate) => candidate.usable);
    if (usable.length === 0) return { tag: 'keep' };
    const best = usable.reduce((a, b) => (price(b) < price(a) ? b : a));
    const reason = 'the cheapest that can run';
    return { tag: 'choose', val: { profileId: best.profileId, model: best.model, reason } };
  },
};
