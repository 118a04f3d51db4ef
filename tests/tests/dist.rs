//! Plugins from the network: who signed them, which bytes they are, and registries that mean harm.

use std::fs;

use cc_orchestrator_tests::{
    Finished, Sandbox,
    plugin::Router,
    registry::{Answer, Package, Registry, Signer, digest, image, layer},
};
use serde_json::{Value, json};

const ID: &str = "acme.router";
const KIMI: Router<'_> = Router::Chooses { profile: "id-kimi", model: "kimi-k2.7-code" };

fn kimi(version: &str) -> Package {
    Package::router(ID, version, KIMI)
}

/// A user who trusts `signer` as `acme`.
fn trusting(signer: &Signer) -> Sandbox {
    let sandbox = Sandbox::with_profiles();
    pin(&sandbox, "acme", signer);
    sandbox
}

fn pin(sandbox: &Sandbox, name: &str, signer: &Signer) {
    let pinned = sandbox.run(&["plugin", "key", "add", name, &signer.public_key()]);
    assert_eq!(pinned.code, Some(0), "{pinned:?}");
}

fn add(sandbox: &Sandbox, source: &str, flags: &[&str]) -> Finished {
    sandbox.run(&[&["plugin", "add", source, "--json"][..], flags].concat())
}

fn added(sandbox: &Sandbox, source: &str, flags: &[&str]) -> Value {
    let done = add(sandbox, source, flags);
    assert_eq!(done.code, Some(0), "{done:?}");
    done.json()["plugin"].clone()
}

/// The error says each word, and there is no such plugin afterwards, or still the one before.
fn refused(sandbox: &Sandbox, source: &str, flags: &[&str], words: &[&str]) -> String {
    let before = lock(sandbox);
    let done = add(sandbox, source, flags);
    let error = done.json()["error"].as_str().unwrap_or_default().to_owned();
    assert!(done.code.is_some_and(|code| code >= 2), "{done:?}");
    for word in words {
        assert!(error.contains(word), "'{word}' in {error}");
    }
    assert_eq!(lock(sandbox), before, "nothing is changed: {error}");
    error
}

fn lock(sandbox: &Sandbox) -> Option<String> {
    fs::read_to_string(sandbox.home().join("plugins.lock")).ok()
}

fn edit_lock(sandbox: &Sandbox, from: &str, to: &str) {
    let text = lock(sandbox).expect("a lock");
    assert!(text.contains(from), "{text}");
    fs::write(sandbox.home().join("plugins.lock"), text.replacen(from, to, 1)).expect("written");
}

fn model(sandbox: &Sandbox) -> Value {
    sandbox.run(&["pick-profile", "--json"]).json()["model"].clone()
}

fn listed(sandbox: &Sandbox) -> Value {
    let all = sandbox.run(&["plugin", "list", "--json"]).json();
    let found = all.as_array().into_iter().flatten().find(|plugin| plugin["id"] == ID);
    found.cloned().unwrap_or_else(|| panic!("{ID} in {all}"))
}

#[test]
fn a_signed_plugin_comes_from_a_registry_by_its_tag_and_is_locked_by_its_digest() {
    let (signer, registry) = (Signer::new(), Registry::start());
    let sandbox = trusting(&signer);
    registry.want_token("acme/router");
    let name = registry.push("acme/router", "1.2.0", &kimi("1.2.0").signed(&signer));
    let source = format!("oci://{}/acme/router:1.2.0", registry.host());
    let plugin = added(&sandbox, &source, &[]);
    assert_eq!((&plugin["digest"], &plugin["source"]), (&json!(name), &json!(source)), "{plugin}");
    assert_eq!((&plugin["signed_by"], &plugin["version"]), (&json!("acme"), &json!("1.2.0")), "{plugin}");
    assert_eq!(plugin["limits"]["deadline_ms"], 200, "what it was granted: {plugin}");
    assert_eq!(model(&sandbox), "kimi-k2.7-code");

    let requests = registry.requests();
    let of = |part: &str| requests.iter().filter(|path| path.contains(part)).count();
    assert_eq!(of("/manifests/"), 2, "the tag is asked once, and once more with a token: {requests:?}");
    assert_eq!((of("/token?"), of("/blobs/sha256:"), of("/storage/")), (1, 3, 3), "{requests:?}");

    let by_digest = format!("oci://{}/acme/router@{name}", registry.host());
    assert_eq!(added(&sandbox, &by_digest, &[])["digest"], json!(name));
}

