//! A small MCP client that sees every byte: it speaks JSON-RPC lines itself, and lets no other line pass.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    marker::PhantomData,
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
};

use serde_json::{Value, json};

use crate::{PATIENCE, Sandbox, eventually};

/// A client of one server process, which ends with it, and does not outlive its [`Sandbox`].
pub struct McpClient<'world> {
    world: PhantomData<&'world Sandbox>,
    server: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    next_id: u64,
    answers: BTreeMap<u64, Answer>,
    notifications: Vec<Value>,
}

struct Answer {
    message: Value,
    bytes: usize,
}

/// What a tool answered.
#[derive(Clone, Debug)]
pub struct ToolResult {
    /// `structuredContent`.
    pub structured: Value,
    /// The text blocks.
    pub text: String,
    /// The tool says it failed.
    pub is_error: bool,
    /// The whole answer as it came.
    pub raw: String,
}

impl McpClient<'_> {
    /// Starts a server. It leads a process group, as Codex's servers do.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub(crate) fn start(mut command: Command) -> Self {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = command.spawn().expect("the server starts");
        let input = server.stdin.take();
        let lines = read_lines(server.stdout.take().expect("stdout is piped"));
        let world = PhantomData;
        Self { world, server, input, lines, next_id: 1, answers: BTreeMap::new(), notifications: Vec::new() }
    }

    /// The server's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.server.id()
    }

    /// Says hello as Codex does, and gives the server's answer.
    ///
    /// # Panics
    /// When there is none.
    pub fn initialize(&mut self) -> Value {
        let hello = json!({
            "protocolVersion": "2025-06-18", "capabilities": { "elicitation": {} },
            "clientInfo": { "name": "cc-orchestrator-tests", "version": "0" },
        });
        let answer = self.request("initialize", hello).expect("the server says hello");
        self.notify("notifications/initialized", json!({}));
        answer
    }

    /// Every tool.
    ///
    /// # Panics
    /// When the server does not say.
    pub fn list_tools(&mut self) -> Vec<Value> {
        let answer = self.request("tools/list", json!({})).expect("the server lists its tools");
        answer["tools"].as_array().expect("a list").clone()
    }

    /// Calls a tool and waits for its answer.
    ///
    /// # Panics
    /// When the answer is an error of the protocol.
    pub fn call(&mut self, tool: &str, arguments: Value) -> ToolResult {
        let id = self.start_call(tool, arguments);
        self.finish_call(id)
    }

    /// Calls a tool and goes on.
    pub fn start_call(&mut self, tool: &str, arguments: Value) -> u64 {
        self.send("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// Waits for the answer of a tool.
    ///
    /// # Panics
    /// When it is an error of the protocol.
    pub fn finish_call(&mut self, id: u64) -> ToolResult {
        let answer = self.wait(id).unwrap_or_else(|error| panic!("the call was refused: {error}"));
        let texts = answer["content"].as_array().into_iter().flatten();
        ToolResult {
            structured: answer["structuredContent"].clone(),
            text: texts.filter_map(|block| block["text"].as_str()).collect(),
            is_error: answer["isError"] == true,
            raw: answer.to_string(),
        }
    }

    /// Calls a method and waits for its answer.
    ///
    /// # Errors
    /// The JSON-RPC error, when it is one.
    pub fn request(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.send(method, params);
        self.wait(id)
    }

    /// Calls a method and goes on.
    pub fn send(&mut self, method: &str, params: Value) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// Tells the server that nobody waits for an answer any more.
    pub fn cancel(&mut self, id: u64) {
        self.notify("notifications/cancelled", json!({ "requestId": id, "reason": "no longer of interest" }));
    }

    /// Tells the server something.
    pub fn notify(&mut self, method: &str, params: Value) {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn write(&mut self, message: &Value) {
        let input = self.input.as_mut().expect("the connection is open");
        input
            .write_all(format!("{message}\n").as_bytes())
            .and_then(|()| input.flush())
            .expect("the server listens");
    }

    /// Waits for an answer, and leaves others for those who wait for them.
    ///
    /// # Errors
    /// The JSON-RPC error, when it is one.
    ///
    /// # Panics
    /// When the server ends or stays silent.
    pub fn wait(&mut self, id: u64) -> Result<Value, Value> {
        let answer = self.wait_message(id).message;
        match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(answer["result"].clone()),
        }
    }

    /// Waits for an answer and gives its length on the wire, newline included.
    ///
    /// # Panics
    /// When the server ends or stays silent.
    pub fn wait_bytes(&mut self, id: u64) -> usize {
        self.wait_message(id).bytes
    }

    fn wait_message(&mut self, id: u64) -> Answer {
        loop {
            if let Some(answer) = self.answers.remove(&id) {
                return answer;
            }
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.take(&line),
                Err(RecvTimeoutError::Timeout) => panic!("the server gave no answer to {id} in {PATIENCE:?}"),
                Err(RecvTimeoutError::Disconnected) => panic!("the server ended without an answer to {id}"),
            }
        }
    }

    fn take(&mut self, line: &str) {
        let message: Value =
            serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON on stdout: {line:?}"));
        assert_eq!(message["jsonrpc"], "2.0", "not JSON-RPC on stdout: {line:?}");
        match message["id"].as_u64() {
            Some(id) if message.get("method").is_none() => {
                self.answers.insert(id, Answer { message, bytes: line.len() + 1 });
            }
            _ => self.notifications.push(message),
        }
    }

    /// Nothing has come for a call so far.
    pub fn is_waiting(&mut self, id: u64) -> bool {
        while let Ok(line) = self.lines.try_recv() {
            self.take(&line);
        }
        !self.answers.contains_key(&id)
    }

    /// What the server told without being asked.
    #[must_use]
    pub fn notifications(&self) -> &[Value] {
        &self.notifications
    }

    /// Hangs up, as a client that ends does, and waits until the server has ended too.
    ///
    /// # Panics
    /// When it does not, or when its last words were no JSON-RPC.
    pub fn close(&mut self) -> ExitStatus {
        self.input = None;
        let status = eventually("the server's end", || self.server.try_wait().expect("a child"));
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.take(&line);
        }
        status
    }

    /// Ends the server's process group at once, as Codex does.
    ///
    /// # Panics
    /// When it cannot be ended.
    pub fn kill(&mut self) {
        #[cfg(unix)]
        if let Some(group) = i32::try_from(self.server.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.server.kill();
        self.server.wait().expect("a child");
    }
}

impl Drop for McpClient<'_> {
    fn drop(&mut self) {
        if !matches!(self.server.try_wait(), Ok(Some(_))) {
            self.kill();
        }
    }
}

fn read_lines(stdout: ChildStdout) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines() {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}
