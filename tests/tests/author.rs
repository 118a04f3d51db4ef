//! The plugin author's way: from a scaffold to a tested, installed plugin, and plugins that are texts.

use std::{env, fs, path::Path, process::Command};

use cc_orchestrator_tests::{
    Finished, Sandbox,
    plugin::{self, Router},
    repository,
};
use serde_json::{Value, json};

/// The product, with what builds plugins: the user's own toolchain, and nothing from the network.
fn author(sandbox: &Sandbox, arguments: &[&str]) -> Finished {
    let mut command = sandbox.command();
    let home = env::home_dir().expect("a home");
    for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        let own = home.join(folder);
        let value = env::var_os(name).or_else(|| own.is_dir().then(|| own.into()));
        command.envs(value.map(|value| (name, value)));
    }
    command.env("CARGO_NET_OFFLINE", "true");
    // Dependencies are built once for all tests and all runs of them.
    command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("author"));
    Finished::of(command.args(arguments))
}

/// One of the guide's other commands, in its reader's shell: npm and pip ask their registries, as they are set up here.
fn installs(sandbox: &Sandbox, line: &str, caches: &Path) {
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(sandbox.project());
    shell.env("npm_config_cache", caches.join("npm")).env("PIP_CACHE_DIR", caches.join("pip"));
    let done = Finished::of(&mut shell);
    assert_eq!(done.code, Some(0), "{line}: {done:?}");
}

fn succeeds(sandbox: &Sandbox, arguments: &[&str]) -> Finished {
    let done = author(sandbox, arguments);
    assert_eq!(done.code, Some(0), "{arguments:?}: {done:?}");
    done
}

/// Set by CI where the registries answer, to the folder of their caches: the guide's install commands are run as well.
const INSTALLS: &str = "CC_PLUGIN_INSTALLS";

/// Whether a language's tool is there; says so when it is not, as a test that was skipped must be seen.
fn has(tool: &str) -> bool {
    let there = match tool {
        "rustup" => {
            let mut rustc = Command::new("rustc");
            rustc.args(["--print", "target-libdir", "--target", "wasm32-unknown-unknown"]);
            rustc.output().is_ok_and(|said| Path::new(String::from_utf8_lossy(&said.stdout).trim()).is_dir())
        }
        "npm" => runs("componentize-qjs"),
        "python3" => runs("componentize-py"),
        _ => true,
    };
    if !there {
        told_that_it_is_skipped(&format!("what {tool} would install is not here"));
    }
    there
}

#[allow(clippy::print_stderr)] // the only way for a test to say that it proved less than it could
fn told_that_it_is_skipped(what: &str) {
    eprintln!("skipped: {what}");
}

fn runs(tool: &str) -> bool {
    let name = if cfg!(windows) && tool.ends_with("qjs") { format!("{tool}.cmd") } else { tool.to_owned() };
    Command::new(name).arg("--help").output().is_ok_and(|said| said.status.success())
}

/// The shell blocks of the guide, a list of commands each.
fn guide() -> Vec<Vec<String>> {
    let text = fs::read_to_string(repository().join("docs/plugin-guide.md")).expect("the guide");
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.map(|block| block.lines().map(str::to_owned).collect()).collect()
}

/// What the guide's reader has written by then.
fn written_by_the_reader(sandbox: &Sandbox) {
    let pack = sandbox.project().join("our-prompts");
    fs::create_dir_all(pack.join("task")).expect("a folder");
    fs::create_dir_all(pack.join("parts")).expect("a folder");
    let text = fs::read_to_string(repository().join("docs/plugin-guide.md")).expect("the guide");
    let toml = text.split("# our-prompts/pack.toml").nth(1).and_then(|rest| rest.split("```").next());
    fs::write(pack.join("pack.toml"), toml.expect("the guide's pack")).expect("a file");
    fs::write(pack.join("parts/tone.md"), "Kindly.").expect("a file");
    fs::write(pack.join("task/bugfix.md"), "{% include 'parts/tone.md' %} {{ task }}").expect("a file");
    fs::write(sandbox.project().join("our-rules.toml"), RULES).expect("a file");
}

const RULES: &str =
    "[[rules]]\nid = \"our-token\"\nregex = '''our_[a-z0-9]{20}'''\nkeywords = [\"our_\"]\nentropy = 2.5\n";

