//! The dashboard from outside: who is answered, what is refused, and what a page may do.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Stdio},
};

use cc_orchestrator_tests::{Sandbox, eventually, processes, script::Step};
use serde_json::Value;

/// A dashboard that ends with its test.
struct Served {
    server: Child,
    port: u16,
    token: String,
}

struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Served {
    fn new(sandbox: &Sandbox) -> Self {
        let mut command = sandbox.command();
        command.args(["dashboard", "--json"]).stdout(Stdio::piped());
        let mut server = command.spawn().expect("the dashboard starts");
        let mut said = String::new();
        let mut lines = BufReader::new(server.stdout.take().expect("stdout is piped"));
        while !said.ends_with("}\n") {
            assert!(lines.read_line(&mut said).expect("a line") > 0, "it said only {said}");
        }
        let said: Value = serde_json::from_str(&said).expect("JSON");
        let url = said["url"].as_str().expect("an address");
        let (port, token) = url
            .strip_prefix("http://127.0.0.1:")
            .and_then(|rest| rest.trim_end_matches('/').split_once('/'))
            .unwrap_or_else(|| panic!("a port and a token in {url}"));
        Self { server, port: port.parse().expect("a port"), token: token.to_owned() }
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn path(&self, page: &str) -> String {
        format!("/{}/{page}", self.token)
    }

    /// A request as it is written here, byte for byte.
    fn raw(&self, request: &str) -> Reply {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("it answers");
        let text = String::from_utf8(bytes).expect("UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("a reply in {text}"));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        Reply { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    fn get(&self, path: &str) -> Reply {
        self.raw(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.host()))
    }

    fn ask(&self, method: &str, path: &str, headers: &str) -> Reply {
        self.raw(&format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}\r\n",
            self.host()
        ))
    }

    fn post(&self, path: &str, headers: &str, form: &str) -> Reply {
        self.raw(&format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}Content-Type: \
             application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            self.host(),
            form.len()
        ))
    }

    /// As a form of one of its own pages.
    fn submit(&self, page: &str, form: &str) -> Reply {
        self.post(&self.path(page), &format!("Origin: http://{}\r\n", self.host()), form)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A run whose worker waits, and its worker's process.
fn waiting(sandbox: &Sandbox) -> (String, u32) {
    let begun = sandbox.record("begun");
    let steps = [
        Step::Mark(begun.clone()),
        Step::Say("<script>alert(1)</script>\u{1b}[2J\u{202e}".into()),
        Step::WaitFor(sandbox.record("never")),
    ];
    sandbox.script(&steps);
    let started = sandbox.run(&["run-streaming-agent", "Wait for me.", "--json"]).json();
    let run = started["run_id"].as_str().unwrap_or_else(|| panic!("a run in {started}")).to_owned();
    let pid = eventually("the worker", || std::fs::read_to_string(&begun).ok()?.trim().parse().ok());
    (run, pid)
}

#[test]
fn nothing_is_answered_without_the_token() {
    let sandbox = Sandbox::with_profiles();
    let served = Served::new(&sandbox);
    assert!(served.token.len() >= 32, "{}", served.token);
    let wrong = format!("{}0", &served.token[..served.token.len() - 1]);
    let wrong = if wrong == served.token { format!("{}1", &wrong[..wrong.len() - 1]) } else { wrong };
    let token = &served.token;
    let wrong_places = [
        format!("/{wrong}/"),
        format!("/{wrong}/runs"),
        format!("/{}/", &token[..token.len() - 1]),
        format!("/{token}0/"),
        format!("/{}/", token.to_uppercase()),
        format!("/x/{token}/"),
        format!("/./{token}/"),
        format!("/%20{token}/"),
        format!("/?token={token}"),
        format!("/runs?{token}"),
    ];
    // A token of figures alone is its own capital form.
    let wrong_places = wrong_places.iter().filter(|path| !path.starts_with(&format!("/{token}/")));
    let none = ["/", "/runs", "/assets/app.js", "/events", "//"].map(ToOwned::to_owned);
    for path in wrong_places.chain(&none) {
        for method in ["GET", "HEAD", "POST", "PUT", "OPTIONS"] {
            let reply = served.ask(method, path, &format!("Origin: http://{}\r\n", served.host()));
            assert_eq!(
                (reply.status, reply.body.contains('<')),
                (404, false),
                "{method} {path}: {}",
                reply.body
            );
            assert!(!reply.head.contains(token.as_str()) && !reply.body.contains(token.as_str()), "{path}");
        }
    }
    for header in [format!("Cookie: token={token}"), format!("Authorization: Bearer {token}")] {
        assert_eq!(served.ask("GET", "/runs", &format!("{header}\r\n")).status, 404, "{header}");
    }
    let post = served.post("/runs/x/stop", &format!("Origin: http://{}\r\n", served.host()), "");
    assert_eq!(post.status, 404);
    let page = served.get(&served.path(""));
    assert!(page.status == 200 && !page.head.contains("set-cookie"), "no other port of this host is sent it");
}

#[test]
fn another_host_name_is_refused_whatever_it_resolves_to() {
    let sandbox = Sandbox::with_profiles();
    let served = Served::new(&sandbox);
    let path = served.path("");
    let of_port = format!("evil.example:{}", served.port);
    let port = served.port;
    let named: Vec<String> = [
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1:",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "",
    ]
    .map(ToOwned::to_owned)
    .into_iter()
    .chain(
        [
            "[::1]",
            "[::ffff:127.0.0.1]",
            "0.0.0.0",
            "127.0.0.2",
            "127.1",
            "2130706433",
            "127.0.0.1.",
            "localhost.",
            "x@127.0.0.1",
            "",
        ]
        .map(|name| format!("{name}:{port}")),
    )
    .chain([
        of_port,
        format!("{}.evil.example", served.host()),
        format!("{}0", served.host()),
        format!("0{port}"),
        format!("127.0.0.1:0{port}"),
    ])
    .collect();
    for host in &named {
        let reply = served.raw(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        // What is no name of a host at all, the protocol refuses.
        assert!(matches!(reply.status, 400 | 421) && !reply.body.contains('<'), "{host}: {}", reply.status);
    }
    for host in [served.host(), format!("localhost:{port}")] {
        let good = served.raw(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        assert_eq!(good.status, 200, "{host}");
    }
    let ours = served.host();
    for (why, request) in [
        ("no host", format!("GET {path} HTTP/1.1\r\nConnection: close\r\n\r\n")),
        ("no host, as of old", format!("GET {path} HTTP/1.0\r\n\r\n")),
        (
            "two hosts",
            format!("GET {path} HTTP/1.1\r\nHost: {ours}\r\nHost: {ours}\r\nConnection: close\r\n\r\n"),
        ),
        (
            "a second one",
            format!("GET {path} HTTP/1.1\r\nHost: {ours}\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
        ),
        (
            "another in the line",
            format!("GET http://evil.example{path} HTTP/1.1\r\nHost: {ours}\r\nConnection: close\r\n\r\n"),
        ),
    ] {
        let reply = served.raw(&request);
        assert!(matches!(reply.status, 400 | 421) && !reply.body.contains('<'), "{why}: {}", reply.status);
    }
}

#[test]
fn only_its_own_pages_may_act() {
    let sandbox = Sandbox::with_profiles();
    let (run, pid) = waiting(&sandbox);
    let served = Served::new(&sandbox);
    let other_port = format!("Origin: http://127.0.0.1:{}\r\n", served.port ^ 1);
    let cross = format!("Origin: http://{}\r\nSec-Fetch-Site: cross-site\r\n", served.host());
    let own = format!("Origin: http://{}\r\n", served.host());
    let refused: Vec<String> =
        ["", "Origin: null\r\n", "Origin: https://evil.example\r\n", &other_port, &cross]
            .map(ToOwned::to_owned)
            .into_iter()
            .chain(
                ["same-site", "none", "cross-site", "x"]
                    .map(|site| format!("{own}Sec-Fetch-Site: {site}\r\n")),
            )
            .chain([
                format!("Origin: https://{}\r\n", served.host()),
                format!("Origin: http://localhost:{}\r\n", served.port),
                "Origin: http://127.0.0.1\r\n".into(),
                format!("Origin: http://{}.evil.example\r\n", served.host()),
                format!("Origin: http://{}/\r\n", served.host()),
                "Sec-Fetch-Site: same-origin\r\n".into(),
                format!("Referer: http://{}{}\r\n", served.host(), served.path("")),
            ])
            .collect();
    let acts = ["stop", "answer", "verify", "rollback"].map(|act| served.path(&format!("runs/{run}/{act}")));
    for act in acts.iter().chain([&served.path("queue/cancel")]) {
        for headers in &refused {
            assert_eq!(served.post(act, headers, "confirm=true").status, 403, "{act} {headers}");
        }
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
            assert_eq!(served.ask(method, act, &own).status, 405, "{method} {act}");
        }
        // Only a rollback has a page: its plan.
        if !act.ends_with("rollback") {
            for method in ["GET", "HEAD"] {
                assert_eq!(served.ask(method, act, &own).status, 405, "looking at {act} does nothing");
            }
        }
    }
    for page in ["", "runs", "queue", "assets/app.js", "events"] {
        assert_eq!(served.submit(page, "").status, 405, "nothing is sent to {page}");
    }
    assert!(processes::is_alive(pid), "nobody stopped it");
    assert!(!sandbox.metadata(&run)["status"].as_str().expect("a status").contains("stop"));

    let reply = served.submit(&format!("runs/{run}/stop"), "");
    let page = served.path(&format!("runs/{run}"));
    assert!(
        reply.status == 303 && reply.head.contains(&format!("location: {page}").to_lowercase()),
        "{}",
        reply.head
    );
    eventually("the end of the worker", || (!processes::is_alive(pid)).then_some(()));
    let shown = eventually("the word on it", || {
        let page = served.get(&page).body;
        page.contains("note n-done").then_some(page)
    });
    assert!(shown.contains("data-state=\"stopped\""), "{shown}");
    assert_eq!(sandbox.metadata(&run)["stop_reason"], "user_requested");
}

#[test]
fn no_path_leads_out_of_its_pages() {
    let sandbox = Sandbox::with_profiles();
    let served = Served::new(&sandbox);
    for page in [
        "../../etc/passwd",
        "assets/../../../etc/passwd",
        "assets/%2e%2e/%2e%2e/etc/passwd",
        "assets/app.js/../../Cargo.toml",
        "runs/../../../etc/passwd",
        "runs/..%2f..%2fetc%2fpasswd",
        "runs/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "runs/%252e%252e%252fetc%252fpasswd",
        "runs/..\\..\\etc\\passwd",
        "runs/%2fetc%2fpasswd",
        "runs//etc/passwd",
        "//etc/passwd",
        "/etc/passwd",
        "file:///etc/passwd",
        "assets/%2fetc%2fpasswd",
        "runs/20200101T000000Z-00000000%2f..%2f..",
        "runs/20200101T000000Z-00000000/../../../../etc/passwd",
        "runs/20200101T000000Z-00000000/stdout.txt",
        "teams/%2e%2e",
        "runs/%00",
        "runs/<script>",
        "teams/..%2f..%2fetc",
        "no-such-page",
    ] {
        let reply = served.get(&served.path(page));
        assert!(matches!(reply.status, 400 | 404), "{page}: {}", reply.status);
        assert!(
            !reply.body.contains("root:") && !reply.body.contains("runs/<script>"),
            "{page}: {}",
            reply.body
        );
    }
    let unknown = served.get(&served.path("runs/20200101T000000Z-00000000"));
    assert!(unknown.status == 404 && unknown.body.contains("20200101T000000Z-00000000"), "{}", unknown.body);
    let huge = served
        .submit("runs/20200101T000000Z-00000000/verify", &format!("test_commands={}", "x".repeat(70_000)));
    assert!(matches!(huge.status, 400 | 413), "{}", huge.status);
}

#[test]
fn a_link_in_a_runs_folder_is_not_followed() {
    let sandbox = Sandbox::with_profiles();
    let secret = sandbox.record("elsewhere");
    let found = "[{\"rule\":\"OUTSIDE\",\"text\":\"OUTSIDE\"}] OUTSIDE\n";
    std::fs::write(&secret, found).expect("a file");
    let served = Served::new(&sandbox);
    for name in ["prompt.txt", "events.ndjson", "verification.json", "secrets.json", "metadata.json"] {
        sandbox.script(&[Step::finish("Done.")]);
        let run = sandbox.run(&["run-agent", "Talk.", "--json"]).json()["run_id"]
            .as_str()
            .expect("a run")
            .to_owned();
        let place = sandbox.run_dir(&run).join(name);
        let _ = std::fs::remove_file(&place);
        symlink(&secret, &place);
        let tabs = ["", "/changes", "/gates", "/route", "?show=all"].map(|tab| format!("runs/{run}{tab}"));
        for page in tabs.iter().map(String::as_str).chain(["", "runs"]) {
            let reply = served.get(&served.path(page));
            assert!(!reply.body.contains("OUTSIDE"), "{name} on {page}: {}", reply.body);
            assert!(page.starts_with("runs/") == (reply.status == 500), "{name} on {page}: {}", reply.status);
        }
        let told = sandbox.run(&["run-status", &run, "--json"]);
        assert!(!told.stdout.contains("OUTSIDE"), "{name}: {}", told.stdout);
        let written = sandbox.run(&["dashboard", "--file", "--json"]).json();
        let html = std::fs::read_to_string(written["path"].as_str().expect("a path")).expect("the file");
        assert!(!html.contains("OUTSIDE") && !html.contains(&format!("id=\"run-{run}\"")), "{name}");
    }
}

fn symlink(to: &std::path::Path, at: &std::path::Path) {
    #[cfg(unix)]
    std::os::unix::fs::symlink(to, at).expect("a link");
    #[cfg(windows)]
    std::os::windows::fs::symlink_file(to, at).expect("a link");
}

#[test]
fn the_file_of_a_project_holds_no_run_of_another() {
    let sandbox = Sandbox::with_profiles();
    let other = sandbox.root().join("other");
    std::fs::create_dir(&other).expect("a folder");
    sandbox.script(&[Step::finish("What the other project keeps to itself.")]);
    let elsewhere = other.to_str().expect("UTF-8");
    let theirs = sandbox.run(&["run-agent", "Talk there.", "--workspace", elsewhere, "--json"]).json();
    let theirs = theirs["run_id"].as_str().unwrap_or_else(|| panic!("a run in {theirs}")).to_owned();
    sandbox.script(&[Step::finish("Done.")]);
    let ours = sandbox.run(&["run-agent", "Talk here.", "--json"]).json()["run_id"]
        .as_str()
        .expect("a run")
        .to_owned();
    let written = sandbox.run(&["dashboard", "--file", "--json"]).json();
    assert_eq!(written["run_count"], 1, "{written}");
    let html = std::fs::read_to_string(written["path"].as_str().expect("a path")).expect("the file");
    assert!(html.contains(&ours) && !html.contains(&theirs) && !html.contains("keeps to itself"));
    // The live pages are the user's own, of all projects.
    let served = Served::new(&sandbox);
    assert!(served.get(&served.path("runs")).body.contains(&theirs));
}

#[test]
fn every_page_is_kept_to_its_own_scripts_and_shows_foreign_text_as_text() {
    let sandbox = Sandbox::with_profiles();
    let (run, _) = waiting(&sandbox);
    let served = Served::new(&sandbox);
    let of_run = ["", "/changes", "/gates", "/route"].map(|tab| format!("runs/{run}{tab}"));
    let pages = ["", "runs", "teams", "queue", "models", "plugins", "upgrades"].map(ToOwned::to_owned);
    let mut nonces = Vec::new();
    for page in pages.iter().chain(&of_run) {
        let reply = eventually("the page", || Some(served.get(&served.path(page))));
        assert_eq!(reply.status, 200, "{page}: {}", reply.body);
        let policy =
            reply.head.lines().find(|line| line.starts_with("content-security-policy")).expect("a policy");
        assert!(
            policy.contains("default-src 'none'; script-src 'nonce-") && !policy.contains("unsafe"),
            "{policy}"
        );
        for header in [
            "x-content-type-options: nosniff",
            "x-frame-options: deny",
            "cache-control: no-store",
            "referrer-policy: same-origin",
            "cross-origin-opener-policy: same-origin",
        ] {
            assert!(reply.head.contains(header), "{page}: {header} in {}", reply.head);
        }
        assert!(!reply.body.contains("<script>alert") && !reply.body.contains('\u{1b}'), "{page}");
        nonces.push(policy.split("nonce-").nth(1).expect("a nonce")[..32].to_owned());
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), pages.len() + of_run.len(), "each reply has a nonce of its own");
    let shown = eventually("what the worker said", || {
        let body = served.get(&served.path(&of_run[0])).body;
        body.contains("alert(1)").then_some(body)
    });
    assert!(shown.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && shown.contains("U+202E"), "{shown}");
}

#[test]
fn news_come_to_who_listens() {
    let sandbox = Sandbox::with_profiles();
    let go = sandbox.record("go");
    sandbox.script(&[
        Step::WaitFor(go.clone()),
        Step::Say("news".into()),
        Step::WaitFor(sandbox.record("never")),
    ]);
    let run = sandbox.run(&["run-streaming-agent", "Talk.", "--json"]).json()["run_id"]
        .as_str()
        .expect("a run")
        .to_owned();
    let served = Served::new(&sandbox);
    let mut stream = TcpStream::connect(("127.0.0.1", served.port)).expect("it listens");
    let ask = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\n\r\n",
        served.path(&format!("events?run={run}")),
        served.host()
    );
    stream.write_all(ask.as_bytes()).expect("it reads");
    let mut lines = BufReader::new(stream).lines().map(|line| line.expect("a line"));
    let mut change = || lines.by_ref().find(|line| line.starts_with("event: change"));
    // The page is told once that it may be old, and once more by the watcher's first look.
    assert!(change().is_some() && change().is_some());
    std::fs::write(go, "").expect("a file");
    assert!(change().is_some(), "the worker's word is news");
}

#[test]
fn the_file_holds_the_projects_runs_and_needs_nothing_else() {
    let sandbox = Sandbox::with_profiles();
    sandbox.script(&[Step::Say("</script><script>alert(1)</script>".into()), Step::finish("Done.")]);
    let run =
        sandbox.run(&["run-agent", "Talk.", "--json"]).json()["run_id"].as_str().expect("a run").to_owned();
    let written = sandbox.run(&["dashboard", "--file", "--json"]).json();
    assert_eq!((&written["run_count"], &written["opened"]), (&1.into(), &false.into()), "{written}");
    let path = written["path"].as_str().expect("a path");
    assert!(path.ends_with("index.html") && path.contains("dashboard"), "{path}");
    let html = std::fs::read_to_string(path).expect("the file");
    assert!(html.contains(&format!("id=\"run-{run}\"")) && html.contains("&lt;script&gt;alert(1)"));
    assert!(!html.contains("<script>alert(1)") && html.contains("default-src 'none'; script-src 'sha256-"));
    for outside in ["src=\"http", "href=\"http", "@import", "url("] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert_eq!(
        sandbox.run(&["dashboard", "--file", "--limit", "0", "--json"]).json()["kind"],
        "invalid_input"
    );
}
