//! A server on this machine that keeps what is posted to it.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use crate::eventually;

/// One request.
#[derive(Clone, Debug)]
pub struct Posted {
    /// Such as `/v1/traces`.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// Listens until the test ends, and answers every request alike.
pub struct Listener {
    address: SocketAddr,
    posted: Arc<Mutex<Vec<Posted>>>,
}

impl Listener {
    /// Answers with a status line such as `200 OK` and further headers, each with its line end.
    ///
    /// # Panics
    /// When there is no port to listen on.
    #[must_use]
    pub fn start(status: &str, headers: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let posted = Arc::<Mutex<Vec<Posted>>>::default();
        let answer = format!("HTTP/1.1 {status}\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n");
        let kept = Arc::clone(&posted);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Some(request) = read(&stream) {
                    kept.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                }
                let _ = (&stream).write_all(answer.as_bytes());
            }
        });
        Self { address, posted }
    }

    /// Its address, `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What has been posted so far.
    #[must_use]
    pub fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first `count` requests, once they are there.
    ///
    /// # Panics
    /// When they never are.
    #[must_use]
    pub fn wait_for(&self, count: usize) -> Vec<Posted> {
        eventually("requests", || Some(self.posted()).filter(|posted| posted.len() >= count))
    }
}

impl Posted {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn read(stream: &TcpStream) -> Option<Posted> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let mut posted = Posted { path, headers, body: Vec::new() };
    let length = posted.header("content-length")?.parse().ok()?;
    posted.body = vec![0; length];
    reader.read_exact(&mut posted.body).ok()?;
    Some(posted)
}
