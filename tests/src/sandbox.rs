//! A user's whole world in one temporary folder.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    McpClient, Profile, binary, ccswitch, eventually,
    script::{Received, SCRIPT_ENV, Step},
};

/// A home, a project, a CC Switch store and a scripted worker. Ends what it started when it goes.
pub struct Sandbox {
    root: PathBuf,
    _folder: TempDir,
}

impl Sandbox {
    /// A fresh world: a small project, no profile, nothing of the product's yet.
    ///
    /// # Panics
    /// When the system has no room for it.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("cc-e2e-").tempdir().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("its real path");
        for name in ["user", "tmp", "run", "project", "records"] {
            fs::create_dir(root.join(name)).expect("a folder");
        }
        fs::write(root.join("project/README.md"), "# A project\n").expect("a file");
        Self { root, _folder: folder }
    }

    /// The same with three usable profiles, the first of them current.
    #[must_use]
    pub fn with_profiles() -> Self {
        let sandbox = Self::new();
        sandbox.profiles(&[
            Profile::new("id-glm", "Zhipu GLM", "glm-5.2").current(),
            Profile::new("id-kimi", "Kimi", "kimi-k2.7-code"),
            Profile::new("id-deepseek", "DeepSeek", "deepseek-v4-pro"),
        ]);
        sandbox
    }

    /// Writes CC Switch's store anew.
    pub fn profiles(&self, profiles: &[Profile]) {
        ccswitch::write(&self.ccswitch(), profiles);
    }

    /// Writes the user's overrides anew, in TOML.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn overrides(&self, text: &str) {
        fs::create_dir_all(self.home()).expect("a home");
        fs::write(self.home().join("overrides.toml"), text).expect("overrides");
    }

    /// Says what the worker does from its next start on.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn script(&self, steps: &[Step]) {
        self.script_at(&self.script_path(), steps);
    }

    /// A further script, for a process whose [`SCRIPT_ENV`] a test sets itself.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn script_at(&self, path: &Path, steps: &[Step]) {
        fs::write(path, serde_json::to_vec_pretty(steps).expect("JSON")).expect("a script");
    }

    fn script_path(&self) -> PathBuf {
        self.root.join("script.json")
    }

    /// Everything.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The product's home, `CC_ORCHESTRATOR_HOME`. Not made before the product makes it.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.root.join("state")
    }

    /// The user's home directory.
    #[must_use]
    pub fn user_home(&self) -> PathBuf {
        self.root.join("user")
    }

    /// The temporary folder of every process.
    #[must_use]
    pub fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// The project that workers work in.
    #[must_use]
    pub fn project(&self) -> PathBuf {
        self.root.join("project")
    }

    /// Where CC Switch keeps its store.
    #[must_use]
    pub fn ccswitch(&self) -> PathBuf {
        self.root.join("cc-switch")
    }

    /// A file for the test's own use, out of the product's sight.
    #[must_use]
    pub fn record(&self, name: &str) -> PathBuf {
        self.root.join("records").join(name)
    }

    /// Everything the product may write to.
    #[must_use]
    pub fn written(&self) -> [PathBuf; 5] {
        [self.home(), self.user_home(), self.tmp(), self.root.join("run"), self.project()]
    }

    /// Folder of a run.
    #[must_use]
    pub fn run_dir(&self, run_id: &str) -> PathBuf {
        self.project().join(".agent-workspace/claude-code-orchestrator/runs").join(run_id)
    }

    /// The record of a run.
    ///
    /// # Panics
    /// When it is missing or torn.
    #[must_use]
    pub fn metadata(&self, run_id: &str) -> Value {
        let bytes = fs::read(self.run_dir(run_id).join("metadata.json")).expect("the record is there");
        serde_json::from_slice(&bytes).expect("the record is whole")
    }

    /// The events of a run: every line whole, numbered from 1 without gaps.
    ///
    /// # Panics
    /// When one is not.
    #[must_use]
    pub fn events(&self, run_id: &str) -> Vec<Value> {
        let text =
            fs::read_to_string(self.run_dir(run_id).join("events.ndjson")).expect("the events are there");
        let events: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("a whole event")).collect();
        for (event, seq) in events.iter().zip(1_u64..) {
            assert_eq!(event["seq"], seq, "events are numbered without gaps");
        }
        events
    }

    /// Makes the project a git repository with one commit.
    ///
    /// # Panics
    /// When git is missing.
    pub fn git(&self) {
        self.run_git(&["init", "--quiet", "--initial-branch=main"]);
        self.run_git(&["add", "--all"]);
        let identity = ["-c", "user.name=Tests", "-c", "user.email=tests@localhost"];
        self.run_git(&[&identity[..], &["commit", "--quiet", "--message=First"]].concat());
    }

    /// What git sees changed in the project, a line each.
    ///
    /// # Panics
    /// When it is no repository.
    #[must_use]
    pub fn git_status(&self) -> String {
        self.run_git(&["status", "--porcelain"])
    }

    fn run_git(&self, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        self.isolate(&mut git);
        let output = git.current_dir(self.project()).args(arguments).output().expect("git is installed");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// The product, not started yet, in this world and in the project's folder.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(binary::product());
        self.isolate(&mut command);
        command.current_dir(self.project()).stdin(Stdio::null());
        command
    }

    /// Runs the product to its end.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Finished {
        Finished::of(self.command().args(arguments))
    }

    /// An MCP server of this world, with a client that has said hello.
    #[must_use]
    pub fn mcp(&self) -> McpClient<'_> {
        let mut client = self.mcp_silent();
        client.initialize();
        client
    }

    /// The same, before the client said anything.
    #[must_use]
    pub fn mcp_silent(&self) -> McpClient<'_> {
        let mut command = self.command();
        command.arg("mcp");
        McpClient::start(command)
    }

    /// What the worker wrote by [`Step::Record`], once it is there.
    ///
    /// # Panics
    /// When it never is.
    #[must_use]
    pub fn received(&self, path: &Path) -> Received {
        let bytes = eventually("the worker's record", || fs::read(path).ok());
        serde_json::from_slice(&bytes).expect("the worker's record fits")
    }

    /// Clears a process's environment but for the way to programs, and points the rest into this world.
    pub fn isolate(&self, command: &mut Command) {
        command.env_clear();
        for name in ["PATH", "SystemRoot", "LD_LIBRARY_PATH"] {
            command.envs(env::var_os(name).map(|value| (name, value)));
        }
        let home = self.user_home();
        command
            .env("HOME", &home)
            .env("USERPROFILE", &home)
            .env("XDG_CONFIG_HOME", home.join(".config"))
            .env("XDG_DATA_HOME", home.join(".local/share"))
            .env("XDG_CACHE_HOME", home.join(".cache"))
            .env("XDG_RUNTIME_DIR", self.root.join("run"))
            .env("APPDATA", home.join("AppData/Roaming"))
            .env("LOCALAPPDATA", home.join("AppData/Local"))
            .env("CODEX_HOME", home.join(".codex"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("CCSWITCH_HOME", self.ccswitch())
            .env("CC_ORCHESTRATOR_HOME", self.home())
            .env("CLAUDE_CODE_BIN", binary::fake_worker())
            .env(SCRIPT_ENV, self.script_path());
        for name in ["TMPDIR", "TMP", "TEMP"] {
            command.env(name, self.tmp());
        }
    }
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(target_os = "linux")]
impl Drop for Sandbox {
    fn drop(&mut self) {
        for process in crate::processes::of(&self.root) {
            process.kill();
        }
    }
}

/// A command that ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained.
    pub stderr: String,
}

impl Finished {
    /// Runs a command to its end.
    ///
    /// # Panics
    /// When it does not start, or says anything that is no UTF-8.
    #[must_use]
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().expect("the command starts");
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }

    /// The JSON it printed.
    ///
    /// # Panics
    /// When it printed anything else.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}
