//! The two clients' files as people have them, through [`plan`] and [`SetupPlan::apply`].

use std::fs;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

/// What the predecessor's installer writes, with a user's own settings in it.
const PREDECESSOR: &str = r#"[mcp_servers.claude-code-orchestrator]
command = "python" # installed in spring
args = [
  "-c",
  "import runpy; runpy.run_path('server.py')"
]
tool_timeout_sec = 900

[mcp_servers.claude-code-orchestrator.env]
CC_ORCHESTRATOR_HOME = "/home/u/.codex/skills/claude-code-orchestrator/scripts/cc-orchestrator"
CCSWITCH_HOME = "/data/ccs"
PYTHONUTF8 = "1"
"#;

struct Bench {
    folder: tempfile::TempDir,
    options: SetupOptions,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = options(folder.path());
        Self { folder, options }
    }

    fn with(target: Target, text: &str) -> Self {
        let bench = Self::new();
        let path = bench.path(target);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        bench
    }

    fn path(&self, target: Target) -> PathBuf {
        config_path(target, &self.options)
    }

    fn text(&self, target: Target) -> String {
        fs::read_to_string(self.path(target)).unwrap()
    }

    fn run(&self, target: Target) -> (SetupPlan, Option<PathBuf>) {
        let plan = plan(target, &self.options).unwrap();
        let backup = plan.apply().unwrap();
        (plan, backup)
    }

    fn removing(mut self) -> Self {
        self.options.remove = true;
        self
    }
}

fn options(folder: &Path) -> SetupOptions {
    SetupOptions {
        binary: "/opt/cc/cc-orchestrator".into(),
        codex_home: folder.join("codex"),
        project: folder.join("project"),
        backups: folder.join("backups"),
        worker_tools: vec!["cc_run_agent".into()],
        approval: Approval::Workers,
        remove: false,
    }
}

fn codex_edit(before: &str) -> String {
    codex::set_up(before, &options(Path::new("/x"))).unwrap().text
}

fn claude_edit(before: &str) -> String {
    claude::set_up(before, &options(Path::new("/x"))).unwrap().text
}

