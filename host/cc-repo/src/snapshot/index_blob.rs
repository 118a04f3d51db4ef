//! The index of a large project is megabytes, and mostly says what the one that is already stored says.

use std::{fs, path::PathBuf};

use super::manifest::RepoState;
use crate::place::Place;

/// What an index says, and the blob of one that says the same. They may differ in what git noted about the
/// files' times; it looks again where that is out of date.
pub(crate) struct IndexBlob {
    note: PathBuf,
    says: String,
    pub(crate) known: Option<String>,
}

impl IndexBlob {
    pub(crate) fn look(place: &Place, state: &RepoState) -> Self {
        let note = place.store.dir().join("index-blob");
        let says = serde_json::to_string(&(state.head(), &state.index)).unwrap_or_default();
        // Of a conflict only the path is told, not the sides.
        let is_told = state.index.exists && !state.index.staged.iter().any(|(_, line)| line.ends_with('U'));
        let text = fs::read_to_string(&note).unwrap_or_default();
        let same = text.split_once('\n').filter(|(said, _)| is_told && *said == says);
        let is_stored = |id: &&str| matches!(place.store.ask(&["cat-file", "-e", id]), Ok(Some(_)));
        let known = same.map(|(_, id)| id).filter(is_stored).map(str::to_owned);
        Self { note, says, known }
    }

    pub(crate) fn remember(&self, id: &str) {
        if self.known.is_none() {
            // Without the note the index is stored again.
            let _ = fs::write(&self.note, format!("{}\n{id}", self.says));
        }
    }
}