#[test]
fn every_command_of_the_guide_works() {
    let sandbox = Sandbox::new();
    written_by_the_reader(&sandbox);
    let mut ran = 0;
    for block in guide() {
        let tool = block.iter().map(|line| line.split(' ').next().unwrap_or_default());
        if !tool.clone().all(has) || (tool.clone().all(|tool| tool == "cc-orchestrator") && !has("rustup")) {
            continue;
        }
        for line in block {
            let words: Vec<_> = line.split(' ').collect();
            match words.as_slice() {
                ["cc-orchestrator", arguments @ ..] => {
                    succeeds(&sandbox, arguments);
                    ran += 1;
                }
                ["rustup", ..] => (),
                _ => match env::var_os(INSTALLS) {
                    Some(caches) => installs(&sandbox, &line, Path::new(&caches)),
                    None => told_that_it_is_skipped(&line),
                },
            }
        }
    }
    assert!(!has("rustup") || ran >= 10, "{ran} commands");
}

#[test]
fn the_example_answers_the_same_in_every_language() {
    let sandbox = Sandbox::new();
    let examples = repository().join("plugins/examples");
    copied(&examples.join("fixtures"), &sandbox.project().join("fixtures"));
    let mut built = Vec::new();
    for (tool, language) in [("rustup", "rust"), ("npm", "javascript"), ("python3", "python")] {
        if !has(tool) {
            continue;
        }
        let source = examples.join(language);
        // A crate of this workspace is built where it is.
        let source = if language == "rust" {
            source
        } else {
            copied(&source, &sandbox.project().join("sources").join(language))
        };
        succeeds(&sandbox, &["plugin", "build", source.to_str().expect("a path"), "--out", language]);
        let tested = succeeds(&sandbox, &["plugin", "test", language, "--fixtures", "fixtures", "--json"]);
        assert_eq!(tested.json()["cases"].as_array().map(Vec::len), Some(4), "{tested:?}");
        built.push(language);
    }
    // Python is left out: to compile it once more takes as long as all of this.
    let measured: Vec<_> = built.into_iter().filter(|language| *language != "python").collect();
    if !measured.is_empty() {
        let bench = [&["plugin", "bench", "--fixtures", "fixtures"], measured.as_slice()].concat();
        let table = succeeds(&sandbox, &bench).stdout;
        let guide = fs::read_to_string(repository().join("docs/plugin-guide.md")).expect("the guide");
        let figures =
            table.lines().filter_map(|line| line.split('|').nth(1)).filter(|figure| !figure.contains("--"));
        for figure in figures {
            assert!(guide.contains(&format!("|{figure}|")), "the guide's table has no line '{figure}'");
        }
    }
}

/// What a Rust plugin would need of a system is an import, or does not compile.
#[test]
fn a_rust_plugin_that_needs_a_system_is_not_built() {
    if !has("rustup") {
        return;
    }
    let sandbox = Sandbox::new();
    succeeds(&sandbox, &["plugin", "new", "greedy"]);
    let [source, manifest] =
        ["src/lib.rs", "Cargo.toml"].map(|name| sandbox.project().join("greedy").join(name));
    let [code, crates] = [&source, &manifest].map(|path| fs::read_to_string(path).expect("a file"));
    let refused = |words: &[&str]| {
        let built = author(&sandbox, &["plugin", "build", "greedy"]);
        assert_eq!(built.code, Some(6), "{built:?}");
        assert!(words.iter().all(|word| built.stderr.contains(word)), "{words:?} in {}", built.stderr);
        assert!(!sandbox.project().join("greedy/dist").exists());
    };
    for (module, function) in
        [("wasi_snapshot_preview1", "random_get"), ("wasi:filesystem/types@0.2.0", "read"), ("env", "clock")]
    {
        let import = format!(
            "\n#[link(wasm_import_module = \"{module}\")]\nunsafe extern \"C\" {{ fn {function}() -> i32; }}\n\
             #[unsafe(no_mangle)]\npub extern \"C\" fn reach() -> i32 {{ unsafe {{ {function}() }} }}\n"
        );
        fs::write(&source, code.clone() + &import).expect("a file");
        refused(&["making the component failed", module, "use nothing of WASI"]);
    }
    fs::write(&source, &code).expect("a file");
    let random = crates.replace("[dependencies]", "[dependencies]\ngetrandom = \"0.4\"");
    fs::write(&manifest, random).expect("a file");
    refused(&["getrandom", "not supported by default"]);
}

/// Files alone: what a build leaves beside them stays out of the repository.
fn copied(from: &Path, to: &Path) -> std::path::PathBuf {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("a copy");
        }
    }
    to.into()
}

