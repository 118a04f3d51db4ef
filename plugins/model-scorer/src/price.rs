//! What a model costs, and how cheap that is.

use cc_policy_sdk::{Attributes, number};

/// USD per million tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Price {
    pub(crate) input: f64,
    pub(crate) output: f64,
    cache_read: f64,
    cache_write: f64,
    multiplier: f64,
    /// All of it is a table's, not the profile's.
    pub(crate) listed: bool,
}

/// Shares of an agent's tokens: most of a long conversation is read back from the cache.
const MIX: [f64; 4] = [0.25, 0.10, 0.60, 0.05];
/// Blended USD per million tokens that score 10 and 0.
const CHEAPEST: f64 = 0.05;
const DEAREST: f64 = 20.0;

impl Price {
    /// The profile's own figures where it has them, the list price elsewhere; none when input or output is unknown.
    pub(crate) fn of(attributes: &Attributes, list: Option<(f64, f64)>) -> Option<Self> {
        let given = |key: &str| number(attributes, key).filter(|price| *price >= 0.0);
        let (own_input, own_output) = (given("price.input"), given("price.output"));
        let input = own_input.or(list.map(|(input, _)| input))?;
        let output = own_output.or(list.map(|(_, output)| output))?;
        Some(Self {
            input,
            output,
            // What most providers ask for a cached token: a tenth to read it, the whole price to write it.
            cache_read: given("price.cache_read").unwrap_or(input * 0.1),
            cache_write: given("price.cache_write").unwrap_or(input),
            multiplier: given("cost_multiplier").unwrap_or(1.0),
            listed: own_input.is_none() && own_output.is_none(),
        })
    }

    /// The cost ability, 0 to 10: each tenfold price costs the same number of points.
    pub(crate) fn ability(&self) -> f64 {
        let parts = [self.input, self.output, self.cache_read, self.cache_write];
        let blended: f64 =
            parts.iter().zip(MIX).map(|(price, share)| price * share).sum::<f64>() * self.multiplier;
        10.0 * (DEAREST / blended.clamp(CHEAPEST, DEAREST)).ln() / (DEAREST / CHEAPEST).ln()
    }

    /// `5/25 USD per Mtok, built-in list price, times 0.8`.
    pub(crate) fn describe(&self) -> String {
        let source = if self.listed { "built-in list price" } else { "the profile's price" };
        let factor =
            if self.multiplier == 1.0 { String::new() } else { format!(", times {}", self.multiplier) };
        format!("{}/{} USD per Mtok, {source}{factor}", self.input, self.output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn ability(pairs: &[(&str, &str)]) -> f64 {
        Price::of(&attributes(pairs), None).expect("a price").ability()
    }

    #[test]
    fn each_tenfold_price_costs_the_same() {
        let at = |input: &str, output: &str| ability(&[("price.input", input), ("price.output", output)]);
        let (cheap, middle, dear) = (at("0.2", "0.6"), at("2", "6"), at("20", "60"));
        assert!((cheap - middle - (middle - dear)).abs() < 1e-9);
        assert!((cheap - middle - 3.84).abs() < 0.01);
    }

    #[test]
    fn free_is_ten_and_absurd_is_nothing() {
        assert_eq!(ability(&[("price.input", "0"), ("price.output", "0")]), 10.0);
        assert_eq!(ability(&[("price.input", "1"), ("price.output", "5"), ("cost_multiplier", "0")]), 10.0);
        assert_eq!(ability(&[("price.input", "500"), ("price.output", "900")]), 0.0);
    }

    #[test]
    fn the_profile_beats_the_list_figure_by_figure() {
        let price =
            Price::of(&attributes(&[("price.output", "9"), ("cost_multiplier", "0.5")]), Some((3.0, 15.0)));
        let price = price.expect("a price");
        assert_eq!((price.input, price.output, price.multiplier, price.listed), (3.0, 9.0, 0.5, false));
    }

    #[test]
    fn a_half_known_or_broken_price_is_none() {
        assert_eq!(Price::of(&attributes(&[("price.input", "1")]), None), None);
        assert_eq!(Price::of(&attributes(&[("price.input", "-1"), ("price.output", "x")]), None), None);
    }
}
