// A secret scanner: the tokens of one service.

export const secretRules = {
  rules() {
    return [
      {
        id: 'acme-token',
        description: 'A token of Acme',
        regex: 'acme_[a-z0-9]{20}',
        // The host looks for the rule only where one of these stands.
        keywords: ['acme_'],
        secretGroup: 0,
        minEntropy: 2.5,
        path: undefined,
        confidence: 'high',
        components: [],
        allow: [],
        checksum: undefined,
        skipReport: false,
        source: "Acme's documentation",
        // The host refuses a rule that fails these. Put together, so that no scanner finds them here.
        positives: ['acme_' + '4f7k2p9q8r1s6t3v5w0x'],
        negatives: ['acme_short'],
      },
    ];
  },

  classify(findings) {
    return findings.map(({ secret }) =>
      secret.includes('example')
        ? { class: 'placeholder', reason: 'it says so itself' }
        : { class: 'real', reason: "it has the form of Acme's tokens" },
    );
  },
};