/// A package with one fixture: a router of the tests that always chooses the same.
fn tested_package(sandbox: &Sandbox, expected: &Value) -> String {
    let folder = sandbox.project().join("router");
    plugin::write(&folder, "acme.router", Router::Chooses { profile: "p", model: "m" });
    fs::create_dir_all(folder.join("fixtures")).expect("a folder");
    let question = json!({ "input": { "candidates": [{ "profile_id": "p", "model": "m" }] } });
    fs::write(folder.join("fixtures/one.json"), question.to_string()).expect("a file");
    fs::write(folder.join("fixtures/one.expected.json"), expected.to_string()).expect("a file");
    "router".into()
}

#[test]
fn a_wrong_answer_is_shown_and_an_update_keeps_it() {
    let sandbox = Sandbox::new();
    let folder = tested_package(&sandbox, &json!({ "answer": "keep" }));
    let wrong = sandbox.run(&["plugin", "test", &folder]);
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    assert!(wrong.stdout.contains("DIFFERS  one"), "{}", wrong.stdout);
    assert!(wrong.stdout.contains("\"the test says so\""), "{}", wrong.stdout);
    let updated = sandbox.run(&["plugin", "test", &folder, "--update", "--json"]);
    assert_eq!(
        (updated.code, &updated.json()["cases"][0]["outcome"]),
        (Some(0), &json!("updated")),
        "{updated:?}"
    );
    assert_eq!(sandbox.run(&["plugin", "test", &folder]).code, Some(0));

    let mistaken = sandbox.project().join("router/fixtures/two.toml");
    fs::write(&mistaken, "[input]\ncandidate = []\n").expect("a file");
    let failed = sandbox.run(&["plugin", "test", &folder]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(failed.stdout.contains("input.candidate is unknown"), "{}", failed.stdout);
    fs::remove_dir_all(sandbox.project().join("router/fixtures")).expect("removed");
    assert_eq!(sandbox.run(&["plugin", "test", &folder]).code, Some(2));
}

#[test]
fn a_packed_plugin_is_the_same_file_every_time_and_can_be_added() {
    let sandbox = Sandbox::new();
    let folder = sandbox.project().join("router");
    plugin::write(&folder, "acme.router", Router::Keeps);
    let unbuilt = sandbox.run(&["plugin", "pack", "router"]);
    assert!(unbuilt.code != Some(0) && unbuilt.stderr.contains("no sha256"), "{unbuilt:?}");
    let component = fs::read(folder.join("plugin.wasm")).expect("a component");
    let manifest = fs::read_to_string(folder.join("plugin.toml")).expect("a manifest");
    fs::write(folder.join("plugin.toml"), format!("sha256 = \"{}\"\n{manifest}", sha256(&component)))
        .expect("a file");
    fs::write(folder.join("README.md"), "# Acme\n").expect("a file");

    let packed = |out: &str| {
        let packed = sandbox.run(&["plugin", "pack", "router", "--out", out, "--json"]);
        assert_eq!(packed.code, Some(0), "{packed:?}");
        packed.json()
    };
    let [one, two] = [packed("one"), packed("two")];
    assert_eq!(one["sha256"], two["sha256"]);
    assert_eq!(one["contents"], json!(["README.md", "plugin.toml", "plugin.wasm"]));

    let file = one["file"].as_str().expect("a path");
    assert!(file.ends_with("acme.router-1.0.0.plugin.tar"), "{file}");
    let added = sandbox.run(&["plugin", "add", file]);
    assert_eq!(added.code, Some(0), "{added:?}");
    let inspected = sandbox.run(&["plugin", "inspect", "acme.router"]);
    assert_eq!(inspected.code, Some(0), "{inspected:?}");
    for word in
        ["ready in the user layer", "world router", "exports cc-orchestrator:policy/routing", "200 ms"]
    {
        assert!(inspected.stdout.contains(word), "{word} in {}", inspected.stdout);
    }
    let default = sandbox.run(&["plugin", "inspect", "cc.router", "--json"]);
    assert_eq!(default.json()["imports"], json!(["cc-orchestrator:policy/host@1.0.0"]), "{default:?}");
}

fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let digest = <sha2::Sha256 as sha2::Digest>::digest(bytes);
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all");
        text
    })
}

