use cc_domain::{Accuracy, Usage};
use proptest::prelude::*;

use super::*;

fn spent(tokens: u64) -> Spent {
    let usage = Usage { input_tokens: tokens, ..Usage::default() };
    Spent { usage, usd: Some(tokens as f64), accuracy: Accuracy::Priced }
}

#[test]
fn what_a_run_spends_after_midnight_is_the_next_days() {
    let mut days = Vec::new();
    for (today, total) in [("a", 10), ("a", 30), ("b", 30), ("b", 37)] {
        spread(&mut days, today, spent(total));
    }
    assert_eq!(days, [("a".to_owned(), spent(30)), ("b".to_owned(), spent(7))]);
    // More was reckoned than it turned out to be.
    spread(&mut days, "b", spent(25));
    assert_eq!(days[0].1, spent(25));
    assert!(days[1].1.is_nothing());
}

proptest! {
    #[test]
    fn the_days_always_add_up_to_the_whole(totals in prop::collection::vec((0..4_u8, 0..1_000_u64), 1..40)) {
        let mut days = Vec::new();
        let mut day = 0;
        for (later, total) in totals {
            day += u32::from(later == 0);
            spread(&mut days, &day.to_string(), spent(total));
            let sum: Spent = days.iter().map(|(_, spent)| *spent).sum();
            prop_assert_eq!(sum.usage.total(), total);
            prop_assert!((sum.usd.unwrap_or_default() - total as f64).abs() < 1e-9);
        }
    }
}
