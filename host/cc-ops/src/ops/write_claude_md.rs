//! `cc_write_claude_md`.

use std::path::{Path, PathBuf};

use cc_domain::{Role, RunMode};
use cc_repo::Project;
use cc_reports::SectionError;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Context, Effect, ErrorKind, OpError, Operation, Output, arguments,
    launch::{self, Start},
    routing::Job,
    user_file::UserFile,
};

const FILE: &str = "CLAUDE.md";

/// Write or update our section in a project's CLAUDE.md: how workers there work under a controller, with the
/// instructions of a role. Only what is between its markers is ever changed. A file without them needs append, or
/// force, which replaces it after a backup.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteClaudeMd {
    #[arg(long)]
    cwd: Option<String>,
    /// Default implementation.
    #[arg(long)]
    role: Option<Role>,
    /// Default: the folder's name.
    #[arg(long)]
    project_name: Option<String>,
    /// Add the section to a file that has none.
    #[arg(long)]
    #[serde(default)]
    append: bool,
    /// Replace such a file; append wins.
    #[arg(long)]
    #[serde(default)]
    force: bool,
}

/// What was written.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Written {
    path: PathBuf,
    mode: Mode,
    /// False: it already said so.
    changed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_path: Option<PathBuf>,
    #[schemars(skip)]
    role: Role,
}

/// How it was written, in the predecessor's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline, description = "")]
enum Mode {
    Created,
    UpdatedManagedSection,
    AppendedManagedSection,
    ReplacedWithBackup,
}

impl Operation for WriteClaudeMd {
    const NAME: &'static str = "cc_write_claude_md";
    const TITLE: &'static str = "Write CLAUDE.md: the project's instructions for workers";
    const EFFECT: Effect = Effect::WRITES;
    type Output = Written;

    async fn run(self, cx: Context) -> Result<Written, OpError> {
        cx.blocking(move |cx| self.write(cx)).await
    }
}

impl WriteClaudeMd {
    fn write(self, cx: &Context) -> Result<Written, OpError> {
        let project = cx.project(self.cwd.as_deref())?;
        let section = self.section(cx, &project)?;
        let shown = project.cwd.join(FILE);
        let file = UserFile::read(&shown, &project.root)?;
        let mode = self.mode(&file)?;
        let content = match mode {
            Mode::Created | Mode::ReplacedWithBackup => cc_reports::only_section(&section).into_bytes(),
            _ => {
                let before = file.content.as_deref().unwrap_or_default();
                cc_reports::with_section(before, &section).map_err(|error| broken(&file.path, &error))?
            }
        };
        let changed = file.content.as_ref() != Some(&content);
        let replaced = changed && mode == Mode::ReplacedWithBackup;
        let backup_path = if replaced { file.back_up(&backup_name())? } else { None };
        if changed {
            file.replace(&content)?;
        }
        Ok(Written { path: shown, mode, changed, backup_path, role: self.role.unwrap_or_default() })
    }

    fn section(&self, cx: &Context, project: &Project) -> Result<String, OpError> {
        if let Some(name) = &self.project_name {
            arguments::text_within("project_name", name, 120)?;
        }
        let folder = || project.cwd.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = self.project_name.clone().or_else(folder).unwrap_or_else(|| "this project".to_owned());
        let role = self.role.clone().unwrap_or_default();
        Ok(cc_reports::claude_md(&name, &role, &instruction(cx, project, &role)?))
    }

    /// What is done with the file as it is.
    fn mode(&self, file: &UserFile) -> Result<Mode, OpError> {
        let Some(content) = &file.content else { return Ok(Mode::Created) };
        match cc_reports::find_section(content) {
            Ok(Some(_)) => Ok(Mode::UpdatedManagedSection),
            Ok(None) if self.append => Ok(Mode::AppendedManagedSection),
            _ if self.force && !self.append => Ok(Mode::ReplacedWithBackup),
            Ok(None) => Err(unmanaged(&file.path)),
            Err(error) => Err(broken(&file.path, &error)),
        }
    }
}

/// What the prompt pack tells every worker of a role, whether its run may write or not: that, each run says itself.
fn instruction(cx: &Context, project: &Project, role: &Role) -> Result<String, OpError> {
    let policy = cx.policy(&project.root);
    let told = |write| {
        let job = Job { role: role.clone(), write, ..Job::default() };
        launch::system_prompt(&policy, project, &Start::new(RunMode::Streaming, job, String::new()))
    };
    let (reading, writing) = (told(false)?, told(true)?);
    let both: Vec<&str> =
        reading.lines().filter(|line| writing.lines().any(|other| other == *line)).collect();
    // The file moves between machines with the project; this folder does not.
    let here = format!("{}{}", project.root.display(), std::path::MAIN_SEPARATOR);
    Ok(both.join("\n").replace(&here, ""))
}

fn unmanaged(path: &Path) -> OpError {
    OpError::new(
        ErrorKind::Denied,
        format!("{} is your own and has no section of ours; it was left alone", path.display()),
        "pass append to add the section at its end, or force to replace the file after a backup",
    )
}

fn broken(path: &Path, error: &SectionError) -> OpError {
    OpError::new(
        ErrorKind::InvalidInput,
        format!("the markers in {} do not fit: {error}; it was left alone", path.display()),
        "mend or delete the marker lines; or pass force to replace the file after a backup",
    )
}

fn backup_name() -> String {
    format!("{FILE}.backup.{}", Timestamp::now().strftime("%Y%m%dT%H%M%S%.6fZ"))
}

impl Output for Written {
    fn text(&self) -> String {
        let what = match (self.mode, self.changed) {
            (_, false) => "already up to date",
            (Mode::Created, _) => "created",
            (Mode::UpdatedManagedSection, _) => "section updated",
            (Mode::AppendedManagedSection, _) => "section added at the end",
            (Mode::ReplacedWithBackup, _) => "replaced",
        };
        let backup = self.backup_path.as_ref().map(|path| format!("\nbackup: {}", path.display()));
        format!("{}: {what}{}", self.path.display(), backup.unwrap_or_default())
    }
}