#[test]
fn a_benchmark_compares_with_the_default_plugin() {
    let sandbox = Sandbox::new();
    let folder = tested_package(&sandbox, &json!(null));
    let other = sandbox.project().join("other");
    plugin::write(&other, "acme.other", Router::Keeps);
    let measured = sandbox.run(&["plugin", "bench", &folder, "other", "--json"]);
    assert_eq!(measured.code, Some(0), "{measured:?}");
    let report = measured.json();
    assert_eq!(report["questions"], json!(["one"]));
    let ids = [&report["plugins"][0]["id"], &report["plugins"][1]["id"], &report["default"]["id"]];
    assert_eq!(ids, ["acme.router", "acme.other", "cc.router"]);
    let plugin = &report["plugins"][0];
    // One page, which is what the component asks for; the default one has more.
    assert_eq!(plugin["memory_bytes"], json!(65536), "{report}");
    for ratio in ["memory_ratio", "component_ratio"] {
        assert!(plugin[ratio].as_f64().is_some_and(|ratio| ratio > 0.0 && ratio < 1.0), "{report}");
    }
    // To compile takes longer than to load what is compiled.
    let load = |kind: &str| report["default"][kind].as_u64().expect("a time");
    assert!(load("load_cold_us") > load("load_cached_us"), "{report}");

    written_by_the_reader(&sandbox);
    let mixed = sandbox.run(&["plugin", "bench", &folder, "our-prompts"]);
    assert!(mixed.code != Some(0) && mixed.stderr.contains("of several worlds"), "{mixed:?}");
}

#[test]
fn a_folder_of_texts_is_a_prompt_pack() {
    let sandbox = Sandbox::new();
    written_by_the_reader(&sandbox);
    let added = sandbox.run(&["plugin", "add", "our-prompts"]);
    assert_eq!(added.code, Some(0), "{added:?}");
    let render = || {
        let rendered = sandbox.run(&["prompt-pack", "--template", "bugfix", "--task", "{{ x }}", "--json"]);
        rendered.json()["prompt"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(render(), "Kindly. {{ x }}");
    let listed = sandbox.run(&["prompt-pack", "--json"]);
    assert!(listed.stdout.contains("Bug fix, our way") && listed.stdout.contains("repo-audit"), "{listed:?}");

    // Other bytes do not load, and the core pack answers.
    let data = sandbox.home().join("plugins/local.our-prompts/0.1.0/data.json");
    let text = fs::read_to_string(&data).expect("the data");
    fs::write(&data, text.replace("Kindly", "Rudely")).expect("a file");
    assert!(!render().contains("udely"), "{}", render());

    fs::write(sandbox.project().join("our-prompts/task/bugfix.md"), "{% if %}").expect("a file");
    let broken = sandbox.run(&["plugin", "add", "our-prompts"]);
    assert!(broken.code != Some(0) && broken.stderr.contains("bugfix"), "{broken:?}");
}

#[test]
fn a_file_of_rules_is_a_secret_scanner() {
    let sandbox = Sandbox::new();
    written_by_the_reader(&sandbox);
    let token = ["our_", "4f7k2p9q8r1s6t3v5w0x"].concat();
    fs::create_dir(sandbox.project().join("src")).expect("a folder");
    fs::write(sandbox.project().join("src/a.txt"), format!("token: {token}\n")).expect("a file");
    let found = |sandbox: &Sandbox| {
        let scanned = sandbox.run(&["scan", "src", "--format", "json"]).json();
        scanned["findings"].as_array().into_iter().flatten().any(|finding| finding["rule"] == "our-token")
    };
    assert!(!found(&sandbox));
    let added = sandbox.run(&["plugin", "add", "our-rules.toml"]);
    assert_eq!(added.code, Some(0), "{added:?}");
    assert!(found(&sandbox), "{:?}", sandbox.run(&["scan", "src", "--format", "json"]));
}

#[test]
fn a_missing_tool_is_named_with_the_way_to_get_it() {
    let sandbox = Sandbox::new();
    for (language, hints) in [
        ("rust", ["rustc", "https://rustup.rs"]),
        ("js", ["componentize-qjs", "npm install"]),
        ("python", ["componentize-py", "pip install"]),
    ] {
        assert_eq!(sandbox.run(&["plugin", "new", language, "--lang", language]).code, Some(0));
        let unbuilt = sandbox.run(&["plugin", "add", language]);
        assert!(unbuilt.code != Some(0) && unbuilt.stderr.contains("plugin build"), "{unbuilt:?}");
        let mut command = sandbox.command();
        let nothing = sandbox.record("empty");
        let built = Finished::of(command.env("PATH", nothing).args(["plugin", "build", language]));
        assert_eq!(built.code, Some(6), "{built:?}");
        assert!(hints.iter().all(|hint| built.stderr.contains(hint)), "{}", built.stderr);
    }
}