#[test]
fn newer_versions_replace_older_ones_and_never_the_other_way_round() {
    let (signer, registry) = (Signer::new(), Registry::start());
    let sandbox = trusting(&signer);
    for version in ["1.0.0", "1.1.0"] {
        let _ = registry.push("acme/router", version, &kimi(version).signed(&signer));
    }
    let source = |tag: &str| format!("oci://{}/acme/router:{tag}", registry.host());
    added(&sandbox, &source("1.0.0"), &[]);
    added(&sandbox, &source("1.1.0"), &[]);
    refused(&sandbox, &source("1.0.0"), &[], &["older than 1.1.0", "--downgrade"]);
    // Taking it out does not make anybody forget.
    assert_eq!(sandbox.run(&["plugin", "remove", ID]).code, Some(0));
    refused(&sandbox, &source("1.0.0"), &[], &["older than 1.1.0"]);
    let other = Package::router(ID, "1.1.0", Router::Keeps).signed(&signer);
    let _ = registry.push("acme/router", "1.1.0", &other);
    refused(&sandbox, &source("1.1.0"), &[], &["a published version never changes"]);
    assert_eq!(added(&sandbox, &source("1.0.0"), &["--downgrade"])["version"], "1.0.0");
}

#[test]
fn an_unsigned_plugin_needs_the_users_word_for_its_bytes() {
    let registry = Registry::start();
    let sandbox = Sandbox::with_profiles();
    let name = registry.push("acme/router", "1.0.0", &kimi("1.0.0"));
    let source = format!("oci://{}/acme/router:1.0.0", registry.host());
    refused(&sandbox, &source, &[], &["is not signed", &format!("--unsigned --digest {name}")]);
    refused(&sandbox, &source, &["--unsigned"], &["is not signed"]);
    let other = digest(b"other");
    refused(&sandbox, &source, &["--unsigned", "--digest", &other], &[&name, &other]);
    let plugin = added(&sandbox, &source, &["--unsigned", "--digest", &name]);
    assert_eq!((&plugin["signed_by"], &plugin["digest"]), (&Value::Null, &json!(name)));
    assert_eq!(model(&sandbox), "kimi-k2.7-code");
}

#[test]
fn only_pinned_keys_count_and_only_for_as_long_as_they_are_pinned() {
    let (acme, stranger, registry) = (Signer::new(), Signer::new(), Registry::start());
    let sandbox = trusting(&acme);
    let source = |tag: &str| format!("oci://{}/acme/router:{tag}", registry.host());
    let _ = registry.push("acme/router", "strange", &kimi("1.0.0").signed(&stranger));
    refused(&sandbox, &source("strange"), &[], &["a key that you have not pinned"]);

    let mut tampered = kimi("1.0.0").signed(&acme);
    tampered.manifest.extend(b"# one line more\n");
    let _ = registry.push("acme/router", "tampered", &tampered);
    refused(&sandbox, &source("tampered"), &[], &["changed after it was signed"]);

    let before = model(&sandbox);
    let _ = registry.push("acme/router", "good", &kimi("1.0.0").signed(&acme));
    added(&sandbox, &source("good"), &["--key", "acme"]);
    pin(&sandbox, "stranger", &stranger);
    let _ = registry.push("acme/router", "next", &kimi("1.1.0").signed(&stranger));
    refused(&sandbox, &source("next"), &[], &["was by 'acme' before", "--key stranger"]);
    refused(&sandbox, &source("next"), &["--key", "acme"], &["not signed by the key 'acme'"]);

    assert_eq!(model(&sandbox), "kimi-k2.7-code");
    let removed = sandbox.run(&["plugin", "key", "remove", "acme"]);
    assert!(removed.stdout.contains(ID), "{removed:?}");
    assert_eq!(model(&sandbox), before, "the layer below decides");
    let plugin = listed(&sandbox);
    assert_eq!(plugin["status"], "untrusted", "{plugin}");
    assert!(plugin["reason"].as_str().is_some_and(|why| why.contains("'acme'")), "{plugin}");
}

