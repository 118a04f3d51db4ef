//! Permission questions that wait for an answer.

use std::time::Duration;

use cc_domain::{Answerer, EventBody, Question};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use crate::{narrator, protocol, stream::bounded};

/// What is shown of a tool's input, bytes.
const MAX_INPUT: usize = 4 << 10;

/// The questions nobody has answered.
#[derive(Debug)]
pub(super) struct Questions {
    open: Vec<Open>,
    patience: Duration,
}

#[derive(Debug)]
struct Open {
    request_id: String,
    input: Value,
    deadline: Instant,
}

/// An answer: a line for the worker, and what is recorded of it.
#[derive(Debug, PartialEq)]
pub(super) struct Answered {
    pub(super) line: String,
    pub(super) event: EventBody,
}

impl Questions {
    pub(super) fn new(patience: Duration) -> Self {
        Self { open: Vec::new(), patience }
    }

    /// Takes a question, and gives what is recorded of it. `clean` redacts.
    pub(super) fn ask(
        &mut self,
        request_id: String,
        tool: String,
        input: Value,
        now: Instant,
        clean: impl Fn(&str) -> String,
    ) -> EventBody {
        let deadline = Timestamp::now().checked_add(self.patience).unwrap_or(Timestamp::MAX);
        let question = Question {
            request_id: request_id.clone(),
            tool,
            target: clean(&narrator::target(&input)),
            input: bounded(clean(&input.to_string()), MAX_INPUT),
            deadline: deadline.to_string(),
        };
        self.open.push(Open { request_id, input, deadline: now + self.patience });
        EventBody::PermissionAsked(question)
    }

    /// When the first of them runs out.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.open.iter().map(|open| open.deadline).min()
    }

    /// The worker no longer wants to know.
    pub(super) fn withdraw(&mut self, request_id: &str) -> Option<EventBody> {
        let at = self.open.iter().position(|open| open.request_id == request_id)?;
        self.open.remove(at);
        Some(event(request_id, false, Answerer::Withdrawn, ""))
    }

    /// The controller's answer to that question, or to the only one.
    pub(super) fn answer(
        &mut self,
        request_id: Option<&str>,
        allow: bool,
        message: Option<&str>,
        updated_input: Option<Value>,
    ) -> Result<Answered, String> {
        let at = match request_id {
            Some(id) => self.open.iter().position(|open| open.request_id == id),
            None if self.open.len() == 1 => Some(0),
            None => None,
        };
        let Some(at) = at else { return Err(self.no_such(request_id)) };
        let open = self.open.remove(at);
        if allow {
            let input = updated_input.unwrap_or(open.input);
            let line = protocol::allow(&open.request_id, &input);
            return Ok(Answered { line, event: event(&open.request_id, true, Answerer::Controller, "") });
        }
        let message = message.unwrap_or("The controller does not allow this.");
        Ok(denied(&open.request_id, Answerer::Controller, message))
    }

    /// Denies what nobody has answered in time.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<Answered> {
        let (late, open) = std::mem::take(&mut self.open).into_iter().partition(|open| open.deadline <= now);
        self.open = open;
        let late: Vec<Open> = late;
        let message = format!("Nobody answered within {} s.", self.patience.as_secs());
        late.iter().map(|open| denied(&open.request_id, Answerer::Timeout, &message)).collect()
    }

    fn no_such(&self, request_id: Option<&str>) -> String {
        let ids: Vec<&str> = self.open.iter().map(|open| open.request_id.as_str()).collect();
        match (request_id, ids.as_slice()) {
            (_, []) => "the worker has no open permission question".into(),
            (Some(id), ids) => format!("there is no open question '{id}'; open are: {}", ids.join(", ")),
            (None, ids) => format!("several questions are open; name one of: {}", ids.join(", ")),
        }
    }
}

fn denied(request_id: &str, by: Answerer, message: &str) -> Answered {
    Answered { line: protocol::deny(request_id, message), event: event(request_id, false, by, message) }
}

fn event(request_id: &str, allowed: bool, by: Answerer, message: &str) -> EventBody {
    EventBody::PermissionAnswered {
        request_id: request_id.to_owned(),
        allowed,
        by,
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(ids: &[&str]) -> (Questions, Instant) {
        let (mut questions, now) = (Questions::new(Duration::from_secs(60)), Instant::now());
        for id in ids {
            let input = json!({"file_path": "key-1"});
            questions
                .ask((*id).into(), "Write".into(), input, now, |text| text.replace("key-1", "[redacted]"));
        }
        (questions, now)
    }

    #[test]
    fn what_is_recorded_is_redacted_and_what_is_sent_is_not() {
        let mut questions = Questions::new(Duration::from_secs(1));
        let clean = |text: &str| text.replace("key-1", "[redacted]");
        let event =
            questions.ask("q".into(), "Write".into(), json!({"file_path": "key-1"}), Instant::now(), clean);
        let EventBody::PermissionAsked(question) = event else { panic!() };
        assert_eq!((question.target.as_str(), question.input.contains("key-1")), ("[redacted]", false));
        assert!(questions.answer(None, true, None, None).unwrap().line.contains("key-1"));
    }

    #[test]
    fn the_only_question_needs_no_name_and_one_of_two_does() {
        let (mut questions, _) = asked(&["a", "b"]);
        assert!(questions.answer(None, true, None, None).unwrap_err().contains("a, b"));
        assert!(questions.answer(Some("c"), true, None, None).unwrap_err().contains("'c'"));
        let other = json!({"file_path": "other"});
        assert!(questions.answer(Some("a"), true, None, Some(other)).unwrap().line.contains("other"));
        assert!(questions.answer(None, false, Some("no"), None).unwrap().line.contains("\"no\""));
        assert!(questions.answer(None, true, None, None).unwrap_err().contains("no open"));
    }

    #[test]
    fn silence_denies() {
        let (mut questions, now) = asked(&["a"]);
        assert_eq!(questions.deadline(), Some(now + Duration::from_secs(60)));
        assert_eq!(questions.expire(now), []);
        let late = questions.expire(now + Duration::from_secs(60));
        assert!(late[0].line.contains("deny") && questions.deadline().is_none());
    }

    #[test]
    fn a_withdrawn_question_cannot_be_answered() {
        let (mut questions, _) = asked(&["a"]);
        assert!(questions.withdraw("a").is_some() && questions.withdraw("a").is_none());
        assert!(questions.answer(Some("a"), true, None, None).is_err());
    }
}