#[test]
fn codex_new_file() {
    let bench = Bench::new();
    let (plan, backup) = bench.run(Target::Codex);
    assert_eq!((plan.action, backup), (Action::Add, None));
    assert_snapshot!(bench.text(Target::Codex), @r#"
    [mcp_servers.claude-code-orchestrator]
    command = "/opt/cc/cc-orchestrator"
    args = ["mcp"]
    env_vars = ["CC_ORCHESTRATOR_HOME", "CC_ORCHESTRATOR_LOG", "CCSWITCH_HOME", "CLAUDE_CODE_BIN", "CLAUDE_CONFIG_DIR", "XDG_DATA_HOME", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "NODE_EXTRA_CA_CERTS"]
    startup_timeout_sec = 30
    tool_timeout_sec = 300

    [mcp_servers.claude-code-orchestrator.tools.cc_run_agent]
    approval_mode = "approve"
    "#);
}

#[test]
fn codex_takes_over_the_predecessor() {
    let bench =
        Bench::with(Target::Codex, &format!("model = \"gpt-5.5\"\n\n{PREDECESSOR}\n# mine\n[tui]\nx = 1\n"));
    let before = bench.text(Target::Codex);
    let (plan, backup) = bench.run(Target::Codex);
    assert_eq!(plan.action, Action::TakeOver);
    assert_eq!(fs::read_to_string(backup.unwrap()).unwrap(), before);
    assert_snapshot!(bench.text(Target::Codex), @r#"
    model = "gpt-5.5"

    [mcp_servers.claude-code-orchestrator]
    command = "/opt/cc/cc-orchestrator" # installed in spring
    args = ["mcp"]
    tool_timeout_sec = 900
    env_vars = ["CC_ORCHESTRATOR_HOME", "CC_ORCHESTRATOR_LOG", "CCSWITCH_HOME", "CLAUDE_CODE_BIN", "CLAUDE_CONFIG_DIR", "XDG_DATA_HOME", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "NODE_EXTRA_CA_CERTS"]
    startup_timeout_sec = 30

    [mcp_servers.claude-code-orchestrator.env]
    CCSWITCH_HOME = "/data/ccs"

    [mcp_servers.claude-code-orchestrator.tools.cc_run_agent]
    approval_mode = "approve"

    # mine
    [tui]
    x = 1
    "#);
    assert_snapshot!(plan.notes.join("\n"), @r#"
    replaced the command `python` and its arguments
    removed from its env, as they were the predecessor's own: CC_ORCHESTRATOR_HOME, PYTHONUTF8
    kept as you had it: tool_timeout_sec, env.CCSWITCH_HOME
    Codex may call without asking: cc_run_agent
    takes effect in the next Codex session; `codex mcp list` shows the entry
    "#);
}

#[test]
fn the_diff_shows_the_change_and_planning_writes_nothing() {
    let bench = Bench::with(Target::Codex, "model = \"gpt-5.5\"\n");
    let shown = plan(Target::Codex, &bench.options).unwrap().diff();
    assert_eq!(bench.text(Target::Codex), "model = \"gpt-5.5\"\n");
    let shown = shown.replace(&bench.folder.path().display().to_string(), "");
    assert_snapshot!(shown, @r#"
    --- /codex/config.toml
    +++ /codex/config.toml
    @@ -1 +1,11 @@
     model = "gpt-5.5"
    +
    +[mcp_servers.claude-code-orchestrator]
    +command = "/opt/cc/cc-orchestrator"
    +args = ["mcp"]
    +env_vars = ["CC_ORCHESTRATOR_HOME", "CC_ORCHESTRATOR_LOG", "CCSWITCH_HOME", "CLAUDE_CODE_BIN", "CLAUDE_CONFIG_DIR", "XDG_DATA_HOME", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "NODE_EXTRA_CA_CERTS"]
    +startup_timeout_sec = 30
    +tool_timeout_sec = 300
    +
    +[mcp_servers.claude-code-orchestrator.tools.cc_run_agent]
    +approval_mode = "approve"
    "#);
}

#[test]
fn every_second_run_changes_nothing() {
    for (target, text) in [
        (Target::Codex, ""),
        (Target::Codex, PREDECESSOR),
        (Target::Codex, "mcp_servers = { a = { command = \"b\" } }\n"),
        (Target::Codex, "[mcp_servers]\nclaude-code-orchestrator = { command = \"python\" }\n"),
        (Target::Codex, "[mcp_servers]\nclaude-code-orchestrator.command = \"python\"\n"),
        (Target::Claude, ""),
        (
            Target::Claude,
            r#"{"mcpServers":{"claude-code-orchestrator":{"command":"python","env":{"A":"b"}}}}"#,
        ),
    ] {
        let bench = Bench::with(target, text);
        assert!(bench.run(target).0.changes(), "{text}");
        let (again, backup) = bench.run(target);
        assert_eq!(
            (again.action, backup, again.diff()),
            (Action::AlreadySetUp, None, String::new()),
            "{text}"
        );
    }
}

#[test]
fn codex_settings_of_the_user_stay() {
    let mine = "[mcp_servers.claude-code-orchestrator]\ncommand = \"/old/cc-orchestrator\"\nargs = [\"mcp\", \"--workspace\", \"/w\"] # mine\n\
                env_vars = [\"MINE\"]\nstartup_timeout_sec = 5\ntool_timeout_sec = 60\n\n\
                [mcp_servers.claude-code-orchestrator.tools.cc_run_agent]\napproval_mode = \"prompt\"\n";
    let edit = codex::set_up(mine, &options(Path::new("/x"))).unwrap();
    assert_eq!(edit.action, Action::Update);
    for kept in [
        "args = [\"mcp\", \"--workspace\", \"/w\"] # mine",
        "[\"MINE\", ",
        "startup_timeout_sec = 5",
        "tool_timeout_sec = 60",
        "\"prompt\"",
    ] {
        assert!(edit.text.contains(kept), "{kept} in {}", edit.text);
    }
    assert!(edit.text.contains("/opt/cc/cc-orchestrator") && !edit.text.contains("/old/"));
    assert!(edit.notes.iter().any(|n| n.contains("tool_timeout_sec = 60")), "{:?}", edit.notes);
}

#[test]
fn codex_approval_is_what_was_asked_for() {
    let mut options = options(Path::new("/x"));
    let text = |options: &SetupOptions| codex::set_up("", options).unwrap().text;
    let per_tool = "[mcp_servers.claude-code-orchestrator.tools.cc_run_agent]\napproval_mode = \"approve\"";
    assert!(text(&options).contains(per_tool) && !text(&options).contains("default_tools"));
    options.approval = Approval::All;
    assert!(
        text(&options).contains("default_tools_approval_mode = \"approve\"")
            && !text(&options).contains(".tools.")
    );
    options.approval = Approval::Ask;
    assert!(!text(&options).contains("approv"));
}

#[test]
fn codex_removal_takes_ours_only() {
    let ours = codex_edit("# top\n[mcp_servers.other]\ncommand = \"x\"\n");
    let around = format!("{ours}\n# about the tui\n[tui]\nx = 1\n");
    assert_eq!(
        codex::remove(&around).unwrap().text,
        "# top\n[mcp_servers.other]\ncommand = \"x\"\n\n# about the tui\n[tui]\nx = 1\n"
    );
    let inline = codex_edit("mcp_servers = { a = { command = \"b\" } }\n");
    assert_eq!(codex::remove(&inline).unwrap().text, "mcp_servers = { a = { command = \"b\" } }\n");
    let dotted = "[mcp_servers]\nclaude-code-orchestrator.command = \"cc-orchestrator\"\na.command = \"b\"\n";
    assert_eq!(codex::remove(dotted).unwrap().text, "[mcp_servers]\na.command = \"b\"\n");
}

#[test]
fn removal_leaves_what_is_not_ours() {
    let json = r#"{"mcpServers":{"claude-code-orchestrator":{"command":"python"}}}"#;
    for (target, text) in
        [(Target::Codex, PREDECESSOR), (Target::Codex, ""), (Target::Claude, json), (Target::Claude, "{}")]
    {
        let bench = Bench::with(target, text).removing();
        let (plan, backup) = bench.run(target);
        assert_eq!((plan.action, backup), (Action::NothingToRemove, None));
        assert_eq!(bench.text(target), text);
    }
    let bench = Bench::new().removing();
    assert_eq!(bench.run(Target::Claude).0.action, Action::NothingToRemove);
    assert!(!bench.path(Target::Claude).exists());
}

#[test]
fn claude_new_file() {
    let bench = Bench::new();
    bench.run(Target::Claude);
    assert_snapshot!(bench.text(Target::Claude), @r#"
    {
      "mcpServers": {
        "claude-code-orchestrator": {
          "type": "stdio",
          "command": "/opt/cc/cc-orchestrator",
          "args": ["mcp"]
        }
      }
    }
    "#);
}

#[test]
fn claude_takes_over_in_the_files_own_style() {
    let before = "{\r\n\t\"z\": 1,\r\n\t\"mcpServers\": {\r\n\t\t\"b\": {\"command\": \"b\"},\r\n\t\t\
                  \"claude-code-orchestrator\": {\r\n\t\t\t\"command\": \"python\",\r\n\t\t\t\"args\": [\"server.py\"],\r\n\
                  \t\t\t\"env\": {\r\n\t\t\t\t\"PYTHONUTF8\": \"1\",\r\n\t\t\t\t\"CCSWITCH_HOME\": \"/data\"\r\n\t\t\t}\r\n\
                  \t\t}\r\n\t},\r\n\t\"a\": 2\r\n}\r\n";
    let edit = claude::set_up(before, &options(Path::new("/x"))).unwrap();
    assert_eq!(edit.action, Action::TakeOver);
    assert_eq!(edit.text.matches('\n').count(), edit.text.matches("\r\n").count());
    assert_snapshot!(edit.text.replace('\r', "").replace('\t', "  "), @r#"
    {
      "z": 1,
      "mcpServers": {
        "b": {"command": "b"},
        "claude-code-orchestrator": {
          "command": "/opt/cc/cc-orchestrator",
          "args": ["mcp"],
          "env": {
            "CCSWITCH_HOME": "/data"
          }
        }
      },
      "a": 2
    }
    "#);
    assert_snapshot!(edit.notes.join("\n"), @r#"
    replaced the command `python` and its arguments
    removed from its env, as they were the predecessor's own: PYTHONUTF8
    kept as you had it: env.CCSWITCH_HOME
    "#);
}

#[test]
fn claude_removal_restores_the_text() {
    for before in [
        "{\n  \"mcpServers\": {\n    \"a\": { \"command\": \"x\" }\n  }\n}\n",
        "{\r\n\t\"mcpServers\": {\r\n\t\t\"a\": {}\r\n\t},\r\n\t\"b\": [1,2]\r\n}",
    ] {
        assert_eq!(claude::remove(&claude_edit(before)).unwrap().text, before);
    }
}

#[test]
fn what_cannot_be_understood_is_left_alone() {
    for (target, text, reason) in [
        (Target::Codex, "a = \n", "not valid TOML"),
        (Target::Codex, "mcp_servers = 3\n", "not a table of servers"),
        (Target::Codex, "[mcp_servers.claude-code-orchestrator]\nurl = \"https://x\"\n", "remote server"),
        (Target::Claude, "{,}", "not valid JSON"),
        (Target::Claude, "// note\n{}", "not valid JSON"),
        (Target::Claude, "[]", "not a table of servers"),
        (Target::Claude, r#"{"mcpServers":{"claude-code-orchestrator":7}}"#, "not a table of servers"),
    ] {
        let bench = Bench::with(target, text);
        let error = plan(target, &bench.options).unwrap_err().to_string();
        assert!(error.contains(reason) && error.contains("nothing was written"), "{text}: {error}");
        assert_eq!(bench.text(target), text);
    }
}

#[test]
fn a_file_that_is_not_text_or_too_large_is_refused() {
    let bench = Bench::with(Target::Codex, "");
    fs::write(bench.path(Target::Codex), b"a = \"\xff\"").unwrap();
    assert!(matches!(plan(Target::Codex, &bench.options), Err(SetupError::NotText { byte: 5, .. })));
    fs::File::create(bench.path(Target::Codex)).unwrap().set_len(5 << 20).unwrap();
    assert!(matches!(plan(Target::Codex, &bench.options), Err(SetupError::TooLarge { .. })));
}

/// The TOML editor would write the first header as `[mcp_servers.vz.env]`.
#[test]
fn a_header_written_before_its_parent_keeps_its_quotes() {
    let head = "[mcp_servers.'vz'.env]\n [ mcp_servers.vz ] \n";
    let after = codex_edit(&format!("{head}{PREDECESSOR}"));
    assert!(after.starts_with(head), "{after}");
}

#[test]
fn another_programs_change_is_not_lost() {
    let bench = Bench::with(Target::Codex, "a = 1\n");
    let plan = plan(Target::Codex, &bench.options).unwrap();
    fs::write(bench.path(Target::Codex), "a = 2\n").unwrap();
    assert!(matches!(plan.apply(), Err(SetupError::Changed { .. })));
    assert_eq!(bench.text(Target::Codex), "a = 2\n");
    let left: Vec<_> = fs::read_dir(&bench.options.codex_home).unwrap().collect();
    assert_eq!(left.len(), 1, "no temporary file stays");
}

#[test]
fn a_byte_order_mark_stays() {
    let bench = Bench::with(Target::Codex, "\u{feff}a = 1\r\n");
    bench.run(Target::Codex);
    let text = bench.text(Target::Codex);
    assert!(text.starts_with("\u{feff}a = 1\r\n\r\n[mcp_servers.claude-code-orchestrator]\r\n"), "{text:?}");
}

#[cfg(unix)]
#[test]
fn links_and_modes_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let bench = Bench::new();
    let dotfile = bench.folder.path().join("dotfiles.toml");
    fs::write(&dotfile, "a = 1\n").unwrap();
    fs::set_permissions(&dotfile, fs::Permissions::from_mode(0o640)).unwrap();
    fs::create_dir_all(&bench.options.codex_home).unwrap();
    symlink(&dotfile, bench.path(Target::Codex)).unwrap();
    let (_, backup) = bench.run(Target::Codex);
    assert!(bench.path(Target::Codex).is_symlink());
    assert!(fs::read_to_string(&dotfile).unwrap().contains(ENTRY));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&dotfile), mode(&backup.unwrap())), (0o640, 0o600));
    fs::remove_file(&dotfile).unwrap();
    assert!(matches!(plan(Target::Codex, &bench.options), Err(SetupError::DanglingLink { .. })));
}

/// Pieces of a config.toml in every style a person may write.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "# [a-zà-ü \\[\\]=]{0,20}",
        Just(String::new()),
        "\t[a-z]{1,6}  =   '[a-z]{0,6}'   # [a-z]{0,8}",
        "[a-z]{1,6} = \\[ 1,\n  2, # [a-z]{0,5}\n\n \\]",
        "[a-z]{1,6} = \"\"\"\n\\[[a-z]{1,3}\\]\n# no comment\n\"\"\"",
        "[a-z]{1,6}\\.[a-z]{1,6} = \\{ x = 1 ,y=[0-9]{1,3}\\.5 \\}",
        " \\[ mcp_servers\\.[a-z]{2,6} \\] ",
        "\\[mcp_servers\\.'[a-z]{2,6}'\\.env\\]",
        "\\[\\[[a-z]{3,6}\\]\\]",
        "\\[[a-z]{3,6}\\.[a-z]{3,6}\\]",
    ]
}

/// Valid documents only: pieces that clash with what is there are left out.
fn document() -> impl Strategy<Value = String> {
    (prop::collection::vec(piece(), 0..12), prop::bool::ANY, prop::bool::ANY).prop_map(
        |(pieces, crlf, last)| {
            let mut text = String::new();
            for piece in pieces {
                let longer = format!("{text}{piece}\n");
                if longer.parse::<toml_edit::DocumentMut>().is_ok() {
                    text = longer;
                }
            }
            if !last {
                text.truncate(text.trim_end_matches('\n').len());
            }
            if crlf { text.replace('\n', "\r\n") } else { text }
        },
    )
}

proptest! {
    #[test]
    fn codex_adding_and_removing_leave_every_other_byte(before in document()) {
        let after = codex_edit(&before);
        prop_assert!(after.starts_with(&before), "{after:?}");
        let removed = codex::remove(&after).unwrap();
        prop_assert_eq!(removed.action, Action::Remove);
        prop_assert_eq!(removed.text.trim_end(), before.trim_end());
        prop_assert!(removed.text.starts_with(&before), "{:?}", removed.text);
    }

    #[test]
    fn codex_taking_over_leaves_every_byte_around(before in document(), behind in document()) {
        let newline = if before.contains("\r\n") { "\r\n" } else { "\n" };
        let head = format!("{before}{newline}");
        let behind = format!("[zz]{newline}{behind}");
        let text = format!("{head}{}{behind}", PREDECESSOR.replace('\n', newline));
        prop_assume!(text.parse::<toml_edit::DocumentMut>().is_ok());
        let after = codex_edit(&text);
        prop_assert!(after.starts_with(&head) && after.ends_with(&behind), "{after:?}");
        let removed = codex::remove(&after).unwrap().text;
        prop_assert!(removed.starts_with(&before) && removed.ends_with(&behind), "{removed:?}");
    }

    #[test]
    fn claude_keeps_every_other_line(names in prop::collection::vec("[a-z]{1,4}", 0..5), indent in "[ \t]{1,4}", crlf: bool) {
        let mut names = names;
        names.sort();
        names.dedup();
        let servers: Vec<String> =
            names.iter().rev().map(|n| format!("{indent}{indent}\"{n}\": {{ \"args\":[ ], \"é\":1.50 }}")).collect();
        let text = format!("{{\n{indent}\"z\":  1,\n{indent}\"mcpServers\": {{\n{}\n{indent}}}\n}}\n", servers.join(",\n"));
        let before = if crlf { text.replace('\n', "\r\n") } else { text };
        let after = claude_edit(&before);
        for line in before.lines().map(|l| l.trim_end_matches(',')) {
            prop_assert!(after.contains(line), "{line:?} in {after:?}");
        }
        let removed = claude::remove(&after).unwrap().text;
        let lines = |text: &str| text.split_inclusive('\n').filter(|l| !l.trim().is_empty()).map(str::to_owned).collect::<Vec<_>>();
        if names.is_empty() {
            prop_assert!(claude::remove(&removed).unwrap().action == Action::NothingToRemove);
        } else {
            prop_assert_eq!(lines(&removed), lines(&before));
        }
    }
}

#[test]
fn the_example_file_says_what_setup_writes() {
    let values = |text: &str| -> serde_json::Value {
        let mut file: serde_json::Value = toml_edit::de::from_str(text).unwrap();
        file["mcp_servers"][ENTRY].as_object_mut().unwrap().remove("command").unwrap();
        file
    };
    let example = include_str!("../../../../docs/mcp.codex.example.toml");
    assert_eq!(values(example), values(&codex_edit("")));
}
