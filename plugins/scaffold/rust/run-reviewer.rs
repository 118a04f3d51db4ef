//! A run reviewer: a run that may write has to run the tests.

use cc_policy_sdk::run_reviewer::{
    Assessment, Confidence, Failure, Flag, Grade, Guest, RunFacts, Severity,
};

struct Plugin;

impl Guest for Plugin {
    fn review(run: RunFacts) -> Result<Assessment, Failure> {
        if run.active {
            return Ok(Assessment {
                flags: vec![],
                grade: None,
            });
        }
        if !run.write || run.commands.iter().any(|command| command.test) {
            return Ok(Assessment {
                flags: vec![],
                grade: Some(Grade {
                    score: 100,
                    notes: vec![],
                }),
            });
        }
        let message = "it may write and ran no tests";
        let flag = Flag {
            code: "no_tests".into(),
            severity: Severity::Medium,
            category: "quality".into(),
            confidence: Confidence::High,
            message: message.into(),
            blocking: false,
        };
        let grade = Grade {
            score: 60,
            notes: vec![format!("40 off: {message}")],
        };
        Ok(Assessment {
            flags: vec![flag],
            grade: Some(grade),
        })
    }
}

cc_policy_sdk::export_run_reviewer!(Plugin);
