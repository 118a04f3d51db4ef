//! `queue run`: a dispatcher in the foreground. What happens is a line each; in a terminal the last line shows how the
//! queue stands.

use std::{
    io::{self, Write as _},
    process::ExitCode,
    time::Duration,
};

use cc_domain::JobState;
use cc_ops::{Context, Dispatcher, OpError, Pass, plain, queue_counts, queue_events};
use cc_store::JobEvent;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::output::{Out, ProgressLine};

/// How often the queue is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(300);

pub(crate) fn command() -> Command {
    let until_empty = Arg::new("until-empty").long("until-empty").action(ArgAction::SetTrue);
    let most =
        Arg::new("max-concurrent").long("max-concurrent").value_parser(value_parser!(u32).range(1..=32));
    let run = Command::new("run")
        .about("Give waiting jobs to workers until you end it; any number of these may run at once")
        .arg(until_empty.help("End when no job waits or runs; exit code 1 when one of them failed"))
        .arg(most.help("Jobs at once [default: the queue's policy]"));
    Command::new("queue").about("Dispatch the queue").subcommand_required(true).subcommand(run)
}

/// Dispatches until the queue is empty or somebody ends it. Workers go on without it.
pub(crate) fn run(matches: &ArgMatches, cx: &Context, out: &Out) -> Result<ExitCode, OpError> {
    let Some(("run", matches)) = matches.subcommand() else {
        return Err(OpError::invalid("no command was given", "use 'cc-orchestrator queue run'"));
    };
    let limit = matches.get_one::<u32>("max-concurrent").copied();
    let until_empty = matches.get_flag("until-empty");
    let view = View { cx, json: out.is_json(), line: out.progress() };
    let ended = super::runtime()?.block_on(async {
        tokio::select! {
            ended = dispatch(&view, limit, until_empty) => ended,
            _ = tokio::signal::ctrl_c() => Ok(ExitCode::SUCCESS),
        }
    });
    view.line.clear();
    ended
}

async fn dispatch(view: &View<'_>, limit: Option<u32>, until_empty: bool) -> Result<ExitCode, OpError> {
    let mut dispatcher = Dispatcher::new(view.cx);
    let (_, mut seen) = queue_events(view.cx, None)?;
    let mut failed = false;
    loop {
        let pass = dispatcher.pass(limit).await?;
        let (events, last) = queue_events(view.cx, Some(seen))?;
        failed |= events.iter().any(|event| matches!(event.to, JobState::Failed | JobState::TimedOut));
        let read_on = !events.is_empty();
        seen = last;
        if view.show(&events, &pass).is_err() {
            // A reader that closed the pipe has seen enough.
            return Ok(ExitCode::SUCCESS);
        }
        if read_on {
            continue;
        }
        if until_empty && !dispatcher.is_busy() && dispatcher.is_empty().await? {
            return Ok(ExitCode::from(u8::from(failed)));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

struct View<'a> {
    cx: &'a Context,
    json: bool,
    line: ProgressLine,
}

impl View<'_> {
    fn show(&self, events: &[JobEvent], pass: &Pass) -> io::Result<()> {
        self.line.above(|| {
            let mut stdout = io::stdout().lock();
            for event in events {
                if self.json {
                    writeln!(stdout, "{}", serde_json::to_string(event)?)?;
                } else {
                    writeln!(stdout, "{}", line(event))?;
                }
            }
            stdout.flush()
        })?;
        let counts = queue_counts(self.cx).unwrap_or_default();
        let of = |state| counts.get(&state).copied().unwrap_or_default();
        self.line.say(format!(
            "{} of {} running, {} waiting, {} done, {} failed, {} cancelled",
            pass.slots_used,
            pass.max_concurrent,
            of(JobState::Queued),
            of(JobState::Done),
            of(JobState::Failed) + of(JobState::TimedOut),
            of(JobState::Cancelled),
        ));
        Ok(())
    }
}

/// One change of a job as a line.
fn line(event: &JobEvent) -> String {
    let time = jiff::Timestamp::from_millisecond(event.at_ms).map(|at| at.to_string()).unwrap_or_default();
    let time = time.get(11..19).unwrap_or_default();
    let run = event.run_id.as_ref().map(|run| format!(" run {run}")).unwrap_or_default();
    let reason = event.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    plain(&format!("{time} {} {}{run}{reason}", event.job_id, event.to.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_one_line_that_no_terminal_obeys() {
        let event = JobEvent {
            seq: 1,
            job_id: "job-20261123T061500Z-1a2b3c4d".parse().unwrap(),
            at_ms: 1_795_414_501_000,
            from: Some(JobState::Running),
            to: JobState::Failed,
            reason: Some("its run\nfailed \u{1b}[2J".into()),
            run_id: Some("20261123T061501Z-1a2b3c4d".parse().unwrap()),
        };
        let expected =
            "job-20261123T061500Z-1a2b3c4d failed run 20261123T061501Z-1a2b3c4d: its run failed  [2J";
        assert_eq!(line(&event).split_once(' ').unwrap().1, expected);
    }
}
