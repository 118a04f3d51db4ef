//! World `router` of policy 1.x.

use cc_domain::{Candidate, Choice, RouteRequest, Verdict};

use super::{Check, Functions, exports::routing as wit};
use crate::engine::{Hidden, Plugin, PluginError};

type Arguments = (wit::Request, Vec<wit::Candidate>, Option<wit::Choice>);

pub(super) fn check(check: &mut Check<'_>) -> wasmtime::Result<()> {
    check.function::<Arguments, wit::Verdict>("route")
}

pub(in crate::worlds) fn route(
    plugin: &Plugin,
    functions: &Functions,
    request: &RouteRequest,
    candidates: &[Candidate],
    proposal: Option<&Choice>,
) -> Result<Verdict, PluginError> {
    let arguments =
        (asked(request), candidates.iter().map(candidate).collect::<Vec<_>>(), proposal.map(proposed));
    let verdict: wit::Verdict = functions.call(plugin, "route", &Hidden::default(), arguments)?;
    Ok(match verdict {
        wit::Verdict::Keep => Verdict::Keep,
        wit::Verdict::Choose(choice) => Verdict::Choose(chosen(choice)),
        wit::Verdict::Deny(reason) => Verdict::Deny(reason),
    })
}

fn asked(request: &RouteRequest) -> wit::Request {
    wit::Request {
        role: request.role.to_string(),
        task_type: request.task_type.as_ref().map(ToString::to_string),
        write: request.write,
        attributes: request.attributes.clone(),
    }
}

fn candidate(candidate: &Candidate) -> wit::Candidate {
    wit::Candidate {
        profile_id: candidate.profile_id.clone(),
        profile_name: candidate.profile_name.clone(),
        model: candidate.model.clone(),
        current: candidate.current,
        usable: candidate.usable,
        score: candidate.score,
        attributes: candidate.attributes.clone(),
    }
}

fn proposed(choice: &Choice) -> wit::Choice {
    wit::Choice {
        profile_id: choice.profile_id.clone(),
        model: choice.model.clone(),
        reason: choice.reason.clone(),
    }
}

fn chosen(choice: wit::Choice) -> Choice {
    Choice { profile_id: choice.profile_id, model: choice.model, reason: choice.reason }
}
