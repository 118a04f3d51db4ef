//! The installer for shells, as a user meets it: a release on a server, a fresh home, the real program.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use cc_orchestrator_tests::{
    Finished, Sandbox, product,
    registry::{Answer, Registry},
    repository,
};

/// A user's machine, and a server with releases as GitHub lays them out.
struct World {
    sandbox: Sandbox,
    server: Registry,
}

impl World {
    fn new() -> Self {
        Self { sandbox: Sandbox::new(), server: Registry::start() }
    }

    /// A release of this program, made as the release workflow makes it. The last one is the latest.
    fn release(&self, version: &str, program: &Path) {
        let folder = self.sandbox.root().join(format!("release-{version}"));
        let text = folder.to_str().expect("a path");
        made(&["archive", &self.target(), program.to_str().expect("a path"), text]);
        made(&["finish", text, "acme/cc-orchestrator"]);
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let name = entry.file_name().into_string().expect("a name");
            // The files of a real release are elsewhere, too.
            let stored = format!("/storage/{version}/{name}");
            self.server.answer(&stored, Answer::ok(fs::read(entry.path()).expect("a file")));
            for at in [format!("download/v{version}"), "latest/download".to_owned()] {
                self.server.answer(&format!("/releases/{at}/{name}"), Answer::redirect(&stored));
            }
        }
    }

    /// A release of a program that says this when it is asked for its version.
    fn small_release(&self, version: &str, script: &str) {
        let program = self.sandbox.root().join(format!("program-{version}"));
        write_program(&program, script);
        self.release(version, &program);
    }

    fn url(&self) -> String {
        format!("http://{}/releases", self.server.host())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        self.sandbox.isolate(&mut command);
        command
            .current_dir(self.sandbox.project())
            .env("CC_ORCHESTRATOR_DOWNLOAD_URL", self.url())
            .env("SHELL", "/bin/zsh");
        command
    }

    fn installer(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("sh");
        command.arg(repository().join("host/installers/install.sh")).args(arguments);
        command
    }

    fn install(&self, arguments: &[&str]) -> Finished {
        Finished::of(&mut self.installer(arguments))
    }

    fn bin(&self) -> PathBuf {
        self.sandbox.user_home().join(".local/bin")
    }

    /// What the installed program says to be.
    fn installed(&self) -> String {
        let path = self.bin().join("cc-orchestrator");
        Finished::of(self.command(path.to_str().expect("a path")).arg("--version")).stdout.trim().to_owned()
    }

    /// Everything in the user's home.
    fn home(&self) -> BTreeSet<String> {
        let listed = Finished::of(self.command("find").arg(self.sandbox.user_home()).args(["-type", "f"]));
        listed.stdout.lines().map(str::to_owned).collect()
    }

    /// The archive that this machine asks for, by the installer's own word.
    fn target(&self) -> String {
        asked_for(&self.install(&["--dry-run"]))
    }

    /// A folder of programs to be found before, or instead of, the system's.
    fn programs(&self, programs: &[(&str, &str)]) -> PathBuf {
        let folder = self.sandbox.root().join("programs");
        fs::create_dir_all(&folder).expect("a folder");
        for (name, script) in programs {
            write_program(&folder.join(name), script);
        }
        folder
    }
}

fn write_program(path: &Path, script: &str) {
    fs::write(path, format!("#!/bin/sh\n{script}\n")).expect("a program");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("its mode");
}

/// Runs the script that makes releases.
fn made(arguments: &[&str]) {
    let script = repository().join("host/installers/release.sh");
    let done = Finished::of(Command::new("sh").arg(script).args(arguments));
    assert_eq!(done.code, Some(0), "{arguments:?}: {done:?}");
}

/// The target whose archive a dry run names.
fn asked_for(dry: &Finished) -> String {
    let line = dry.stdout.lines().find_map(|line| line.strip_prefix("would fetch "));
    let name = line.and_then(|url| url.rsplit('/').next()).unwrap_or_else(|| panic!("{dry:?}"));
    name.trim_start_matches("cc-orchestrator-").trim_end_matches(".tar.gz").to_owned()
}

fn refused(done: &Finished, words: &[&str]) {
    assert_eq!(done.code, Some(1), "{done:?}");
    for word in words {
        assert!(done.stderr.contains(word), "'{word}' in {done:?}");
    }
}

#[test]
fn a_fresh_home_gets_the_program_and_nothing_else() {
    let world = World::new();
    world.release("0.1.0", product());
    let done = world.install(&[]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stdout.contains("checked: the sha256"), "{done:?}");
    assert!(done.stdout.contains("is not in your PATH") && done.stdout.contains("~/.zshrc"), "{done:?}");
    assert!(world.installed().starts_with("cc-orchestrator "), "{}", world.installed());
    let only = world.bin().join("cc-orchestrator").to_str().expect("a path").to_owned();
    assert_eq!(world.home(), BTreeSet::from([only]));
}

