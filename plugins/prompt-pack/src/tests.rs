use cc_policy_sdk::prompt_pack::{Guest, Kind};

use crate::PromptPack;

fn render(name: &str, variables: &[(&str, &str)]) -> Result<String, String> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    PromptPack::render(name.into(), variables)
        .map_err(|failure| format!("{}; {}", failure.message, failure.hint.unwrap_or_default()))
}

#[test]
fn every_template_renders_with_all_and_with_only_its_required_variables() {
    let value = |name: &str| match name {
        "allow_write" => "true",
        "write_scope" => "src/parser/**",
        "artifact_root" => "/project/.agent-workspace/claude-code-orchestrator",
        "task_type" => "complex_code",
        "task" => "Find out why the build is slow.",
        "role" => "security",
        "roles" => "security, testing",
        "answers" => "<answer run=\"1\" role=\"review\">\nThe cache is never used.\n</answer>",
        _ => "It was fast last week.",
    };
    for template in PromptPack::templates().expect("the templates") {
        let all: Vec<_> = template.variables.iter().map(|v| (v.name.as_str(), value(&v.name))).collect();
        let least: Vec<_> = template
            .variables
            .iter()
            .filter(|v| v.required)
            .map(|v| (v.name.as_str(), if v.name == "allow_write" { "false" } else { value(&v.name) }))
            .collect();
        let (full, bare) =
            (render(&template.name, &all).expect("a text"), render(&template.name, &least).expect("a text"));
        assert!(
            template.kind == Kind::Task || full.len().max(bare.len()) <= 1600,
            "{}: {}",
            template.name,
            full.len()
        );
        insta::assert_snapshot!(template.name.as_str(), format!("{full}\n--- least ---\n{bare}"));
    }
}

#[test]
fn every_task_says_how_to_answer() {
    for template in PromptPack::templates().expect("the templates").iter().filter(|t| t.kind == Kind::Task) {
        let all: Vec<_> = template.variables.iter().map(|v| (v.name.as_str(), "x")).collect();
        let text = render(&template.name, &all).expect("a text");
        let numbers: Vec<&str> =
            text.lines().filter_map(|line| line.split_once(". **")).map(|(number, _)| number).collect();
        let compared = text.contains("```findings\n");
        assert!(compared != (numbers == ["1", "2", "3", "4"]), "{}: {numbers:?}", template.name);
    }
}

#[test]
fn values_are_never_read_as_template_syntax() {
    let task = "{{ write_scope }} {% if x %} {# note #} <b> & {{task}}";
    let text = render("repo-audit", &[("task", task)]).expect("a text");
    assert!(text.contains(task), "{text}");
}

#[test]
fn a_missing_or_blank_variable_is_named() {
    let error = render("bugfix", &[("task", "x")]).expect_err("no write_scope");
    assert_eq!(
        error,
        "template 'bugfix' needs the variable 'write_scope'; its variables: task, write_scope, context (optional)"
    );
    assert!(
        render("bugfix", &[("task", " "), ("write_scope", "src")]).expect_err("blank").contains("'task'")
    );
}

#[test]
fn an_unknown_variable_or_template_is_refused_with_the_known_ones() {
    let error = render("repo-audit", &[("task", "x"), ("tsk", "y")]).expect_err("tsk");
    assert_eq!(
        error,
        "template 'repo-audit' takes no variable 'tsk'; its variables: task, context (optional)"
    );
    let error = render("repo-audits", &[]).expect_err("no such template");
    assert!(
        error.starts_with("there is no template 'repo-audits'; the templates: repo-audit, bugfix, "),
        "{error}"
    );
    assert!(error.contains("role-multimodal, role-default"), "{error}");
}

#[test]
fn a_pack_that_is_data_stands_for_the_built_in_one_and_may_extend_its_parts() {
    let data = r#"{ "format": 1, "parts": [["greeting", "Hello"]], "templates": [{
        "name": "hello", "title": "T", "description": "D", "kind": "task",
        "variables": [{ "name": "task", "description": "V", "required": true }],
        "text": "{% include 'greeting' %}, {{ task }}{% include 'task/findings.md' %}" }] }"#;
    let pack = crate::pack::Pack::read(Some(data)).expect("a pack");
    assert_eq!(pack.templates.len(), 1);
    let text = crate::render::render(&pack, "hello", &[("task".into(), "world".into())]).expect("a text");
    assert!(text.starts_with("Hello, world") && text.contains("findings"), "{text}");
    assert!(crate::pack::Pack::read(Some("{}")).is_err_and(|error| error.message.contains("data")));
}
