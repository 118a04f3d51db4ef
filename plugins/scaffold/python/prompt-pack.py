"""A prompt pack: one task template."""

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.prompts import Kind, Template, Variable
from wit_world.imports.host import Failure

TEMPLATE = Template(
    name="changelog",
    title="Changelog entry",
    description="One entry of the changelog, in the words of its readers.",
    kind=Kind.TASK,
    variables=[Variable("task", "What changed.", required=True)],
)


class Prompts(exports.Prompts):
    def templates(self):
        return [TEMPLATE]

    # What is raised reaches the user: a message, and a hint at what to do.
    def render(self, name, variables):
        if name != TEMPLATE.name:
            raise Err(Failure(f"there is no template '{name}'", "the templates: changelog"))
        task = dict(variables).get("task")
        if task is None:
            raise Err(Failure("'changelog' needs the variable 'task'", "give it"))
        return f"Write one changelog entry, for users, about this:\n{task}\n"
