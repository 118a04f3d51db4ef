//! What every view may ask of a run, as calls.

use serde_json::json;

use super::Action;

/// Ends it, with all it started.
pub(crate) fn stop(run: &str) -> Action {
    Action::Call("cc_stop_run", json!({ "run_id": run }))
}

/// Tells its worker something.
pub(crate) fn instruct(run: &str, text: &str) -> Action {
    Action::Call("cc_send_instruction", json!({ "run_id": run, "instruction": text }))
}

/// Answers that question and no other: a next one may have come when the key is pressed.
pub(crate) fn answer(run: &str, request_id: &str, answer: &str) -> Action {
    let ask = json!({ "run_id": run, "answer": answer, "request_id": request_id });
    Action::Call("cc_send_instruction", ask)
}
