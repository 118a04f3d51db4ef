//! What a run changed, whether it may have, and the way back.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use cc_orchestrator_tests::{McpClient, Sandbox, script::Step};
use serde_json::{Value, json};

/// A repository with a file in each of `src`, `docs` and `secret`, and changes of the user's own.
fn project() -> Sandbox {
    let sandbox = Sandbox::with_profiles();
    for (path, text) in [
        ("src/lib.rs", "one\ntwo\n"),
        ("docs/guide.md", "guide\n"),
        ("secret/key.txt", "do not touch\n"),
        (".gitignore", ".env\ntarget/\n"),
    ] {
        write(&sandbox, path, text);
    }
    sandbox.git();
    write(&sandbox, "docs/guide.md", "guide, and what the user wrote today\n");
    write(&sandbox, "notes.txt", "the user's\n");
    sandbox
}

fn write(sandbox: &Sandbox, path: &str, text: &str) {
    let path = sandbox.project().join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

/// Runs a worker that does this with a shell, and gives the run.
fn run(sandbox: &Sandbox, client: &mut McpClient<'_>, command: &str, more: Value) -> Value {
    sandbox.script(&[Step::Shell(command.into()), Step::finish("Done.")]);
    let mut ask = json!({ "task": "Do it.", "allow_write": true });
    if let (Value::Object(all), Value::Object(more)) = (&mut ask, more) {
        all.extend(more);
    }
    let run = client.call("cc_run_agent", ask).structured;
    assert_eq!(run["status"], "succeeded", "{run}");
    run
}

fn set_scope(client: &mut McpClient<'_>, scope: Value) {
    let set = client.call("cc_preflight_write_scope", scope).structured;
    assert_eq!(set["ok"], true, "{set}");
}

fn check(client: &mut McpClient<'_>, run: &Value) -> Value {
    client.call("cc_check_write_scope", json!({ "run_id": run["run_id"] })).structured
}

/// Every file of the project by its path, but for git's own and ours.
fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let name = entry.strip_prefix(root).expect("inside").to_string_lossy().into_owned();
            if name == ".git" || name.starts_with(".agent-workspace") {
                continue;
            }
            if entry.is_dir() && !entry.is_symlink() {
                folders.push(entry);
            } else {
                let content = fs::read_link(&entry).map(|to| to.to_string_lossy().into_owned().into_bytes());
                found.insert(name, content.unwrap_or_else(|_| fs::read(&entry).expect("a file")));
            }
        }
    }
    found
}

#[test]
fn a_run_is_judged_by_what_it_changed_and_never_by_what_the_user_left_dirty() {
    let sandbox = project();
    let mut client = sandbox.mcp();
    set_scope(&mut client, json!({ "allowed_paths": ["src/"], "denied_paths": ["secret/"] }));
    let run = run(
        &sandbox,
        &mut client,
        "echo three >> src/lib.rs; mkdir -p target; echo x > target/out",
        json!({}),
    );
    let told = check(&mut client, &run);
    assert_eq!((&told["status"], &told["violations"]), (&json!("passed"), &json!([])), "{told}");
    let summary = client.call("cc_diff_summary", json!({ "run_id": run["run_id"] })).structured;
    assert_eq!((&summary["total_added"], &summary["total_deleted"]), (&json!(1), &json!(0)), "{summary}");
    let paths: Vec<&str> =
        summary["files"].as_array().expect("files").iter().filter_map(|file| file["path"].as_str()).collect();
    assert!(paths.contains(&"src/lib.rs") && !paths.iter().any(|path| path.contains("notes")), "{summary}");
    let diff = client.call("cc_git_diff", json!({ "run_id": run["run_id"] })).structured;
    let text = diff["diff"].as_str().expect("a diff");
    assert!(text.contains("+three") && !text.contains("what the user wrote"), "{text}");
    let events = sandbox.events(run["run_id"].as_str().expect("an id"));
    assert!(events.iter().any(|e| e["type"] == "project_changed" && e["scope"] == "passed"), "{events:?}");
}

