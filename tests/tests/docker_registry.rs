//! Plugins from a real registry: Debian's `docker-registry` on loopback, where it is installed.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use cc_orchestrator_tests::{
    Finished, Sandbox, eventually,
    plugin::Router,
    registry::{Package, Signer, digest, image, layer},
};
use serde_json::Value;

const REPOSITORY: &str = "acme/router";
const PROGRAMS: [&str; 2] = ["docker-registry", "registry"];

/// The registry's process and where it keeps what was pushed.
struct Registry {
    process: Child,
    port: u16,
    storage: PathBuf,
}

impl Registry {
    /// None where no such program is installed.
    fn start(sandbox: &Sandbox) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let storage = sandbox.root().join("storage");
        let config = format!(
            "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: 127.0.0.1:{port}\n",
            storage.display()
        );
        let path = sandbox.root().join("registry.yml");
        fs::write(&path, config).expect("a file");
        let process = PROGRAMS.iter().find_map(|program| {
            let mut command = Command::new(program);
            command.arg("serve").arg(&path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command.spawn().ok()
        })?;
        let registry = Self { process, port, storage };
        eventually("the registry answers", || registry.ask("GET", "/v2/", "", b"").map(drop));
        Some(registry)
    }

    fn source(&self, tag: &str) -> String {
        format!("oci://127.0.0.1:{}/{REPOSITORY}:{tag}", self.port)
    }

    /// Pushes a package under a tag, as `oras push` does. Gives its digest.
    fn push(&self, tag: &str, package: &Package) -> String {
        let files = package.files();
        for bytes in files.iter().map(|(_, bytes)| *bytes).chain([&b"{}"[..]]) {
            let begun =
                self.ask("POST", &format!("/v2/{REPOSITORY}/blobs/uploads/"), "", b"").expect("an answer");
            let place = begun.lines().find_map(|line| line.strip_prefix("Location: ")).expect("a place");
            let path = place.split_once("/v2/").map(|(_, rest)| format!("/v2/{rest}")).expect("a path");
            let name = digest(bytes).replace(':', "%3A");
            let stored = self.ask("PUT", &format!("{path}&digest={name}"), "application/octet-stream", bytes);
            assert!(stored.is_some_and(|answer| answer.starts_with("HTTP/1.1 201")));
        }
        let layers: Vec<Value> = files.into_iter().map(|(title, bytes)| layer(title, bytes)).collect();
        let manifest = serde_json::to_vec(&image(&layers)).expect("JSON");
        let path = format!("/v2/{REPOSITORY}/manifests/{tag}");
        let stored = self.ask("PUT", &path, "application/vnd.oci.image.manifest.v1+json", &manifest);
        assert!(stored.as_ref().is_some_and(|answer| answer.starts_with("HTTP/1.1 201")), "{stored:?}");
        digest(&manifest)
    }

    /// One request, and its answer's head; none when nobody listens.
    fn ask(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        Some(String::from_utf8_lossy(&answer).replace("\r\n", "\n"))
    }

    /// The file that holds a blob.
    fn blob(&self, name: &str) -> PathBuf {
        let hex = name.trim_start_matches("sha256:");
        self.storage.join(format!("docker/registry/v2/blobs/sha256/{}/{hex}/data", &hex[..2]))
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn package(version: &str, model: &'static str) -> Package {
    let profile = if model == "glm-5.2" { "id-glm" } else { "id-kimi" };
    Package::router("acme.router", version, Router::Chooses { profile, model })
}

fn add(sandbox: &Sandbox, source: &str) -> Finished {
    sandbox.run(&["plugin", "add", source, "--json"])
}

fn model(sandbox: &Sandbox) -> Value {
    sandbox.run(&["pick-profile", "--role", "review", "--json"]).json()["model"].clone()
}

#[test]
fn a_real_registrys_plugin_is_pinned_and_works_without_it() {
    let (sandbox, signer) = (Sandbox::with_profiles(), Signer::new());
    let Some(registry) = Registry::start(&sandbox) else {
        #[allow(clippy::print_stderr)] // the only way for a test to say that it proved less than it could
        {
            eprintln!("SKIPPED: no registry program is installed (Debian: docker-registry)");
        }
        return;
    };
    let pinned = sandbox.run(&["plugin", "key", "add", "acme", &signer.public_key()]);
    assert_eq!(pinned.code, Some(0), "{pinned:?}");
    let name = registry.push("stable", &package("1.0.0", "kimi-k2.7-code").signed(&signer));
    let done = add(&sandbox, &registry.source("stable"));
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(done.json()["plugin"]["digest"], Value::from(name));
    assert_eq!(model(&sandbox), "kimi-k2.7-code");
    let lock = || fs::read_to_string(sandbox.home().join("plugins.lock")).expect("a lock");
    let locked = lock();

    // The tag moves: nothing here moves with it.
    let newer = package("1.1.0", "glm-5.2").signed(&signer);
    let _ = registry.push("stable", &newer);
    assert_eq!((model(&sandbox), lock()), ("kimi-k2.7-code".into(), locked.clone()));

    // A layer that somebody changed in the registry's own storage.
    let component =
        newer.files().into_iter().find(|(title, _)| *title == "plugin.wasm").expect("a component").1;
    let path = registry.blob(&digest(component));
    let mut bytes = fs::read(&path).expect("the blob");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).expect("the blob");
    let refused = add(&sandbox, &registry.source("stable"));
    assert!(refused.code.is_some_and(|code| code >= 2), "{refused:?}");
    assert_eq!((model(&sandbox), lock()), ("kimi-k2.7-code".into(), locked));

    // Nobody needs the registry once the plugin is here.
    drop(registry);
    assert_eq!(model(&sandbox), "kimi-k2.7-code");
}
