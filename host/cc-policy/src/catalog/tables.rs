//! Editing an array of tables of a user's TOML file, with its comments kept.

use std::path::Path;

use serde::Serialize;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table};

use crate::{PolicyError, files, toml_text};

/// One array of tables, `[[name]]`, whose entries are told apart by `key`.
#[derive(Clone, Copy)]
pub(super) struct Array {
    pub(super) name: &'static str,
    pub(super) key: &'static str,
    /// What to do when the file cannot be read.
    pub(super) hint: &'static str,
    /// Comment at the head of a new file.
    pub(super) head: &'static str,
}

impl Array {
    /// The file as a document, empty when there is none.
    pub(super) fn open(&self, path: &Path) -> Result<DocumentMut, PolicyError> {
        let text = files::read_text(path)?.unwrap_or_else(|| format!("{}format = 1\n", self.head));
        let parsed = text.parse::<DocumentMut>();
        Ok(parsed.map_err(|error| {
            toml_text::at(&toml_text::shown(path), &text, error.span(), error.message(), self.hint)
        })?)
    }

    /// Writes the entry's keys over those of the entry that has the same `key`, or adds it.
    pub(super) fn put(
        &self,
        document: &mut DocumentMut,
        key: &str,
        entry: &impl Serialize,
    ) -> Result<(), PolicyError> {
        let unwritable = |error: String| PolicyError::Refused(format!("'{key}' cannot be written: {error}"));
        let new = toml_edit::ser::to_document(entry).map_err(|error| unwritable(error.to_string()))?;
        let entries = document.entry(self.name).or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        let entries = entries
            .as_array_of_tables_mut()
            .ok_or_else(|| unwritable(format!("'{}' is no array of tables", self.name)))?;
        let at = entries.iter().position(|table| self.is(table, key));
        match at.and_then(|at| entries.get_mut(at)) {
            Some(table) => {
                table.retain(|name, _| new.contains_key(name));
                new.iter().for_each(|(name, value)| replace(table, name, value));
            }
            None => entries.push(new.as_table().clone()),
        }
        Ok(())
    }

    /// Takes the entry out; false when there is none.
    pub(super) fn take(&self, document: &mut DocumentMut, key: &str) -> bool {
        let Some(entries) = document.get_mut(self.name).and_then(Item::as_array_of_tables_mut) else {
            return false;
        };
        let before = entries.len();
        entries.retain(|table| !self.is(table, key));
        entries.len() < before
    }

    fn is(&self, table: &Table, key: &str) -> bool {
        table.get(self.key).and_then(Item::as_str) == Some(key)
    }
}

/// Replaces a value and keeps the comment behind the old one.
fn replace(table: &mut Table, name: &str, new: &Item) {
    match (table.get_mut(name).and_then(Item::as_value_mut), new.as_value()) {
        (Some(old), Some(new)) => {
            let mut new = new.clone();
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        _ => {
            table.insert(name, new.clone());
        }
    }
}