/// Every way round a scope, by its command, and the path that must be named for it.
const ATTACKS: &[(&str, &str, &str)] = &[
    (
        "a commit to a denied path",
        "echo x >> secret/key.txt; git add -A; git -c user.name=w -c user.email=w@x commit -qm x",
        "secret/key.txt",
    ),
    ("an ignored file", "echo KEY=1 > .env", ".env"),
    ("a link that leads out", "ln -s /etc/passwd src/link", "src/link"),
    ("a path with dots", "echo x > src/../docs/new.md", "docs/new.md"),
    ("another case", "mkdir -p SECRET && echo x > SECRET/b.txt", "SECRET/b.txt"),
    ("a rename into the scope", "git mv secret/key.txt src/key.txt", "secret/key.txt"),
    ("a large new file", "seq 5000 > src/large.rs", ""),
    (
        "a flag that hides a change",
        "echo x >> secret/key.txt; git update-index --assume-unchanged secret/key.txt",
        "secret/key.txt",
    ),
    (
        "a hook",
        "mkdir -p .git/hooks; echo 'exit 0' > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit",
        ".git/hooks/pre-commit",
    ),
    ("git's configuration", "git config core.fsmonitor /bin/true", ".git/config"),
    (
        "a submodule",
        "git init -q sub && git -C sub -c user.name=w -c user.email=w@x commit -q --allow-empty -m x && git add sub",
        "sub",
    ),
    ("a move by the shell", "mv secret/key.txt docs/key.txt", "docs/key.txt"),
    ("its own scope", "rm -rf .claude-code-orchestrator", ".claude-code-orchestrator/write-scope.json"),
    ("a rule that hides what it made", "echo 'src/**' >> .gitignore; echo x > src/hidden.rs", ".gitignore"),
];

#[test]
fn every_way_round_a_scope_is_found_and_goes_back() {
    let sandbox = project();
    let mut client = sandbox.mcp();
    let scope =
        json!({ "allowed_paths": ["src/"], "denied_paths": ["secret/", ".env"], "max_diff_lines": 800 });
    set_scope(&mut client, scope);
    let before = tree(&sandbox.project());
    for (attack, command, path) in ATTACKS {
        let run = run(&sandbox, &mut client, command, json!({}));
        let told = check(&mut client, &run);
        assert_eq!(told["status"], "blocked", "{attack}: {told}");
        let named = |violation: &Value| violation["path"].as_str() == Some(path);
        assert!(told["violations"].as_array().expect("a list").iter().any(named), "{attack}: {told}");
        let back =
            client.call("cc_rollback_run", json!({ "run_id": run["run_id"], "confirm": true })).structured;
        assert_eq!(back["done"], true, "{attack}: {back}");
        assert_eq!(tree(&sandbox.project()), before, "{attack}");
    }
}

#[test]
fn what_is_written_after_the_worker_ended_counts_too() {
    let sandbox = project();
    let mut client = sandbox.mcp();
    set_scope(&mut client, json!({ "allowed_paths": ["src/"] }));
    // A process of its own that goes on writing: it ends with the run, so nothing can be written after the look.
    let command = "setsid sh -c 'while :; do date +%N >> docs/late.txt; sleep 0.01; done' >/dev/null 2>&1 &
                   while [ ! -s docs/late.txt ]; do sleep 0.01; done";
    let run = run(&sandbox, &mut client, command, json!({}));
    let told = check(&mut client, &run);
    assert_eq!(told["status"], "blocked", "{told}");
    let late = sandbox.project().join("docs/late.txt");
    let now = fs::read(&late).expect("the late file");
    let diff =
        client.call("cc_git_diff", json!({ "run_id": run["run_id"], "limit_chars": 100_000 })).structured;
    let lines =
        diff["diff"].as_str().expect("a diff").lines().filter(|line| line.starts_with('+')).count() - 1;
    assert_eq!(lines, now.iter().filter(|byte| **byte == b'\n').count(), "every line was seen");
}

