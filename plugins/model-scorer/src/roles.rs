//! What each role asks of a model.

/// Percent of each ability, in the order of `ABILITIES`. Each row sums to 100.
#[rustfmt::skip]
const ROLES: [(&str, [u8; 8]); 14] = [
    // role          code long reason speed stable cost tools media
    ("requirements",  [10, 20,   25,   10,   15,   10,   10,   0]),
    ("architecture",  [25, 20,   30,    0,   10,    0,   15,   0]),
    ("development",   [35, 10,   25,    0,   10,    0,   20,   0]),
    ("testing",       [25,  0,   10,   15,   15,   15,   20,   0]),
    ("review",        [25, 20,   30,    0,   15,    0,   10,   0]),
    ("performance",   [30,  5,   25,   10,   15,    0,   15,   0]),
    ("compatibility", [20, 15,   15,    0,   25,    5,   20,   0]),
    ("documentation", [10, 25,   15,   15,   10,   15,   10,   0]),
    ("automation",    [25,  0,   15,   10,   20,    5,   25,   0]),
    ("security",      [20, 20,   35,    0,   15,    0,   10,   0]),
    ("supervisor",    [10, 20,   35,    0,   20,    0,   15,   0]),
    ("implementation",[35, 10,   25,    0,   10,    0,   20,   0]),
    ("ops",           [ 5, 10,   15,   15,   25,   10,   20,   0]),
    ("multimodal",    [10, 10,   15,    0,    5,    0,   20,  40]),
];

/// Task types are asked for as roles, too; these name the role that does such work.
const TASK_TYPES: [(&str, &str); 6] = [
    ("simple", "testing"),
    ("normal", "requirements"),
    ("complex_code", "implementation"),
    ("security_review", "security"),
    ("performance_review", "performance"),
    ("compatibility_review", "compatibility"),
];

/// The abilities' shares for a role or task type, which sum to 1; even ones for a role of the team's own.
pub(crate) fn weights(role: &str) -> [f64; 8] {
    let role = TASK_TYPES.iter().find(|(task, _)| *task == role).map_or(role, |(_, role)| role);
    let row = ROLES.iter().find(|(name, _)| *name == role);
    row.map_or([0.125; 8], |(_, percent)| percent.map(|share| f64::from(share) / 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_sums_to_one_hundred() {
        for (role, row) in ROLES {
            assert_eq!(row.iter().map(|share| u32::from(*share)).sum::<u32>(), 100, "{role}");
        }
    }

    #[test]
    fn a_task_type_asks_what_its_role_asks_and_an_unknown_role_asks_evenly() {
        assert_eq!(weights("complex_code"), weights("implementation"));
        assert_eq!(weights("data_steward"), [0.125; 8]);
    }
}
