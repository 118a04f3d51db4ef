//! Lines of the stream that ask something of the supervisor itself.
//!
//! Read before redaction: an allowed tool must get its input byte for byte.

use jiff::Timestamp;
use serde_json::Value;

/// What such a line wants.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Signal {
    /// A tool may not run before somebody allows it.
    Asks { request_id: String, tool: String, input: Value },
    /// A question is taken back.
    Withdraws { request_id: String },
    /// A message has been taken into the conversation.
    Read { text: String },
    /// The provider accepts nothing, until then if it says so.
    Limited { until: Option<Timestamp>, kind: String },
}

impl Signal {
    pub(super) fn of(line: &Value) -> Option<Self> {
        match line["type"].as_str()? {
            "control_request" if line["request"]["subtype"] == "can_use_tool" => Some(Self::Asks {
                request_id: owned(&line["request_id"]),
                tool: owned(&line["request"]["tool_name"]),
                input: line["request"]["input"].clone(),
            }),
            "control_cancel_request" => Some(Self::Withdraws { request_id: owned(&line["request_id"]) }),
            "user" if line["isReplay"] == true => {
                let content = &line["message"]["content"];
                let block = content[0]["text"].as_str();
                Some(Self::Read { text: content.as_str().or(block).unwrap_or_default().to_owned() })
            }
            "rate_limit_event" if line["rate_limit_info"]["status"] == "rejected" => {
                let info = &line["rate_limit_info"];
                let resets = info["resetsAt"].as_i64();
                let until = resets.and_then(|second| Timestamp::from_second(second).ok());
                Some(Self::Limited { until, kind: owned(&info["rateLimitType"]) })
            }
            _ => None,
        }
    }
}

fn owned(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_asked_of_us_is_a_signal() {
        let asks = json!({"type": "control_request", "request_id": "q", "request":
            {"subtype": "can_use_tool", "tool_name": "Write", "input": {"file_path": "a"}}});
        let input = json!({"file_path": "a"});
        assert_eq!(
            Signal::of(&asks),
            Some(Signal::Asks { request_id: "q".into(), tool: "Write".into(), input })
        );
        let read = Some(Signal::Read { text: "go on".into() });
        for content in [json!("go on"), json!([{"type": "text", "text": "go on"}])] {
            let replay = json!({"type": "user", "isReplay": true, "message": {"content": content}});
            assert_eq!(Signal::of(&replay), read);
        }
        assert_eq!(Signal::of(&json!({"type": "user"})), None);
        let warning = json!({"type": "rate_limit_event", "rate_limit_info": {"status": "allowed_warning"}});
        assert_eq!(Signal::of(&warning), None);
        let rejected = json!({"type": "rate_limit_event", "rate_limit_info":
            {"status": "rejected", "resetsAt": 1_795_500_000, "rateLimitType": "five_hour"}});
        let Some(Signal::Limited { until: Some(until), kind }) = Signal::of(&rejected) else { panic!() };
        assert_eq!((until.as_second(), kind.as_str()), (1_795_500_000, "five_hour"));
    }
}
