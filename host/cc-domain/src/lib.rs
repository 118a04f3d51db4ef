//! Plain types every other crate speaks in: ids, roles, routes, scores, reviews, runs and events. No I/O.
#![forbid(unsafe_code)]

mod activity;
mod benchmark;
mod budget;
mod change;
mod estimate;
mod event;
mod finding;
mod footprint;
mod id;
mod job;
mod limits;
// One notion of a model's name for host and plugins alike: the file is the SDK's, which must not depend on the host.
#[path = "../../../plugins/sdk/src/model_name.rs"]
mod model_name;
mod profile;
mod progress;
mod prompt;
mod quality;
mod queue;
mod review;
mod role;
mod route;
mod run;
mod score;
mod secret;
mod spend;
mod standing;
mod verification;
mod work;

pub use activity::{Activity, Doing};
pub use benchmark::{BenchmarkResult, BenchmarkScore, CheckResult, ResultState};
pub use budget::{Asking, Budget, BudgetPolicy, BudgetState, BudgetUse, OnLimit};
pub use change::{
    ChangeKind, Changes, CommitMade, Diff, FileChange, FileKind, FolderChange, GitFileChange, OutsideChange,
    RefChange, Remark, RepoChange, Risk, Rollback, ScopeRule, ScopeVerdict, Violation, WriteScope,
};
pub use estimate::Estimate;
pub use event::{Answerer, Block, BudgetEvent, Budgeted, Event, EventBody, EventSource, Question, ToolCall};
pub use finding::{Comparison, Finding, Opinion, SharedPlace, Stance, compare, findings};
pub use footprint::{Footprint, anchored};
pub use id::{BenchmarkId, IdError, JobId, RunId, TeamId};
pub use job::{JobSpec, JobStage, JobState};
pub use limits::{Amounts, CostGuard, ModelLimits, OutputLimits, ShareLimits};
pub use model_name::ModelName;
pub use profile::{ModelEntry, ModelPrice, Profile, ProfileHealth, Usability};
pub use progress::{InFlight, RecentTool, RunProgress, Tally, Weight, is_test, one_line};
pub use prompt::{Template, TemplateKind, TemplateVariable};
pub use quality::{GradeSource, RunGrade, WorkVerdict, automatic_score};
pub use queue::QueuePolicy;
pub use review::{Command, Confidence, Flag, Grade, Review, RunFacts, Severity, ToolUse};
pub use role::{Role, RoleError, RoleInfo, TaskType};
pub use route::{Candidate, Choice, Layer, PluginRef, Route, RouteRequest, Said, TraceStep, Verdict};
pub use run::{
    ActualRoute, ModelUsage, PermissionDenial, PrintedSecrets, RouteDrift, RunMode, RunRecord, RunResult,
    RunStatus, StopReason, Usage,
};
pub use score::{ModelScore, ModelToScore, RoleScore, ScorePart};
pub use secret::{
    Allow, AllowTarget, Checksum, Classification, RequiredRule, SecretClass, SecretFinding, SecretRule,
};
pub use spend::{Accuracy, Spent};
pub use standing::{Amount, Measure, Payer, Standing, Unit};
pub use verification::{Gate, GateState, TestRun, Verification, Verified};
pub use work::{Prevention, ProjectWork, ScopeState, WorkOutcome};

/// Open-ended facts, key and value, as they cross the plugin boundary. Readers ignore keys they do not know.
pub type Attributes = Vec<(String, String)>;
