//! Finding a profile among candidates: by id, or by exact name when exactly one has it.

use std::collections::BTreeMap;

use cc_domain::Candidate;

use crate::PolicyError;

/// The id of the profile that `query` names.
pub(crate) fn find<'a>(candidates: &'a [Candidate], query: &str) -> Result<&'a str, String> {
    if let Some(found) = candidates.iter().find(|candidate| candidate.profile_id == query) {
        return Ok(&found.profile_id);
    }
    let named = candidates.iter().filter(|candidate| candidate.profile_name == query);
    let mut ids: Vec<_> = named.map(|candidate| candidate.profile_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    match ids[..] {
        [id] => Ok(id),
        [] => Err(format!("no profile has the id or exact name '{query}'")),
        _ => Err(format!("{} profiles are called '{query}': use an id ({})", ids.len(), ids.join(", "))),
    }
}

/// [`find`], for a query that must name a profile.
pub(super) fn require<'a>(candidates: &'a [Candidate], query: &str) -> Result<&'a str, PolicyError> {
    find(candidates, query).map_err(|what| PolicyError::Profile { what, choices: choices(candidates) })
}

/// Name and id of each profile.
pub(super) fn choices(candidates: &[Candidate]) -> String {
    let pair = |candidate: &Candidate| (candidate.profile_id.clone(), candidate.profile_name.clone());
    let profiles: BTreeMap<_, _> = candidates.iter().map(pair).collect();
    profiles.iter().map(|(id, name)| format!("'{name}' ({id})")).collect::<Vec<_>>().join(", ")
}
