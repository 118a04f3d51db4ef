//! Tries what the request's role names, and denies the job with what it got.
#![forbid(unsafe_code)]

use std::{
    collections::hash_map::RandomState,
    env, fs,
    hash::BuildHasher,
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    process, thread,
    time::{Duration, Instant, SystemTime},
};

use cc_policy_sdk::router::{Candidate, Choice, Failure, Guest, Request, Verdict};

/// The plugin.
pub struct Hostile;

const MIB: usize = 1 << 20;

impl Guest for Hostile {
    fn route(request: Request, _: Vec<Candidate>, _: Option<Choice>) -> Result<Verdict, Failure> {
        Ok(Verdict::Deny(attempt(&request.role)))
    }
}

cc_policy_sdk::export_router!(Hostile);

fn attempt(role: &str) -> String {
    match role {
        "read-file" => told(fs::read_to_string("/etc/passwd")),
        "write-file" => told(fs::write("/tmp/hostile", "x")),
        "list-folder" => told(fs::read_dir("/").map(Iterator::count)),
        "connect" => told(TcpStream::connect(("127.0.0.1", 80))),
        "look-up" => told("example.com:80".to_socket_addrs().map(Iterator::count)),
        "clock" => told(SystemTime::now().elapsed()),
        "monotonic-clock" => told(Ok::<_, io::Error>(Instant::now().elapsed())),
        "sleep" => {
            thread::sleep(Duration::from_secs(1));
            "got a second".into()
        }
        "environment" => told(env::var("PATH")),
        "arguments" => told(Ok::<_, io::Error>(env::args().count())),
        "folder" => told(env::current_dir()),
        "hash-seed" => told(Ok::<_, io::Error>(RandomState::new().hash_one("a text"))),
        "thread" => told(thread::Builder::new().spawn(|| ()).map(|_| ())),
        "processors" => told(thread::available_parallelism()),
        "process" => told(process::Command::new("id").output()),
        "process-id" => told(Ok::<_, io::Error>(process::id())),
        "standard-input" => told(io::stdin().read(&mut [0; 8])),
        "standard-output" => told(io::stdout().write_all(b"x")),
        "four-gigabytes" => told(Vec::<u8>::new().try_reserve_exact(usize::MAX)),
        "one-gigabyte" => told(Vec::<u8>::new().try_reserve_exact(1024 * MIB)),
        "memory" => greedy(),
        "memory-politely" => polite(),
        _ => "no such attempt".into(),
    }
}

fn told<T: std::fmt::Debug, E: std::fmt::Display>(result: Result<T, E>) -> String {
    match result {
        Ok(value) => format!("got {value:?}"),
        Err(error) => error.to_string(),
    }
}

fn greedy() -> ! {
    let mut kept = Vec::new();
    loop {
        kept.push(vec![1_u8; MIB]);
    }
}

fn polite() -> String {
    let mut kept = Vec::new();
    loop {
        let mut piece = Vec::<u8>::new();
        if piece.try_reserve_exact(MIB).is_err() {
            break;
        }
        piece.resize(MIB, 1);
        kept.push(piece);
    }
    format!("got {}", if kept.len() < 32 { "less than 32 MiB" } else { "32 MiB or more" })
}