#[test]
fn a_rollback_is_previewed_refused_and_taken_back() {
    let sandbox = project();
    let mut client = sandbox.mcp();
    let command =
        "printf 'a\\r\\nb\\000c' > src/lib.rs; rm docs/guide.md; echo new > docs/new.md; chmod +x notes.txt
                   git add docs; git -c user.name=w -c user.email=w@x commit -qm 'by the worker'";
    let before = tree(&sandbox.project());
    let run = run(&sandbox, &mut client, command, json!({}));
    let id = run["run_id"].clone();
    let after = tree(&sandbox.project());
    let preview = client.call("cc_rollback_run", json!({ "run_id": id })).structured;
    assert_eq!(
        (&preview["done"], &preview["requires_confirm"], tree(&sandbox.project()) == after),
        (&json!(false), &json!(true), true),
        "{preview}"
    );

    write(&sandbox, "src/lib.rs", "somebody else was here\n");
    let refused = client.call("cc_rollback_run", json!({ "run_id": id, "confirm": true })).structured;
    assert!(refused["error"].as_str().is_some_and(|text| text.contains("src/lib.rs")), "{refused}");
    fs::write(sandbox.project().join("src/lib.rs"), &after["src/lib.rs"]).expect("a file");

    write(&sandbox, "later.txt", "not the run's\n");
    let done = client.call("cc_rollback_run", json!({ "run_id": id, "confirm": true })).structured;
    assert_eq!(done["done"], true, "{done}");
    let mut now = tree(&sandbox.project());
    assert_eq!(now.remove("later.txt").as_deref(), Some(&b"not the run's\n"[..]));
    assert_eq!(now, before);
    assert_eq!(git(&sandbox, &["log", "--format=%s"]), "First\n", "the branch is back");

    let undone =
        client.call("cc_rollback_run", json!({ "run_id": id, "undo": true, "confirm": true })).structured;
    assert_eq!(undone["done"], true, "{undone}");
    let mut now = tree(&sandbox.project());
    now.remove("later.txt");
    assert_eq!(now, after);
    assert_eq!(git(&sandbox, &["log", "-1", "--format=%s"]), "by the worker\n");
}

fn git(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let mut git = Command::new("git");
    sandbox.isolate(&mut git);
    let done = git.current_dir(sandbox.project()).args(arguments).output().expect("git is installed");
    String::from_utf8(done.stdout).expect("UTF-8")
}

#[test]
fn a_folder_that_is_no_repository_and_a_subfolder_of_one_are_held_to_their_scopes() {
    let plain = Sandbox::with_profiles();
    write(&plain, "src/a.txt", "a\n");
    let mut client = plain.mcp();
    set_scope(&mut client, json!({ "allowed_paths": ["src/"] }));
    let run_plain = run(&plain, &mut client, "echo x > elsewhere.txt; echo b >> src/a.txt", json!({}));
    assert_eq!(check(&mut client, &run_plain)["violations"][0]["path"], "elsewhere.txt");
    client.call("cc_rollback_run", json!({ "run_id": run_plain["run_id"], "confirm": true }));
    assert!(!plain.project().join("elsewhere.txt").exists() && !plain.project().join(".git").exists());

    let sandbox = project();
    let mut client = sandbox.mcp();
    set_scope(&mut client, json!({ "cwd": "src", "allowed_paths": ["*.rs"] }));
    let inside =
        run(&sandbox, &mut client, "echo x > new.rs; echo x > ../docs/new.rs", json!({ "cwd": "src" }));
    let told = check(&mut client, &inside);
    assert_eq!(told["violation_count"], 1, "{told}");
    assert_eq!(told["violations"][0]["path"], "docs/new.rs");
}

