//! What a controller reads of a run of ten minutes.

use std::{thread, time::Duration};

use cc_orchestrator_tests::{McpClient, Sandbox, script::Step};
use serde_json::{Value, json};

const SECONDS: usize = 600;
/// The longest that a call may wait: Codex gives up on one after 300 s.
const WAIT: u64 = 280;
/// What one controller poll of the predecessor returned, bytes (version 0.7.1, measured).
const PREDECESSOR: usize = 10_900;

/// Start, wait, two polls on the way, wait, summary: as a controller would.
pub(super) fn ten_minutes() {
    let sandbox = Sandbox::with_profiles();
    sandbox.script(&[Step::Work(SECONDS), Step::finish("All done, and here is what I found.")]);
    let mut controller = Controller { client: sandbox.mcp(), model: 0, wire: 0 };
    let ask = json!({ "task": "Work.", "output_budget_policy": "truncate", "timeout_seconds": 1_800 });
    let run = controller.call("cc_run_streaming_agent", ask)["run_id"].clone();
    let mut polls = Vec::new();
    let mut offset = json!(0);
    loop {
        let ask = json!({ "run_id": run, "wait_seconds": WAIT });
        if controller.call("cc_run_status", ask)["active"] == false {
            break;
        }
        let before = controller.model;
        let poll = controller.call("cc_poll_run", json!({ "run_id": run, "event_offset": offset }));
        offset = poll["offsets"]["next_event_offset"].clone();
        polls.push(controller.model - before);
    }
    controller.call("cc_summarize_run", json!({ "run_id": run }));
    println!(
        "a run of {SECONDS} s: the controller's model read {} bytes in all ({} on the wire), {:?} of them in each poll \
         (the predecessor: {PREDECESSOR} each); the worker wrote {} bytes",
        controller.model,
        controller.wire,
        polls,
        sandbox.metadata(run.as_str().expect("a run"))["output_budget"]["observed_output_bytes"]
    );
}

struct Controller<'s> {
    client: McpClient<'s>,
    /// Bytes of `structuredContent`, which is what Codex shows its model.
    model: usize,
    wire: usize,
}

impl Controller<'_> {
    fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let id = self.client.start_call(tool, arguments);
        while self.client.is_waiting(id) {
            thread::sleep(Duration::from_millis(100));
        }
        let reply = self.client.finish_call(id);
        assert_eq!(reply.structured["ok"], true, "{}", reply.structured);
        self.model += reply.structured.to_string().len();
        self.wire += reply.raw.len();
        reply.structured
    }
}