#[test]
fn a_web_server_has_the_same_files_beside_each_other() {
    let (signer, registry) = (Signer::new(), Registry::start());
    let sandbox = trusting(&signer);
    let package = kimi("1.0.0");
    registry.upload("/plain/", &package);
    registry.upload("/signed/", &package.clone().signed(&signer));
    let at = |folder: &str| format!("http://{}/{folder}", registry.host());
    let name = digest(&package.manifest);
    refused(&sandbox, &at("plain"), &[], &["is not signed", &name]);
    refused(&sandbox, &at("absent/"), &[], &["there is no plugin.toml"]);
    assert_eq!(added(&sandbox, &at("plain/"), &["--unsigned", "--digest", &name])["digest"], json!(name));
    assert_eq!(added(&sandbox, &at("signed/plugin.toml"), &[])["signed_by"], "acme");
    refused(&sandbox, "http://example.com/x/", &[], &["not encrypted"]);
}

#[test]
fn a_registry_that_means_harm_gets_nothing_in() {
    type Harm = fn(&Registry, &Package);
    const AT: &str = "/v2/acme/router";
    let harms: [(&str, Harm, &[&str]); 12] = [
        (
            "another digest than the header says",
            |registry, _| {
                let answer =
                    Answer::ok(image(&[]).to_string()).header("docker-content-digest", &digest(b"other"));
                registry.answer(&format!("{AT}/manifests/1"), answer);
            },
            &["is not what it should be"],
        ),
        (
            "other bytes of the same length",
            |registry, package| {
                let mut bytes = package.component.clone();
                bytes[100] ^= 1;
                registry.answer(&format!("{AT}/blobs/{}", digest(&package.component)), Answer::ok(bytes));
            },
            &["plugin.wasm", "is not what it should be"],
        ),
        (
            "a blob that breaks off",
            |registry, package| {
                let answer = Answer::ok(package.component.clone()).broken_off(100);
                registry.answer(&format!("{AT}/blobs/{}", digest(&package.component)), answer);
            },
            &["cannot be fetched"],
        ),
        (
            "a shorter blob than announced",
            |registry, package| {
                let answer = Answer::ok(&package.component[..100]);
                registry.answer(&format!("{AT}/blobs/{}", digest(&package.component)), answer);
            },
            &["has 100 bytes"],
        ),
        (
            "a huge blob, announced",
            |registry, package| {
                let mut huge = layer("plugin.wasm", &package.component);
                huge["size"] = json!(1_u64 << 40);
                let _ = registry.push_image(
                    "acme/router",
                    "1",
                    &image(&[layer("plugin.toml", &package.manifest), huge]),
                );
            },
            &["plugin.wasm", "larger than"],
        ),
        (
            "a blob without an end",
            |registry, package| {
                let answer = Answer::ok(vec![0; 1 << 16]).endless();
                registry.answer(&format!("{AT}/blobs/{}", digest(&package.component)), answer);
            },
            &["larger than"],
        ),
        (
            "an image manifest without an end",
            |registry, _| {
                registry.answer(&format!("{AT}/manifests/1"), Answer::ok(vec![b'['; 1 << 16]).endless())
            },
            &["larger than"],
        ),
        (
            "a redirect to a file",
            |registry, package| {
                let answer = Answer::redirect("file:///etc/passwd");
                registry.answer(&format!("{AT}/blobs/{}", digest(&package.component)), answer);
            },
            &["sends on to 'file:///etc/passwd'"],
        ),
        (
            "a redirect to an open connection",
            |registry, _| {
                registry.answer(&format!("{AT}/manifests/1"), Answer::redirect("http://example.com/"))
            },
            &["not encrypted"],
        ),
        (
            "a redirect in a circle",
            |registry, _| {
                registry.answer(&format!("{AT}/manifests/1"), Answer::redirect(&format!("{AT}/manifests/1")));
            },
            &["too often"],
        ),
        (
            "a file that wants to be elsewhere",
            |registry, package| {
                let layers = [
                    layer("../../plugin.toml", &package.manifest),
                    layer("/plugin.wasm", &package.component),
                ];
                let _ = registry.push_image("acme/router", "1", &image(&layers));
            },
            &["no layer with the title plugin.toml"],
        ),
        (
            "two files of one name",
            |registry, package| {
                let layers = [layer("plugin.toml", &package.manifest), layer("plugin.toml", b"")];
                let _ = registry.push_image("acme/router", "1", &image(&layers));
            },
            &["two of its layers"],
        ),
    ];
    let signer = Signer::new();
    let sandbox = trusting(&signer);
    let package = kimi("1.0.0").signed(&signer);
    for (what, harm, words) in harms {
        let registry = Registry::start();
        let _ = registry.push("acme/router", "1", &package);
        harm(&registry, &package);
        let error = refused(&sandbox, &format!("oci://{}/acme/router:1", registry.host()), &[], words);
        assert!(!sandbox.home().join("plugins").exists(), "{what}: {error}");
    }
}

