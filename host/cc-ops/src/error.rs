//! The one error at the edge.

use serde::Serialize;

/// Why an operation did not do what was asked, for a controller and for a person.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct OpError {
    /// What sort of thing went wrong.
    pub kind: ErrorKind,
    /// What happened, to what.
    #[serde(rename = "error")]
    pub message: String,
    /// What to do next.
    #[serde(rename = "next_step")]
    pub hint: String,
}

/// What sort of thing went wrong. Each has an exit code of its own.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The arguments are wrong.
    InvalidInput,
    /// What was named does not exist.
    NotFound,
    /// A plugin or override refused.
    Denied,
    /// Something the operation needs is missing or not ready.
    Unavailable,
    /// Our own state could not be read or written.
    State,
    /// A limit of the cost guard is reached.
    OverLimit,
}

impl ErrorKind {
    /// The process exit code of a command that ends so. 1 is a worker that ran and failed.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::InvalidInput => 2,
            Self::NotFound => 3,
            Self::Denied => 4,
            Self::Unavailable => 5,
            Self::State => 6,
            Self::OverLimit => 7,
        }
    }
}

impl OpError {
    /// An error of a kind, with what to do about it.
    pub fn new(kind: ErrorKind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: hint.into() }
    }

    /// Wrong arguments.
    pub fn invalid(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, message, hint)
    }
}

impl std::fmt::Display for OpError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.message)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, "\nNext: {}", self.hint) }
    }
}

impl std::error::Error for OpError {}
