// A prompt pack: one task template.

const TEMPLATE = {
  name: 'changelog',
  title: 'Changelog entry',
  description: 'One entry of the changelog, in the words of its readers.',
  kind: 'task',
  variables: [{ name: 'task', description: 'What changed.', required: true }],
};

export const prompts = {
  templates() {
    return [TEMPLATE];
  },

  // What is thrown reaches the user: a message, and a hint at what to do.
  render(name, variables) {
    if (name !== TEMPLATE.name) {
      throw { message: `there is no template '${name}'`, hint: 'the templates: changelog' };
    }
    const [, task] = variables.find(([key]) => key === 'task') ?? [];
    if (task === undefined) {
      throw { message: "'changelog' needs the variable 'task'", hint: 'give it' };
    }
    return `Write one changelog entry, for users, about this:\n${task}\n`;
  },
};
