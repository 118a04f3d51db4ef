//! The queue of jobs.

use cc_reports::dashboard::model::{Queue, QueueTally};

use super::Dashboard;
use crate::OpError;

/// Jobs and rules. Until jobs are kept, there are none.
pub(super) fn gather(dashboard: &Dashboard) -> Result<Queue, OpError> {
    Ok(Queue { policy: rules(dashboard), ..Queue::default() })
}

/// How many wait; none when there is no queue to speak of.
pub(super) fn tally(_: &Dashboard) -> Result<Option<QueueTally>, OpError> {
    Ok(None)
}

fn rules(dashboard: &Dashboard) -> Vec<(String, String)> {
    let Ok(overrides) = cc_policy::Overrides::read(dashboard.cx.setup().home.root()) else { return Vec::new() };
    let queue = overrides.queue;
    let or_all = |limit: Option<std::num::NonZeroU32>| limit.map_or("as many".to_owned(), |limit| limit.to_string());
    let rule = |name: &str, value: String| (name.to_owned(), value);
    vec![
        rule("jobs at once", queue.max_concurrent.to_string()),
        rule("on one profile", or_all(queue.max_per_profile)),
        rule("in one project", or_all(queue.max_per_project)),
        rule("a failed job that only reads is tried again", format!("{} times", queue.retry_failed_read_only)),
        rule("a failed job that may write is tried again", format!("{} times", queue.retry_write_enabled)),
        rule("a point of priority for each", format!("{} s of waiting", queue.ageing_seconds)),
        rule("servers start waiting jobs by themselves", if queue.dispatch { "yes" } else { "no" }.to_owned()),
    ]
}