#[test]
fn an_upgrade_replaces_the_program_and_keeps_the_one_before() {
    let world = World::new();
    world.small_release("0.1.0", "echo cc-orchestrator 0.1.0");
    assert_eq!(world.install(&[]).code, Some(0));
    world.small_release("0.2.0", "echo cc-orchestrator 0.2.0");
    let done = world.install(&[]);
    assert_eq!((done.code, world.installed()), (Some(0), "cc-orchestrator 0.2.0".into()), "{done:?}");
    assert!(done.stdout.contains("upgrade-check"), "{done:?}");
    let kept = fs::read_to_string(world.bin().join("cc-orchestrator.previous")).expect("the one before");
    assert!(kept.contains("0.1.0"), "{kept}");
    assert_eq!(world.home().len(), 2, "{:?}", world.home());

    let older = world.install(&["--version", "v0.1.0"]);
    assert_eq!((older.code, world.installed()), (Some(0), "cc-orchestrator 0.1.0".into()), "{older:?}");
}

#[test]
fn what_is_not_the_release_changes_nothing() {
    let world = World::new();
    world.small_release("0.1.0", "echo cc-orchestrator 0.1.0");
    assert_eq!(world.install(&[]).code, Some(0));
    let before = world.home();
    let archive = format!("/releases/download/v0.2.0/cc-orchestrator-{}.tar.gz", world.target());

    refused(&world.install(&["--version", "0.3.0"]), &["cannot fetch", "v0.3.0/SHA256SUMS"]);
    world.small_release("0.2.0", "echo cc-orchestrator 0.2.0");
    world.server.answer(&archive, Answer::ok("something else"));
    refused(&world.install(&["--version", "0.2.0"]), &["sha256 is", "nothing was installed"]);
    world.server.answer("/releases/download/v0.2.0/SHA256SUMS", Answer::ok("nothing of the kind\n"));
    refused(&world.install(&["--version", "0.2.0"]), &["no line for"]);
    world.server.answer(&archive, Answer::ok("broken off").broken_off(3));
    refused(&world.install(&["--version", "0.2.0"]), &["cannot fetch"]);
    world.small_release("0.4.0", "[ $1 = completions ]");
    refused(&world.install(&["--version", "0.4.0"]), &["does not run here"]);

    assert_eq!(world.installed(), "cc-orchestrator 0.1.0");
    assert_eq!(world.home(), before);
    let left: Vec<_> = fs::read_dir(world.sandbox.tmp()).expect("a folder").flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn what_it_cannot_work_with_is_named() {
    let world = World::new();
    let before = world.home();
    let machine = |os: &str, processor: &str| {
        let uname = format!("case $1 in -s) echo {os} ;; *) echo {processor} ;; esac");
        let path = format!("{}:/usr/bin:/bin", world.programs(&[("uname", &uname)]).display());
        Finished::of(world.installer(&[]).env("PATH", path))
    };
    refused(&machine("Linux", "riscv64"), &["Linux on riscv64", "from source"]);
    refused(&machine("FreeBSD", "amd64"), &["FreeBSD", "from source"]);
    refused(&machine("MINGW64_NT-10.0", "x86_64"), &["install.ps1"]);

    let bare = world.sandbox.root().join("bare");
    fs::create_dir(&bare).expect("a folder");
    for tool in ["uname", "mktemp", "rm"] {
        let found = Finished::of(Command::new("sh").args(["-c", &format!("command -v {tool}")])).stdout;
        std::os::unix::fs::symlink(found.trim(), bare.join(tool)).expect("a link");
    }
    let mut installer = world.command("/bin/sh");
    installer.arg(repository().join("host/installers/install.sh")).env("PATH", bare);
    refused(&Finished::of(&mut installer), &["neither curl nor wget"]);

    let mut nobody = world.installer(&[]);
    refused(&Finished::of(nobody.env_remove("CC_ORCHESTRATOR_DOWNLOAD_URL")), &["who publishes"]);
    refused(&world.install(&["--version", "../x"]), &["is no version"]);
    refused(&world.install(&["--versoin"]), &["--versoin"]);
    assert_eq!(world.home(), before);
}

#[test]
fn every_machine_asks_for_an_archive_that_the_release_makes() {
    let world = World::new();
    let asked = [("Linux", "x86_64"), ("Linux", "aarch64"), ("Darwin", "x86_64"), ("Darwin", "arm64")];
    let mut asked: BTreeSet<String> = asked
        .into_iter()
        .map(|(os, processor)| {
            let uname = format!("case $1 in -s) echo {os} ;; *) echo {processor} ;; esac");
            let folder = world.programs(&[("uname", &uname), ("sysctl", "echo 0")]);
            let path = format!("{}:/usr/bin:/bin", folder.display());
            asked_for(&Finished::of(world.installer(&["--dry-run"]).env("PATH", path)))
        })
        .collect();
    let powershell = text("host/installers/install.ps1");
    let name = powershell.lines().find_map(|line| line.trim().strip_prefix("$name = 'cc-orchestrator-"));
    asked.insert(name.expect("its archive").trim_end_matches('\'').to_owned());

    let workflow = text(".github/workflows/release.yml");
    let targets = workflow.lines().filter_map(|line| line.trim().strip_prefix("- { target: "));
    let made: BTreeSet<String> =
        targets.map(|rest| rest.split(',').next().unwrap_or_default().to_owned()).collect();
    assert_eq!(asked, made);
}

fn text(name: &str) -> String {
    fs::read_to_string(repository().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn wget_does_as_well() {
    let world = World::new();
    world.small_release("0.1.0", "echo cc-orchestrator 0.1.0");
    // A machine without curl. Where this one has no wget, curl plays it.
    let tools = ["sh", "uname", "mktemp", "rm", "awk", "tar", "gzip", "mkdir", "cp", "chmod", "mv", "cat"];
    let folder = world.programs(&[]);
    for tool in tools.into_iter().chain(["sha256sum", "shasum", "openssl", "perl", "wget"]) {
        let found = Finished::of(Command::new("sh").args(["-c", &format!("command -v {tool}")])).stdout;
        if !found.is_empty() {
            std::os::unix::fs::symlink(found.trim(), folder.join(tool)).expect("a link");
        }
    }
    if !folder.join("wget").exists() {
        write_program(&folder.join("wget"), &format!("exec {} -fsSL -o \"$3\" \"$4\"", curl()));
    }
    let done = Finished::of(world.installer(&[]).env("PATH", folder));
    assert_eq!((done.code, world.installed()), (Some(0), "cc-orchestrator 0.1.0".into()), "{done:?}");
}

fn curl() -> String {
    Finished::of(Command::new("sh").args(["-c", "command -v curl"])).stdout.trim().to_owned()
}

#[test]
fn half_a_download_of_the_installer_does_nothing() {
    let world = World::new();
    world.small_release("0.1.0", "echo cc-orchestrator 0.1.0");
    let whole = text("host/installers/install.sh");
    let lines: Vec<&str> = whole.lines().collect();
    for length in (0..lines.len()).step_by(7) {
        let part = world.sandbox.root().join("part.sh");
        fs::write(&part, lines[..length].join("\n")).expect("a file");
        let done = Finished::of(world.command("sh").arg(&part));
        assert!(done.stdout.is_empty() && world.home().is_empty(), "{length} lines: {done:?}");
    }
}

#[test]
fn removing_it_leaves_what_is_the_users() {
    let world = World::new();
    world.small_release("0.1.0", "echo cc-orchestrator 0.1.0");
    assert_eq!(world.install(&[]).code, Some(0));
    assert_eq!(world.install(&[]).code, Some(0), "again, so that one is kept");
    let mine = world.bin().join("mine");
    fs::write(&mine, "mine").expect("a file");
    let done = world.install(&["--uninstall"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(world.home(), BTreeSet::from([mine.to_str().expect("a path").to_owned()]));
    refused(&world.install(&["--uninstall"]), &["there is no"]);
}

#[test]
fn every_command_about_installing_a_release_is_run() {
    let world = World::new();
    world.small_release("0.1.0", "echo cc-orchestrator 0.1.0");
    world.small_release("0.2.0", "echo cc-orchestrator 0.2.0");
    let document = text("docs/install.md");
    let section = document.split("\n## ").find(|section| section.starts_with("From a release"));
    let blocks = section.expect("the section").split("\n```sh\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("\n```").next().unwrap_or_default().lines());
    let mut run = 0;
    // gh asks GitHub itself: the release workflow does that.
    for line in lines.filter(|line| !line.starts_with("gh ")) {
        let line = line
            .replace("https://github.com/OWNER/cc-orchestrator/releases", &world.url())
            .replace("x86_64-unknown-linux-musl", &world.target());
        let done = Finished::of(world.command("sh").args(["-euc", &line]));
        assert_eq!(done.code, Some(0), "'{line}': {done:?}");
        run += 1;
    }
    assert!(run >= 6, "only {run} commands");
}
