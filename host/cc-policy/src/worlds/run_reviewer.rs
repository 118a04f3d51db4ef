//! World `run-reviewer`.

use cc_domain::{Review, RunFacts};

use super::{Binding, broken, check_name, sentence, v1};
use crate::engine::{Plugin, PluginError};

/// Flags and notes of one review.
const FLAGS: usize = 500;

impl Plugin {
    /// Asks a run-reviewer.
    ///
    /// # Errors
    /// When the plugin fails, or gives a grade above 100 or a flag without a code.
    pub fn review(&self, run: &RunFacts) -> Result<Review, PluginError> {
        let review = match self.binding() {
            Binding::V1(functions) => v1::run_reviewer::review(self, functions, run)?,
            #[cfg(test)]
            Binding::Next(_) => unreachable!("the next version has routers only"),
        };
        checked(review).map_err(|error| self.blame(error))
    }
}

fn checked(mut review: Review) -> Result<Review, PluginError> {
    let notes = review.grade.as_ref().map_or(0, |grade| grade.notes.len());
    if review.flags.len() > FLAGS || notes > FLAGS {
        return Err(broken(format!(
            "{} flags and {notes} notes; {FLAGS} of each are enough",
            review.flags.len()
        )));
    }
    for flag in &mut review.flags {
        check_name("flag", &flag.code)?;
        check_name("category", &flag.category)?;
        flag.message = sentence(&flag.message);
    }
    if let Some(grade) = &mut review.grade {
        if grade.score > 100 {
            return Err(broken(format!("a grade of {}, and the best is 100", grade.score)));
        }
        grade.notes.iter_mut().for_each(|note| *note = sentence(note));
    }
    Ok(review)
}

#[cfg(test)]
mod tests {
    use cc_domain::{Confidence, Flag, Grade, Severity};

    use super::*;

    fn flag(code: &str) -> Flag {
        Flag {
            code: code.into(),
            severity: Severity::High,
            category: "routing".into(),
            confidence: Confidence::High,
            message: "not the\nrouted model".into(),
            blocking: true,
        }
    }

    #[test]
    fn a_review_has_codes_plain_lines_and_a_grade_up_to_100() {
        let graded = |score| Review {
            flags: vec![flag("route_mismatch")],
            grade: Some(Grade { score, notes: vec![] }),
        };
        assert_eq!(checked(graded(100)).expect("a review").flags[0].message, "not the routed model");
        assert!(checked(graded(101)).is_err());
        assert!(checked(Review { flags: vec![flag("")], grade: None }).is_err());
        assert!(checked(Review { flags: vec![flag("x"); FLAGS + 1], grade: None }).is_err());
    }
}
