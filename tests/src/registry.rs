//! A registry and web server on loopback, as good or as hostile as a test needs, and packages to serve.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Cursor, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use minisign::KeyPair;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::plugin::{self, Router};

/// Whoever signs packages.
pub struct Signer(KeyPair);

impl Signer {
    /// A fresh key.
    ///
    /// # Panics
    /// When the system has no randomness.
    #[must_use]
    #[allow(clippy::new_without_default)] // no two are equal
    pub fn new() -> Self {
        Self(KeyPair::generate_unencrypted_keypair().expect("a key"))
    }

    /// What others pin.
    #[must_use]
    pub fn public_key(&self) -> String {
        self.0.pk.to_base64()
    }

    fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let signature =
            minisign::sign(None, &self.0.sk, Cursor::new(bytes), None, None).expect("a signature");
        signature.to_string().into_bytes()
    }
}

/// A plugin's files.
#[derive(Clone)]
pub struct Package {
    /// `plugin.toml`.
    pub manifest: Vec<u8>,
    /// `plugin.wasm`.
    pub component: Vec<u8>,
    /// `plugin.toml.minisig`.
    pub signature: Option<Vec<u8>>,
}

impl Package {
    /// A router, as `plugin build` leaves it.
    #[must_use]
    pub fn router(id: &str, version: &str, router: Router<'_>) -> Self {
        let component = plugin::component(router);
        let manifest = format!(
            "id = \"{id}\"\nversion = \"{version}\"\nworld = \"router\"\nhost = \">=0.1.0\"\nsha256 = \"{}\"\n\
             [limits]\ndeadline_ms = 200\n",
            hex(&component)
        );
        Self { manifest: manifest.into_bytes(), component, signature: None }
    }

    /// The same, signed.
    #[must_use]
    pub fn signed(self, signer: &Signer) -> Self {
        Self { signature: Some(signer.sign(&self.manifest)), ..self }
    }

    /// Each by its title.
    #[must_use]
    pub fn files(&self) -> Vec<(&'static str, &[u8])> {
        let mut files = vec![("plugin.toml", &self.manifest[..]), ("plugin.wasm", &self.component[..])];
        files.extend(self.signature.as_deref().map(|signature| ("plugin.toml.minisig", signature)));
        files
    }
}

/// What the server says to one path.
#[derive(Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    manner: Manner,
}

/// How a body is sent.
#[derive(Clone, Copy)]
enum Manner {
    Whole,
    /// Announced whole, and broken off after so many bytes.
    BrokenOff(usize),
    /// Sent again and again, for as long as anybody reads.
    Endless,
}

