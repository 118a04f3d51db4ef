//! What some scores say of the score behind them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// 95 % of a normal distribution lie within so many standard deviations.
const Z: f64 = 1.959_963_984_540_054;

/// A mean score from 0 to 1 with its 95 % interval after Wilson.
///
/// A score between 0 and 1 scatters at most as a coin of the same mean does, so the interval of a coin is never too
/// narrow for partial credit. Student's would be of no width where three repetitions agree, which three prove little.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// How many scores.
    pub n: u32,
    /// Their mean.
    pub mean: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Estimate {
    /// Of scores from 0 to 1; none when there are no scores. What lies outside counts as the nearest end.
    #[must_use]
    pub fn of(scores: &[f64]) -> Option<Self> {
        let n = u32::try_from(scores.len()).ok().filter(|n| *n > 0)?;
        let count = f64::from(n);
        let mean = scores.iter().map(|score| score.clamp(0.0, 1.0)).sum::<f64>() / count;
        let middle = (mean + Z * Z / (2.0 * count)) / (1.0 + Z * Z / count);
        let spread = (mean * (1.0 - mean) / count + Z * Z / (4.0 * count * count)).sqrt();
        let half = Z / (1.0 + Z * Z / count) * spread;
        // Rounding must not put the mean outside.
        let (low, high) = ((middle - half).clamp(0.0, mean), (middle + half).clamp(mean, 1.0));
        Some(Self { n, mean, low, high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(good: usize, n: usize) -> Estimate {
        let scores: Vec<f64> = (0..n).map(|i| if i < good { 1.0 } else { 0.0 }).collect();
        Estimate::of(&scores).unwrap()
    }

    #[test]
    fn the_interval_is_wilsons() {
        // Published values: Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        for (good, n, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let found = of(good, n);
            assert!(
                (found.low - low).abs() < 5e-5 && (found.high - high).abs() < 5e-5,
                "{good}/{n}: {found:?}"
            );
        }
    }

    #[test]
    fn three_of_three_prove_little() {
        let found = of(3, 3);
        assert!((found.low - 0.4385).abs() < 1e-4, "{found:?}");
        assert!((found.mean - 1.0).abs() < f64::EPSILON && (found.high - 1.0).abs() < f64::EPSILON);
        assert_eq!(Estimate::of(&[]), None);
    }

    #[test]
    fn the_mean_is_inside_and_more_scores_narrow_it() {
        let wide = Estimate::of(&[0.5, 1.0]).unwrap();
        let narrow = Estimate::of(&[0.5, 1.0].repeat(50)).unwrap();
        assert!(narrow.low > wide.low && narrow.high < wide.high);
        assert!(narrow.low <= narrow.mean && narrow.mean <= narrow.high);
    }
}
