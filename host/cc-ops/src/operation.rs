//! What an operation is: one struct gives the JSON schema, the command line, the help and the tool description.

use std::{future::Future, pin::Pin};

use clap::{ArgMatches, Args};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::{Context, OpError, arguments, schema};

/// One `cc_*` tool and its command. The struct's doc comment is the tool's description.
pub trait Operation: DeserializeOwned + JsonSchema + Args + Send + 'static {
    /// `cc_…`; the command is the same without `cc_` and with hyphens.
    const NAME: &'static str;
    /// The words people search by: Codex looks into it, and not into the parts of the name.
    const TITLE: &'static str;
    /// What a call may touch.
    const EFFECT: Effect;
    /// What comes back.
    type Output: Output;

    /// Does it.
    fn run(self, cx: Context) -> impl Future<Output = Result<Self::Output, OpError>> + Send;
}

/// What an operation gives back.
pub trait Output: Serialize + JsonSchema + Send {
    /// For people: Markdown that reads well in a terminal.
    fn text(&self) -> String;

    /// False when the operation worked but what it reports is a failure, such as a worker's.
    fn succeeded(&self) -> bool {
        true
    }
}

/// What a call may touch: becomes MCP's annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Changes nothing.
    pub read_only: bool,
    /// May undo or overwrite something of the user's.
    pub destructive: bool,
    /// Reaches beyond this machine, as a worker does.
    pub open_world: bool,
}

impl Effect {
    /// Only reads.
    pub const READS: Self = Self { read_only: true, destructive: false, open_world: false };
    /// Writes files of its own, after a backup.
    pub const WRITES: Self = Self { read_only: false, destructive: false, open_world: false };
    /// Starts a worker, which talks to its provider and may edit the project.
    pub const STARTS_WORKERS: Self = Self { read_only: false, destructive: false, open_world: true };
}

/// What one call gave.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Complete.
    pub structured: Value,
    /// For people.
    pub text: String,
    /// False when what it reports is a failure.
    pub succeeded: bool,
}

/// A call under way.
pub type Call = Pin<Box<dyn Future<Output = Result<Reply, OpError>> + Send>>;

/// One line of the registry: an operation with its type taken away.
pub struct Entry {
    /// `cc_…`.
    pub name: &'static str,
    /// For people and for search.
    pub title: &'static str,
    /// What a call may touch.
    pub effect: Effect,
    /// JSON schema of the arguments, compact.
    pub input_schema: fn() -> Map<String, Value>,
    /// JSON schema of `structuredContent`, compact.
    pub output_schema: fn() -> Map<String, Value>,
    /// The doc comment.
    pub description: fn() -> String,
    /// The same as a command.
    pub command: fn() -> clap::Command,
    call: fn(Context, Value) -> Call,
    call_matches: fn(Context, &ArgMatches) -> Result<Call, clap::Error>,
}

impl Entry {
    /// The entry of an operation.
    pub(crate) const fn of<T: Operation>() -> Self {
        Self {
            name: T::NAME,
            title: T::TITLE,
            effect: T::EFFECT,
            input_schema: schema::input::<T>,
            output_schema: schema::output::<T::Output>,
            description: schema::description::<T>,
            command: command::<T>,
            call: call::<T>,
            call_matches: call_matches::<T>,
        }
    }

    /// `cc_pick_profile` is the command `pick-profile`.
    #[must_use]
    pub fn command_name(&self) -> String {
        command_name(self.name)
    }

    /// Calls it with JSON arguments, flat or inside the predecessor's `params`.
    #[must_use]
    pub fn call(&self, cx: Context, arguments: Value) -> Call {
        (self.call)(cx, arguments)
    }

    /// Calls it with a parsed command line.
    ///
    /// # Errors
    /// When the command line does not fit.
    pub fn call_matches(&self, cx: Context, matches: &ArgMatches) -> Result<Call, clap::Error> {
        (self.call_matches)(cx, matches)
    }
}

fn command_name(tool: &str) -> String {
    tool.trim_start_matches("cc_").replace('_', "-")
}

fn command<T: Operation>() -> clap::Command {
    T::augment_args(clap::Command::new(command_name(T::NAME)))
}

fn call<T: Operation>(cx: Context, arguments: Value) -> Call {
    Box::pin(async move {
        let markdown = arguments::wants_markdown(&arguments);
        let operation: T = arguments::decode(T::NAME, arguments)?;
        Ok(reply(&operation.run(cx).await?, markdown))
    })
}

fn call_matches<T: Operation>(cx: Context, matches: &ArgMatches) -> Result<Call, clap::Error> {
    let operation = T::from_arg_matches(matches)?;
    Ok(Box::pin(async move { Ok(reply(&operation.run(cx).await?, false)) }))
}

fn reply<O: Output>(output: &O, markdown: bool) -> Reply {
    let text = output.text();
    let mut structured = if markdown {
        json!({ "markdown": text })
    } else {
        serde_json::to_value(output).unwrap_or_else(|error| json!({ "error": error.to_string() }))
    };
    if let Value::Object(fields) = &mut structured {
        fields.entry("ok").or_insert(Value::Bool(output.succeeded()));
    }
    Reply { structured, text, succeeded: output.succeeded() }
}