#[test]
fn runs_that_only_read_have_nothing_to_check() {
    let sandbox = project();
    let mut client = sandbox.mcp();
    sandbox.script(&[Step::finish("Read.")]);
    let run = client.call("cc_run_agent", json!({ "task": "Read." })).structured;
    let told = check(&mut client, &run);
    assert!(told["error"].as_str().is_some_and(|text| text.contains("not allowed to write")), "{told}");
}

/// Asks the hook that a worker was given, as Claude Code does, whether an edit may be made.
fn hook_refuses(sandbox: &Sandbox, command: &str, file: &str) -> bool {
    let question = json!({ "hook_event_name": "PreToolUse", "tool_name": "Write", "cwd": sandbox.project(),
        "tool_input": { "file_path": file, "content": "x" } });
    let mut shell = Command::new("sh");
    sandbox.isolate(&mut shell);
    shell.args(["-c", command]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut hook = shell.spawn().expect("a shell");
    hook.stdin.take().expect("its input").write_all(question.to_string().as_bytes()).expect("it reads");
    let done = hook.wait_with_output().expect("it ends");
    assert!(done.status.success());
    let answer: Option<Value> = serde_json::from_slice(&done.stdout).ok();
    answer.is_some_and(|answer| answer["hookSpecificOutput"]["permissionDecision"] == "deny")
}

#[test]
fn a_worker_with_a_scope_is_asked_before_each_edit() {
    let sandbox = project();
    let mut client = sandbox.mcp();
    let given = sandbox.record("given");
    sandbox.script(&[Step::Record(given.clone()), Step::finish("Done.")]);
    let ask = json!({ "task": "Do it.", "allow_write": true, "allowed_paths": ["src/"], "denied_paths": ["*.key"] });
    let run = client.call("cc_run_agent", ask).structured;
    let settings = sandbox.received(&given).settings.expect("settings");
    let settings: Value = serde_json::from_str(&settings).expect("JSON");
    let command = settings["hooks"]["PreToolUse"][0]["hooks"][0]["command"].as_str().expect("a command");
    for (file, refused) in [
        ("src/new.rs", false),
        ("docs/new.md", true),
        ("src/my.KEY", true),
        ("../elsewhere.txt", true),
        (".git/hooks/pre-commit", true),
        (".claude-code-orchestrator/write-scope.json", true),
    ] {
        assert_eq!(hook_refuses(&sandbox, command, file), refused, "{file}");
    }
    assert_eq!(check(&mut client, &run)["prevention"], json!(["tool_hook", "permission_rules"]));
}

#[cfg(target_os = "linux")]
#[test]
fn the_system_keeps_a_shell_to_the_scope_too_when_it_is_asked_to() {
    let sandbox = project();
    let mut client = sandbox.mcp();
    let command = "mv secret/key.txt docs/key.txt; echo x > docs/new.md; echo x > ../outside.txt; echo fine > src/new.rs
                   setsid sh -c 'echo x > secret/other.txt'";
    let before = tree(&sandbox.project());
    let ask = |sandboxed: bool| json!({ "allowed_paths": ["src/"], "sandbox": sandboxed });
    let kept = run(&sandbox, &mut client, command, ask(true));
    if sandbox.metadata(kept["run_id"].as_str().expect("an id"))["work"]["prevention"][0] != "landlock" {
        panic!("the run was not sandboxed: {kept}");
    }
    let mut after = tree(&sandbox.project());
    assert_eq!(after.remove("src/new.rs").as_deref(), Some(&b"fine\n"[..]));
    assert_eq!(after, before, "nothing else was written");
    assert!(!sandbox.root().join("outside.txt").exists());
    assert_eq!(check(&mut client, &kept)["status"], "passed");

    let free = run(&sandbox, &mut client, command, ask(false));
    let told = check(&mut client, &free);
    assert_eq!(told["status"], "blocked", "{told}");
    assert!(told["violations"].to_string().contains("docs/key.txt"), "{told}");
}

#[test]
fn a_worker_in_a_copy_leaves_the_project_alone_until_its_work_is_applied() {
    let sandbox = project();
    let mut client = sandbox.mcp();
    let before = tree(&sandbox.project());
    let command =
        "echo three >> src/lib.rs; echo new > src/new.rs; cat notes.txt docs/guide.md > src/seen.txt
                   git add -A; git -c user.name=w -c user.email=w@x commit -qm 'in the copy'";
    let isolated = |client: &mut McpClient<'_>| {
        run(&sandbox, client, command, json!({ "isolate": true }))["run_id"].clone()
    };
    let id = isolated(&mut client);
    assert_eq!(tree(&sandbox.project()), before, "the project is as it was");
    let diff = client.call("cc_git_diff", json!({ "run_id": id })).structured;
    let text = diff["diff"].as_str().expect("a diff");
    assert!(
        text.contains("+three") && text.contains("+the user's") && text.contains("wrote today"),
        "{text}"
    );
    let ask = json!({ "run_id": id, "test_commands": ["grep -q three src/lib.rs"] });
    assert_eq!(client.call("cc_verify_run", ask).structured["status"], "verified");

    let preview = client.call("cc_apply_run", json!({ "run_id": id })).structured;
    assert_eq!((&preview["done"], &preview["requires_confirm"]), (&json!(false), &json!(true)), "{preview}");
    write(&sandbox, "src/lib.rs", "somebody else\n");
    let refused = client.call("cc_apply_run", json!({ "run_id": id, "confirm": true })).structured;
    assert!(refused["error"].as_str().is_some_and(|text| text.contains("src/lib.rs")), "{refused}");
    write(&sandbox, "src/lib.rs", "one\ntwo\n");
    let applied = client.call("cc_apply_run", json!({ "run_id": id, "confirm": true })).structured;
    assert_eq!(applied["done"], true, "{applied}");
    let after = tree(&sandbox.project());
    assert_eq!(after["src/lib.rs"], b"one\ntwo\nthree\n");
    assert_eq!((after.len(), git(&sandbox, &["log", "--format=%s"]).as_str()), (before.len() + 2, "First\n"));
    let back = client.call("cc_rollback_run", json!({ "run_id": id, "confirm": true })).structured;
    assert_eq!((&back["done"], tree(&sandbox.project()) == before), (&json!(true), true), "{back}");

    let other = isolated(&mut client);
    let gone =
        client.call("cc_apply_run", json!({ "run_id": other, "discard": true, "confirm": true })).structured;
    assert_eq!(gone["done"], true, "{gone}");
    assert_eq!(
        fs::read_dir(sandbox.home().join("worktrees")).expect("a folder").count(),
        0,
        "no copy is left"
    );
    assert_eq!(git(&sandbox, &["worktree", "list"]).lines().count(), 1);
    assert_eq!(tree(&sandbox.project()), before);
}

#[cfg(target_os = "linux")]
#[test]
fn a_sandbox_round_a_copy_keeps_the_project_closed() {
    let sandbox = project();
    let mut client = sandbox.mcp();
    let before = tree(&sandbox.project());
    let command = format!("echo x > {}/src/lib.rs; echo inside > src/new.rs", sandbox.project().display());
    let run = run(
        &sandbox,
        &mut client,
        &command,
        json!({ "isolate": true, "sandbox": true, "allowed_paths": ["src/"] }),
    );
    assert_eq!(tree(&sandbox.project()), before);
    let summary = client.call("cc_diff_summary", json!({ "run_id": run["run_id"] })).structured;
    assert_eq!(
        (&summary["file_count"], &summary["files"][0]["path"]),
        (&json!(1), &json!("src/new.rs")),
        "{summary}"
    );
}