#[test]
fn a_component_that_the_signed_manifest_does_not_name_is_refused() {
    let (signer, registry) = (Signer::new(), Registry::start());
    let sandbox = trusting(&signer);
    let source = format!("oci://{}/acme/router:1", registry.host());
    let other = Package { component: kimi("1.0.0").component, ..Package::router(ID, "1.0.0", Router::Keeps) };
    let _ = registry.push("acme/router", "1", &other.signed(&signer));
    refused(&sandbox, &source, &[], &["another plugin.wasm than its plugin.toml says"]);
    let mut newer = kimi("1.0.0");
    newer.manifest =
        String::from_utf8(newer.manifest).expect("UTF-8").replace(">=0.1.0", ">=9.0.0").into_bytes();
    let _ = registry.push("acme/router", "1", &newer.signed(&signer));
    refused(&sandbox, &source, &[], &["upgrade cc-orchestrator"]);
}

#[test]
fn a_lock_edited_by_hand_grants_nothing() {
    let (signer, registry) = (Signer::new(), Registry::start());
    let sandbox = trusting(&signer);
    let before = model(&sandbox);
    let _ = registry.push("acme/router", "1", &kimi("1.0.0").signed(&signer));
    added(&sandbox, &format!("oci://{}/acme/router:1", registry.host()), &[]);
    let whole = lock(&sandbox).expect("a lock");
    let sha256 = whole.lines().find(|line| line.starts_with("sha256")).expect("a digest").to_owned();
    for (from, to, status) in [
        (sha256.as_str(), &*format!("sha256 = \"{}\"", "0".repeat(64)), "changed"),
        ("version = \"1.0.0\"", "version = \"1.0.1\"", "broken"),
        ("signed_by = \"acme\"", "signed_by = \"nobody\"", "untrusted"),
        ("world = \"router\"", "world = \"prompt-pack\"", "changed"),
    ] {
        edit_lock(&sandbox, from, to);
        let plugin = listed(&sandbox);
        assert_eq!((&plugin["status"], model(&sandbox)), (&json!(status), before.clone()), "{to}: {plugin}");
        fs::write(sandbox.home().join("plugins.lock"), &whole).expect("written");
    }
    edit_lock(&sandbox, "deadline_ms = 200", "deadline_ms = 30000");
    let plugin = listed(&sandbox);
    assert_eq!(plugin["limits"]["deadline_ms"], 200, "never more than it asked for: {plugin}");

    // Files and lock changed to fit each other: the signature still tells.
    let folder = sandbox.home().join("plugins").join(ID).join("1.0.0");
    let manifest = fs::read_to_string(folder.join("plugin.toml")).expect("readable") + "# more\n";
    fs::write(folder.join("plugin.toml"), &manifest).expect("written");
    let line = whole.lines().find(|line| line.starts_with("manifest_sha256")).expect("a digest");
    let hex = digest(manifest.as_bytes()).replace("sha256:", "");
    edit_lock(&sandbox, line, &format!("manifest_sha256 = \"{hex}\""));
    let plugin = listed(&sandbox);
    assert_eq!((&plugin["status"], model(&sandbox)), (&json!("changed"), before), "{plugin}");
    assert!(plugin["reason"].as_str().is_some_and(|why| why.contains("signature")), "{plugin}");
}
