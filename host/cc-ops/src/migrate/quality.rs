//! The predecessor's grades of runs that are listed here.

use cc_domain::{GradeSource, RunGrade, RunId, RunRecord, WorkVerdict};
use cc_store::Store;
use serde_json::Value;

use crate::OpError;

/// `worker_quality_history.json`: keeps the newest grade of each run that is listed here and has none. Gives how many.
///
/// The grade goes to the model that answered, as the run's own record has it; the file names the one that was asked for.
pub(super) fn take(store: &Store, its: &Value) -> Result<usize, OpError> {
    let mut taken = 0;
    let records = its["records"].as_array().map(Vec::as_slice).unwrap_or_default();
    // The newest is last.
    for record in records.iter().rev() {
        let Some(id) = record["run_id"].as_str().and_then(|id| id.parse::<RunId>().ok()) else { continue };
        // A run whose folder is gone cannot be told apart from one that never was.
        let Ok(run) = store.run(&id) else { continue };
        let Some(grade) = grade(record, &run) else { continue };
        if store.grade(&id)?.is_none() {
            store.put_grade(&grade)?;
            taken += 1;
        }
    }
    Ok(taken)
}

/// None for a record without a score.
fn grade(its: &Value, run: &RunRecord) -> Option<RunGrade> {
    let score = its["quality_score"].as_u64()?;
    let answered = run.result.as_ref().and_then(|result| result.actual.model.clone());
    let verdict = WorkVerdict {
        solved: its["solved"].as_bool(),
        hallucination: its["hallucination"].as_bool(),
        needs_rework: its["needs_rework"].as_bool(),
    };
    let manual = its["source"] == "manual";
    Some(RunGrade {
        run_id: run.run_id.clone(),
        at: its["recorded_at"].as_str().unwrap_or(&run.started_at).to_owned(),
        source: if manual { GradeSource::Manual } else { GradeSource::VerifyRun },
        score: u32::try_from(score.min(100)).unwrap_or(100),
        notes: vec!["graded by claude-code-orchestrator-skill".to_owned()],
        passed: verdict.solved.unwrap_or(score >= 50),
        verified: None,
        verdict,
        comment: its["notes"].as_str().filter(|text| !text.is_empty()).map(str::to_owned),
        mode: run.mode,
        role: run.role.clone(),
        profile_id: run.route.profile_id.clone(),
        model: answered.or_else(|| run.route.model.clone()),
    })
}
