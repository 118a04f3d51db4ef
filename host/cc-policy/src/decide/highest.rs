//! One plugin answers: the highest that can.

use cc_domain::{PluginRef, Said, TraceStep};

use super::{Answer, Silence, step};
use crate::PolicyError;

/// Asks from the highest seat down until one answers.
pub(crate) fn highest<T, E: Into<Silence>>(
    seats: &[PluginRef],
    ask: impl Fn(&PluginRef) -> Result<T, E>,
) -> Result<Answer<T>, Vec<TraceStep>> {
    let mut trace = Vec::new();
    for plugin in seats.iter().rev() {
        match ask(plugin) {
            Ok(value) => {
                trace.push(step(plugin, Said::Chose, "answered"));
                return Ok(Answer { value, plugin: Some(plugin.clone()), trace });
            }
            Err(silence) => {
                let Silence { said, reason } = silence.into();
                trace.push(step(plugin, said, reason));
            }
        }
    }
    Err(trace)
}

/// The error of a question that nobody answered.
pub(crate) fn nobody(what: &str, trace: Vec<TraceStep>) -> PolicyError {
    let reasons = match trace.as_slice() {
        [] => format!("there is no {what} that may answer"),
        steps => steps.iter().map(|step| step.reason.as_str()).collect::<Vec<_>>().join("; "),
    };
    PolicyError::NobodyAnswered { what: what.into(), reasons, trace }
}

#[cfg(test)]
mod tests {
    use cc_domain::Layer;

    use super::*;
    use crate::decide::samples::plugin;

    #[test]
    fn the_layer_below_answers_for_one_that_fails() {
        let seats = [plugin("a", Layer::Bundled), plugin("b", Layer::User), plugin("c", Layer::Project)];
        let answer =
            highest(
                &seats,
                |who| if who.id == "c" { Err("c trapped".to_owned()) } else { Ok(who.id.clone()) },
            );
        let answer = answer.expect("an answer");
        assert_eq!(answer.value, "b");
        let said: Vec<_> = answer.trace.iter().map(|step| (step.who.as_str(), step.said)).collect();
        assert_eq!(said, [("c", Said::Failed), ("b", Said::Chose)]);
    }

    #[test]
    fn when_all_fail_the_error_names_each_reason() {
        let seats = [plugin("a", Layer::Bundled), plugin("b", Layer::User)];
        let trace =
            highest::<(), String>(&seats, |who| Err(format!("{} is ill", who.id))).expect_err("nobody");
        let error = nobody("run-reviewer", trace).to_string();
        assert!(error.contains("b is ill; a is ill"), "{error}");
    }
}