impl Answer {
    /// These bytes.
    #[must_use]
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.into(), manner: Manner::Whole }
    }

    /// Sends on to another place.
    #[must_use]
    pub fn redirect(to: &str) -> Self {
        Self { status: 307, ..Self::ok("") }.header("location", to)
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Breaks off after so many bytes.
    #[must_use]
    pub fn broken_off(self, after: usize) -> Self {
        Self { manner: Manner::BrokenOff(after), ..self }
    }

    /// Never ends.
    #[must_use]
    pub fn endless(self) -> Self {
        Self { manner: Manner::Endless, ..self }
    }

    fn send(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        let mut head = format!("HTTP/1.1 {} x\r\nconnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !matches!(self.manner, Manner::Endless) {
            head.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        write!(stream, "{head}\r\n")?;
        match self.manner {
            Manner::Whole => stream.write_all(&self.body),
            Manner::BrokenOff(after) => stream.write_all(&self.body[..after]),
            Manner::Endless => loop {
                stream.write_all(&self.body)?;
            },
        }
    }
}

/// The server. Answers for as long as it is kept.
pub struct Registry {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    answers: Mutex<HashMap<String, Answer>>,
    requests: Mutex<Vec<String>>,
    /// Everything below `/v2/` needs the token that `/token` gives for a pull of this repository.
    token_for: Mutex<Option<String>>,
}

const TOKEN: &str = "for-everybody";

impl Registry {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared::default());
        let server = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = Arc::clone(&server);
                // A client that goes away in the middle is a client's right.
                thread::spawn(move || server.serve(stream, port));
            }
        });
        Self { port, shared }
    }

    /// The start of its addresses, without the scheme.
    #[must_use]
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Wants a token for pulls of a repository, as public registries do.
    pub fn want_token(&self, repository: &str) {
        *self.shared.token_for.lock().expect("unpoisoned") = Some(repository.into());
    }

    /// Answers a path so from now on.
    pub fn answer(&self, path: &str, answer: Answer) {
        self.shared.answers.lock().expect("unpoisoned").insert(path.into(), answer);
    }

    /// Takes a package as `oras push` sends it; the digest of its image manifest.
    #[must_use]
    pub fn push(&self, repository: &str, tag: &str, package: &Package) -> String {
        let layers =
            package.files().into_iter().map(|(title, bytes)| layer(title, bytes)).collect::<Vec<_>>();
        for (_, bytes) in package.files() {
            let path = format!("/v2/{repository}/blobs/{}", digest(bytes));
            // Blobs of public registries come from elsewhere.
            self.answer(&format!("/storage/{}", digest(bytes)), Answer::ok(bytes));
            self.answer(&path, Answer::redirect(&format!("/storage/{}", digest(bytes))));
        }
        self.push_image(repository, tag, &image(&layers))
    }

    /// Takes an image manifest as it is.
    #[must_use]
    pub fn push_image(&self, repository: &str, tag: &str, image: &Value) -> String {
        let bytes = serde_json::to_vec(image).expect("JSON");
        let name = digest(&bytes);
        let answer = Answer::ok(bytes)
            .header("content-type", "application/vnd.oci.image.manifest.v1+json")
            .header("docker-content-digest", &name);
        for by in [tag, &name] {
            self.answer(&format!("/v2/{repository}/manifests/{by}"), answer.clone());
        }
        name
    }

    /// Puts a package's files into a folder of the web server.
    pub fn upload(&self, folder: &str, package: &Package) {
        for (name, bytes) in package.files() {
            self.answer(&format!("{folder}{name}"), Answer::ok(bytes));
        }
    }

    /// Every request line so far.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().expect("unpoisoned").clone()
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream, port: u16) {
        let mut lines = BufReader::new(stream.try_clone().expect("a second handle")).lines();
        let Some(Ok(request)) = lines.next() else { return };
        let headers: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        self.requests.lock().expect("unpoisoned").push(path.clone());
        // Whoever stops reading has its reasons.
        let _ = self.find(&path, &headers, port).send(&mut stream);
    }

    fn find(&self, path: &str, headers: &[String], port: u16) -> Answer {
        let token_for = self.token_for.lock().expect("unpoisoned").clone();
        if let Some(repository) = token_for {
            let scope = format!("scope=repository%3A{}%3Apull", repository.replace('/', "%2F"));
            let bearer = format!("bearer {TOKEN}");
            let has_token = headers.iter().any(|line| {
                let line = line.to_ascii_lowercase();
                line.starts_with("authorization:") && line.ends_with(&bearer)
            });
            if path.starts_with("/token?") && path.contains(&scope) {
                return Answer::ok(json!({ "token": TOKEN }).to_string());
            }
            if path.starts_with("/v2/") && !has_token {
                let challenge = format!("Bearer realm=\"http://127.0.0.1:{port}/token\",service=\"stub\"");
                return Answer { status: 401, ..Answer::ok("{}") }.header("www-authenticate", &challenge);
            }
        }
        let found = self.answers.lock().expect("unpoisoned").get(path).cloned();
        found.unwrap_or_else(|| Answer { status: 404, ..Answer::ok("nothing") })
    }
}

/// An image manifest with these layers.
#[must_use]
pub fn image(layers: &[Value]) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": "application/vnd.cc-orchestrator.plugin.v1",
        "config": { "mediaType": "application/vnd.oci.empty.v1+json", "digest": digest(b"{}"), "size": 2 },
        "layers": layers,
    })
}

/// A layer with a title.
#[must_use]
pub fn layer(title: &str, bytes: &[u8]) -> Value {
    json!({
        "mediaType": "application/octet-stream",
        "digest": digest(bytes),
        "size": bytes.len(),
        "annotations": { "org.opencontainers.image.title": title },
    })
}

/// `sha256:…`.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(bytes))
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
