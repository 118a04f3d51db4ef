//! The entries of the product's binary, as its own tests start them, and workers that misbehave.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::{
    env,
    io::{self, BufRead as _, Write as _},
    process::{Command, ExitCode, Stdio},
    thread,
    time::Duration,
};

/// A result as Claude Code writes it, as far as it matters.
const RESULT: &str = r#"{"subtype":"success","is_error":false,"result":"done","type":"result"}"#;

fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    let entry = args.next().unwrap_or_default();
    match entry.to_str().unwrap_or_default() {
        "supervise" => cc_workers::supervise(cc_workers::LimitsFile {
            name: "limits.json",
            parse: |text| serde_json::from_str(text).map_err(|error| error.to_string()),
        }),
        "guard" => cc_workers::guard(args),
        "demo-worker" => cc_workers::demo_worker(args),
        other => misbehave(other),
    }
}

fn misbehave(how: &str) -> ExitCode {
    match how {
        // Leaves a process in a session of its own behind, as Claude Code's Bash tool can.
        "leaves-grandchild" => {
            start_grandchild();
            say(RESULT);
        }
        // The same, and then goes on for ever.
        "works-for-ever" => {
            start_grandchild();
            say(r#"{"type":"system","subtype":"init"}"#);
            sleep_for_ever();
        }
        // Wants to write, and reports what it was told.
        "asks" => {
            say(
                r#"{"type":"control_request","request_id":"q1","request":{"subtype":"can_use_tool","tool_name":"Write","input":{"file_path":"key-0123456789abcdef"}}}"#,
            );
            let mut lines = io::stdin().lock().lines().map_while(Result::ok);
            let answer = lines.find(|line| line.contains("control_response")).unwrap_or_default();
            let result = serde_json::json!({"type": "result", "subtype": "success", "is_error": false, "result": answer});
            say(&result.to_string());
            lines.for_each(drop);
        }
        // Is refused by its provider until it is resumed.
        "limited" if env::args().any(|arg| arg == "--resume") => {
            let asked = io::stdin().lock().lines().next().unwrap().unwrap();
            let result = serde_json::json!({"type": "result", "subtype": "success", "is_error": false,
                "result": format!("{asked} {}", env::args().collect::<Vec<_>>().join(" "))});
            say(&result.to_string());
        }
        "limited" => {
            let resets =
                std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 1;
            say(&format!(
                r#"{{"type":"rate_limit_event","rate_limit_info":{{"status":"rejected","resetsAt":{resets},"rateLimitType":"five_hour"}}}}"#
            ));
            say(
                r#"{"type":"result","subtype":"success","is_error":true,"api_error_status":429,"terminal_reason":"api_error","result":"limit"}"#,
            );
        }
        "--version" => sleep_for_ever(),
        "grandchild" => {
            rustix_setsid();
            sleep_for_ever();
        }
        "says-much" => {
            say("this is no JSON: key-0123456789abcdef");
            print(r#"{"type":"assistant","message":{"content":"half a line, key-0123456789abcdef"}"#);
            say("}");
            let long = "x".repeat(3 << 20);
            say(&format!(r#"{{"is_error":false,"result":"{long}","subtype":"success","type":"result"}}"#));
        }
        "dies" => {
            eprintln!("error: no such key-0123456789abcdef");
            return ExitCode::from(3);
        }
        "repeats-task" => {
            let mut line = String::new();
            io::stdin().lock().read_line(&mut line).unwrap();
            let message: serde_json::Value = serde_json::from_str(&line).unwrap();
            let result = serde_json::json!({"type": "result", "subtype": "success", "is_error": false,
                "result": message["message"]["content"].as_str().unwrap().len().to_string()});
            say(&result.to_string());
            // Claude Code, too, stays until its input is closed.
            io::stdin().lock().lines().for_each(drop);
        }
        _ => return ExitCode::from(2),
    }
    ExitCode::SUCCESS
}

#[expect(clippy::zombie_processes, reason = "that is the misbehaviour")]
fn start_grandchild() {
    let child =
        Command::new(env::current_exe().unwrap()).arg("grandchild").stdin(Stdio::null()).spawn().unwrap();
    say(&format!(r#"{{"type":"system","subtype":"informational","content":"{}"}}"#, child.id()));
}

#[cfg(unix)]
fn rustix_setsid() {
    rustix::process::setsid().unwrap();
}

#[cfg(not(unix))]
fn rustix_setsid() {}

fn sleep_for_ever() {
    loop {
        thread::sleep(Duration::from_secs(3600));
    }
}

fn print(text: &str) {
    let mut out = io::stdout();
    out.write_all(text.as_bytes()).unwrap();
    out.flush().unwrap();
}

fn say(line: &str) {
    print(&format!("{line}\n"));
}
