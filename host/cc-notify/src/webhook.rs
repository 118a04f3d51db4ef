//! A webhook.

use cc_domain::Webhook;
use ureq::http::Request;

use crate::{
    NotifyError,
    http::{agent, send},
    message::Message,
};

/// Posts the message. The address is in no error: its path often is a secret.
pub(crate) fn post(hook: &Webhook, message: &Message) -> Result<(), NotifyError> {
    let not_told = |reason: String| NotifyError::NotTold { to: hook.shown(), reason };
    let request = Request::post(hook.url())
        .header("content-type", "application/json")
        .body(message.json.to_string().into_bytes())
        .map_err(|_| not_told("its address is no URL".to_owned()))?;
    let answer = send(&agent(hook.is_loopback(), None), request)
        .map_err(|reason| not_told(reason.replace(hook.url(), &hook.shown())))?;
    match answer.status() {
        status if status.is_success() => Ok(()),
        status if status.is_redirection() => {
            Err(not_told(format!("it answered {status}, and redirects are not followed")))
        }
        status => Err(not_told(format!("it answered {status}"))),
    }
}
