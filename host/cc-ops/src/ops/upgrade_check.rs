//! `cc_upgrade_check`.

use cc_store::schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Context, Effect, OpError, Operation, Output, arguments,
    replay::Replay,
    upgrade::{
        self, Record,
        compare::{self, BundledChange, Fate, Item},
        decisions, restore,
    },
};

/// Items that one reply lists whole.
const MOST_ITEMS: usize = 40;

/// After an upgrade or update: was anything of yours lost or changed? Compares plugins, overrides, prompts, rules and
/// histories with what the earlier version left, and says which routes would differ. Only looks; apply accepts after a
/// backup, rollback goes back.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpgradeCheck {
    /// Back everything up, migrate, accept.
    #[arg(long)]
    #[serde(default)]
    apply: bool,
    /// Back to the state before the last apply.
    #[arg(long, conflicts_with = "apply")]
    #[serde(default)]
    rollback: bool,
    /// Recorded routes to decide again, the newest; default 1000, 0-100000.
    #[arg(long)]
    replay: Option<u32>,
}

/// What was found.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct UpgradeChecked {
    applied: bool,
    version: String,
    /// The version whose state you accepted last.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_version: Option<String>,
    /// Nothing is missing, and nothing of yours is unusable.
    nothing_lost: bool,
    preserved: usize,
    /// Whatever is not preserved, the worst first.
    items: Vec<Item>,
    #[schemars(skip)]
    bundled: Vec<BundledChange>,
    /// Recorded routes, decided again by this version.
    #[schemars(with = "serde_json::Value")]
    decisions: Replay,
    #[schemars(skip)]
    schema: SchemaChange,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    backups: Vec<String>,
    #[schemars(skip)]
    next_step: String,
}

/// The database's version.
#[derive(Debug, Serialize)]
pub(crate) struct SchemaChange {
    found: Option<u32>,
    known: u32,
}

impl Operation for UpgradeCheck {
    const NAME: &'static str = "cc_upgrade_check";
    const TITLE: &'static str = "Upgrade check: nothing of yours lost, what changed";
    const EFFECT: Effect = Effect::WRITES;
    type Output = UpgradeChecked;

    async fn run(self, cx: Context) -> Result<UpgradeChecked, OpError> {
        if self.apply && self.rollback {
            return Err(OpError::invalid(
                "'apply' and 'rollback' are both set",
                "accept the upgrade or go back: set one of them",
            ));
        }
        let replay = arguments::number_within("replay", self.replay.unwrap_or(1_000), 0, 100_000)?;
        cx.blocking(move |cx| if self.rollback { back(cx) } else { check(cx, self.apply, replay) }).await
    }
}

fn check(cx: &Context, apply: bool, replay: u32) -> Result<UpgradeChecked, OpError> {
    let home = &cx.setup().home;
    let project = cx.project(None)?;
    let policy = cx.policy(&project.root);
    let name = upgrade::accepted(home);
    let before = name.as_deref().and_then(|name| Record::read(home, name));
    let now = Record::now(home, &before.as_ref().map(|b| b.files.clone()).unwrap_or_default())?;
    let compared_with = before.as_ref().unwrap_or(&now);
    let mut items = compare::items(compared_with, &now, &policy);
    let preserved = items.iter().filter(|item| item.fate == Fate::Preserved).count();
    items.retain(|item| item.fate != Fate::Preserved);
    let schema =
        SchemaChange { found: schema::found(home)?.map(|f| f.version), known: schema::known_version() };
    let lost = items.iter().any(|item| matches!(item.fate, Fate::Missing | Fate::Incompatible));
    // Before anything is applied: what would be decided otherwise from now on.
    let mut decisions = decisions::replayed(cx, replay)?;
    decisions.differences.truncate(MOST_ITEMS);
    let backups = if apply { vec![restore::apply(cx)?.display().to_string()] } else { Vec::new() };
    let standing = match () {
        () if apply => Standing::Applied,
        () if lost => Standing::Lost,
        () if name.as_deref() == Some(upgrade::own_name()) => Standing::Accepted,
        () if before.is_some() => Standing::Upgraded,
        () if schema.found.is_some() => Standing::Unrecorded,
        () => Standing::New,
    };
    items.truncate(MOST_ITEMS);
    Ok(UpgradeChecked {
        applied: apply,
        next_step: standing.next_step().to_owned(),
        version: now.name(),
        previous_version: name,
        nothing_lost: !lost,
        preserved,
        items,
        bundled: compare::bundled(&compared_with.bundled, &now.bundled),
        decisions,
        schema,
        backups,
    })
}

/// How this version stands to what is in the home.
enum Standing {
    Applied,
    Lost,
    Accepted,
    Upgraded,
    /// Something worked here before, and left no record.
    Unrecorded,
    /// Nothing ever did.
    New,
}

impl Standing {
    fn next_step(&self) -> &'static str {
        match self {
            Self::Applied => "nothing; rollback goes back to how it was before",
            Self::Lost => "see the items: each says what to do; then apply",
            Self::Accepted => "nothing: this version's state is accepted",
            Self::Upgraded => "apply accepts this version, after a backup",
            Self::Unrecorded => {
                "the earlier version kept no record to compare with; apply accepts the state as it is, after a backup"
            }
            Self::New => "nothing: no earlier version worked here",
        }
    }
}

fn back(cx: &Context) -> Result<UpgradeChecked, OpError> {
    let home = &cx.setup().home;
    let went = restore::go_back(home)?;
    let restored = |what: String| Item {
        what,
        fate: Fate::Changed,
        before: None,
        after: None,
        note: Some("as it was before the upgrade".to_owned()),
    };
    Ok(UpgradeChecked {
        applied: false,
        version: upgrade::own_name().to_owned(),
        previous_version: went.to,
        nothing_lost: true,
        preserved: 0,
        items: went.restored.into_iter().map(restored).collect(),
        bundled: Vec::new(),
        decisions: Replay::default(),
        schema: SchemaChange {
            found: schema::found(home)?.map(|f| f.version),
            known: schema::known_version(),
        },
        backups: went.kept.iter().map(|path| path.display().to_string()).collect(),
        next_step: "start the earlier version now: this one brings state.db up again at its next use"
            .to_owned(),
    })
}

impl Output for UpgradeChecked {
    fn text(&self) -> String {
        let unrecorded =
            if self.schema.found.is_some() { "a version that kept no record" } else { "a new home" };
        let from = self.previous_version.as_deref().unwrap_or(unrecorded);
        let mut lines = vec![format!("{from} -> {}", self.version)];
        lines.push(format!("preserved: {} of yours", self.preserved));
        for item in &self.items {
            let fate = crate::facts::name(&item.fate).unwrap_or_default();
            let note = item.note.as_deref().map(|note| format!(": {note}")).unwrap_or_default();
            lines.push(format!("{fate}: {}{note}", item.what));
        }
        for plugin in self.bundled.iter().filter(|plugin| plugin.changed) {
            let version = |version: &Option<String>| version.clone().unwrap_or_else(|| "none".to_owned());
            lines.push(format!(
                "default plugin {}: {} -> {}",
                plugin.id,
                version(&plugin.from),
                version(&plugin.to)
            ));
        }
        lines.push(self.decisions.text());
        lines.extend(self.backups.iter().map(|path| format!("backup: {path}")));
        lines.push(format!("next: {}", self.next_step));
        lines.join("\n")
    }

    fn succeeded(&self) -> bool {
        self.nothing_lost
    }
}
