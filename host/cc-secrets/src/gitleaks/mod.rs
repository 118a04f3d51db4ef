//! Rule files as gitleaks users have them, read as they are.

mod format;
mod pattern;
mod translate;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use cc_domain::{Allow, SecretRule};

use crate::scan::check_allowances;

/// Bytes of a file at most.
const FILE_BYTES: u64 = 4 * 1024 * 1024;
/// Files that extend one another.
const EXTENDS: usize = 4;

/// A file, with those it extends already under it.
#[derive(Clone, Debug)]
pub struct RuleFile {
    file: format::File,
}

/// What a file comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleSet {
    /// The rules, ready for [`crate::Scanner::with_allowances`].
    pub rules: Vec<SecretRule>,
    /// Allowances that hold for every rule.
    pub allow: Vec<Allow>,
    /// Rules that cannot be used.
    pub refused: Vec<Refused>,
    /// What was read differently from what gitleaks makes of it.
    pub notices: Vec<String>,
}

/// A rule that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its id.
    pub rule: String,
    /// Why, and what to do about it.
    pub reason: String,
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RuleFileError {
    /// The file is not there or too large.
    #[error("the rule file {path} cannot be read: {source}; check the path")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The text is no rule file.
    #[error("the rule file {path} is not in the form of gitleaks: {source}")]
    Form {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// Files extend one another without end.
    #[error("the rule file {0} extends others more than {EXTENDS} deep; put them together")]
    Depth(PathBuf),
    /// A rule without a name.
    #[error("the rule file {path} has a rule without an id (no. {number}); give it one")]
    NoId {
        /// The file.
        path: PathBuf,
        /// From 1.
        number: usize,
    },
}

impl RuleFile {
    /// Reads a file and those that it extends. A path in `[extend]` is relative to the file that has it.
    ///
    /// # Errors
    /// When a file cannot be read, is no TOML of this form, or has a rule without an id.
    pub fn load(path: &Path) -> Result<Self, RuleFileError> {
        Ok(Self { file: load(path, EXTENDS)? })
    }

    /// Whether the file asks for the default rules under its own.
    #[must_use]
    pub fn wants_default(&self) -> bool {
        self.file.extend.usedefault
    }

    /// The file's rules, over the default ones when it wants them. What cannot be used is named, and the rest works.
    #[must_use]
    pub fn resolve(&self, default: &[SecretRule]) -> RuleSet {
        let mut set = RuleSet::default();
        if self.wants_default() {
            let kept = |rule: &&SecretRule| !self.file.extend.disabledrules.contains(&rule.id);
            set.rules.extend(default.iter().filter(kept).cloned());
        }
        for rule in &self.file.rules {
            set.take(rule);
        }
        for list in self.file.all_allowlists() {
            set.allow(list);
        }
        set.drop_lonely();
        set.notices.extend(self.unknown());
        set
    }

    /// What the rules say that is not known here.
    fn unknown(&self) -> impl Iterator<Item = String> {
        let mut unknown = BTreeMap::new();
        for name in self.file.rules.iter().flat_map(|rule| rule.other.keys()) {
            *unknown.entry(name).or_insert(0) += 1;
        }
        unknown
            .into_iter()
            .map(|(name, rules)| format!("'{name}', in {rules} rules, is not known here and is ignored"))
    }
}

fn load(path: &Path, depth: usize) -> Result<format::File, RuleFileError> {
    let text = read(path).map_err(|source| RuleFileError::Read { path: path.into(), source })?;
    let wrong = |source| RuleFileError::Form { path: path.into(), source: Box::new(source) };
    let file = format::File::parse(&text).map_err(wrong)?;
    if let Some(at) = file.rules.iter().position(|rule| rule.id.trim().is_empty()) {
        return Err(RuleFileError::NoId { path: path.into(), number: at + 1 });
    }
    if file.extend.path.is_empty() {
        return Ok(file);
    }
    let depth = depth.checked_sub(1).ok_or_else(|| RuleFileError::Depth(path.into()))?;
    let base = load(&path.parent().unwrap_or(Path::new("")).join(&file.extend.path), depth)?;
    let default = file.extend.usedefault || base.extend.usedefault;
    let mut whole = file.on(base);
    whole.extend.usedefault = default;
    Ok(whole)
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(FILE_BYTES).read_to_string(&mut text)?;
    if text.len() as u64 == FILE_BYTES {
        return Err(io::Error::other(format!("it has more than {FILE_BYTES} bytes")));
    }
    Ok(text)
}

impl RuleSet {
    /// Adds a rule, or changes the default one of its name.
    fn take(&mut self, rule: &format::Rule) {
        let id = translate::id(&rule.id);
        let known = self.rules.iter().position(|other| other.id == id);
        if let (Some(known), true) = (known, rule.regex.is_empty()) {
            let added: Vec<_> = rule.all_allowlists().filter_map(|list| self.read(list, &rule.id)).collect();
            self.rules[known].allow.extend(added);
            return;
        }
        match translate::rule(rule, &mut self.notices) {
            Ok(rule) => match known {
                Some(known) => self.rules[known] = rule,
                None => self.rules.push(rule),
            },
            Err(reason) => self.refused.push(Refused { rule: rule.id.clone(), reason }),
        }
    }

    /// Adds a global allowlist, or one for some rules.
    fn allow(&mut self, list: &format::Allowlist) {
        let Some(allow) = self.read(list, "all rules") else { return };
        if list.targetrules.is_empty() {
            self.allow.push(allow);
            return;
        }
        for target in &list.targetrules {
            match self.rules.iter_mut().find(|rule| rule.id == translate::id(target)) {
                Some(rule) => rule.allow.push(allow.clone()),
                None => self
                    .notices
                    .push(format!("an allowlist is for the rule '{target}', which is not in the set")),
            }
        }
    }

    fn read(&mut self, list: &format::Allowlist, owner: &str) -> Option<Allow> {
        let allow = translate::allow(list, owner, &mut self.notices);
        let checked = allow.and_then(|allow| match allow {
            Some(allow) => check_allowances(owner, std::slice::from_ref(&allow)).map(|()| Some(allow)),
            None => Ok(None),
        });
        checked.unwrap_or_else(|reason| {
            self.refused.push(Refused { rule: owner.into(), reason });
            None
        })
    }

    /// Drops rules that need one which is not in the set, until there is none left.
    fn drop_lonely(&mut self) {
        loop {
            let ids: BTreeSet<String> = self.rules.iter().map(|rule| rule.id.clone()).collect();
            let missing = |rule: &SecretRule| {
                rule.components.iter().map(|one| &one.rule_id).find(|id| !ids.contains(*id)).cloned()
            };
            let (lonely, kept): (Vec<_>, Vec<_>) =
                std::mem::take(&mut self.rules).into_iter().partition(|rule| missing(rule).is_some());
            self.rules = kept;
            if lonely.is_empty() {
                return;
            }
            self.refused.extend(lonely.into_iter().map(|rule| {
                let other = missing(&rule).unwrap_or_default();
                Refused {
                    reason: format!("it needs the rule '{other}', which is not in the set; add it"),
                    rule: rule.id,
                }
            }));
        }
    }
}
