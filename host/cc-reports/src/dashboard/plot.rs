//! Small pictures as inline SVG. Every figure in them also stands in a table or a label.

use std::fmt::Write as _;

use super::{
    format::usd,
    model::ModelRow,
    text::{line, plain},
};

const WIDTH: f64 = 880.0;
const HEIGHT: f64 = 312.0;
const LEFT: f64 = 44.0;
const BOTTOM: f64 = 34.0;
const TOP: f64 = 26.0;

/// Price against score: cheap and good is up on the left. Models without a listed price are told of below.
pub(super) fn price_plot(models: &[ModelRow]) -> String {
    let mut priced: Vec<(&ModelRow, f64)> = models
        .iter()
        .filter_map(|one| one.price.map(|price| (one, blended(price))))
        .filter(|(_, p)| *p > 0.0)
        .collect();
    if priced.len() < 2 {
        return String::new();
    }
    priced.sort_by(|a, b| b.0.overall.total_cmp(&a.0.overall));
    let (low, high) = bounds(priced.iter().map(|(_, price)| *price));
    let x =
        |price: f64| LEFT + (WIDTH - LEFT - 150.0) * ((price / low).ln() / (high / low).ln()).clamp(0.0, 1.0);
    let (worst, best) = (
        priced.iter().map(|(one, _)| one.overall).fold(10.0, f64::min).floor(),
        priced.iter().map(|(one, _)| one.overall).fold(0.0, f64::max).ceil(),
    );
    let span = (best - worst).max(1.0);
    let y = |score: f64| TOP + (HEIGHT - BOTTOM - TOP) * (1.0 - (score - worst) / span);
    let mut svg = axes(&x, &y, low, high, worst, worst + span);
    let _ = write!(
        svg,
        "<text x=\"0\" y=\"10\">score</text><text x=\"{WIDTH}\" y=\"{:.1}\" text-anchor=\"end\">USD per million tokens</text>",
        HEIGHT - 2.0
    );
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for (one, price) in &priced {
        let (at_x, at_y) = (x(*price), y(one.overall));
        let mut text_y = at_y + 4.0;
        // Labels of near points stand below each other.
        while taken.iter().any(|(tx, ty)| (tx - at_x).abs() < 150.0 && (ty - text_y).abs() < 13.0) {
            text_y += 13.0;
        }
        taken.push((at_x, text_y));
        let off = if one.unusable.is_some() { " off" } else { "" };
        let name = if one.model.is_empty() { "provider's default" } else { &one.model };
        let _ = write!(
            svg,
            "<circle class=\"mark{off}\" cx=\"{at_x:.1}\" cy=\"{at_y:.1}\" r=\"4.5\"><title>{}: {:.2}, {} USD</title></circle>\
             <text class=\"name\" x=\"{:.1}\" y=\"{text_y:.1}\">{}</text>",
            plain(name),
            one.overall,
            usd(*price),
            at_x + 9.0,
            label(name)
        );
    }
    let without = models.len() - priced.len();
    let rest = if without > 0 { format!(" {without} more have no listed price.") } else { String::new() };
    format!(
        "<figure class=\"plot wide\"><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Score against price\"><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Score against price; the \
         table below has the same figures\">{svg}</svg></div><figcaption>Overall score against price: USD per million tokens, \
         three parts input and one part output. Up and left is better; hollow: not usable now.{rest}</figcaption></figure>"
    )
}

fn label(name: &str) -> String {
    let cut: String = name.chars().take(22).collect();
    let more = if name.chars().nth(22).is_some() { "…" } else { "" };
    // `bdi` is no element of SVG; isolation comes from the mark itself.
    let inner = line(&cut, 22);
    let inner = inner.trim_start_matches("<bdi>").trim_end_matches("</bdi>");
    format!("{}{more}", inner.replace("<span", "<tspan").replace("</span>", "</tspan>"))
}

fn axes(
    x: &impl Fn(f64) -> f64,
    y: &impl Fn(f64) -> f64,
    low: f64,
    high: f64,
    worst: f64,
    best: f64,
) -> String {
    let mut svg = String::new();
    let floor = HEIGHT - BOTTOM;
    let mut score = worst;
    while score <= best {
        let at = y(score);
        let _ = write!(
            svg,
            "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{score}</text>",
            LEFT - 8.0,
            at + 4.0
        );
        score += 1.0;
    }
    for price in [0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0] {
        if (low..=high).contains(&price) {
            let at = x(price);
            let _ = write!(
                svg,
                "<line class=\"axis\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{floor}\"/>\
                 <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{price}</text>",
                floor + 18.0
            );
        }
    }
    svg
}

fn blended((input, output): (f64, f64)) -> f64 {
    (input * 3.0 + output) / 4.0
}

/// A little room on both sides.
fn bounds(prices: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) =
        prices.fold((f64::MAX, f64::MIN), |(low, high), price| (low.min(price), high.max(price)));
    (low * 0.8, (high * 1.25).max(low * 2.0))
}

/// USD of the last days, as bars.
pub(super) fn day_plot(days: &[(String, f64)]) -> String {
    let most = days.iter().map(|(_, usd)| *usd).fold(0.0, f64::max);
    if days.len() < 2 || most <= 0.0 {
        return String::new();
    }
    let (width, height, room) = (400.0, 120.0, 88.0);
    let each = width / days.len() as f64;
    let mut svg = String::new();
    for (at, (day, amount)) in days.iter().enumerate() {
        let tall = (amount / most * room).max(if *amount > 0.0 { 1.5 } else { 0.0 });
        let past = if at + 1 < days.len() { " past" } else { "" };
        let x = each * at as f64;
        let _ = write!(
            svg,
            "<rect class=\"day{past}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{tall:.1}\"><title>{}: {} USD\
             </title></rect>",
            x + each * 0.15,
            height - 18.0 - tall,
            each * 0.7,
            plain(day),
            usd(*amount)
        );
        if at == 0 || at + 1 == days.len() {
            let (anchor, place) = if at == 0 { ("start", x + each * 0.15) } else { ("end", x + each * 0.85) };
            let _ = write!(
                svg,
                "<text x=\"{place:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
                height - 4.0,
                plain(day.get(5..).unwrap_or(day))
            );
        }
    }
    let _ = write!(svg, "<text x=\"0\" y=\"10\">USD a day, {} at most</text>", usd(most));
    format!(
        "<figure class=\"plot\"><svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"USD of the last {} \
         days\">{svg}</svg></figure>",
        days.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_stand_where_their_figures_say_and_no_name_breaks_out() {
        let model = |name: &str, overall, price| ModelRow {
            model: name.into(),
            overall,
            price,
            ..ModelRow::default()
        };
        let svg = price_plot(&[
            model("</text><script>", 8.0, Some((1.0, 4.0))),
            model("cheap", 6.0, Some((0.1, 0.4))),
            model("unpriced", 9.0, None),
        ]);
        assert!(svg.contains("&lt;/text&gt;&lt;script&gt;") && !svg.contains("<script"), "{svg}");
        assert!(svg.contains("1 more have no listed price"), "{svg}");
        assert_eq!(price_plot(&[model("alone", 1.0, Some((1.0, 1.0)))]), "");
    }

    #[test]
    fn days_without_spending_are_no_picture() {
        assert_eq!(day_plot(&[("2026-11-24".into(), 0.0), ("2026-11-25".into(), 0.0)]), "");
        assert!(
            day_plot(&[("2026-11-24".into(), 1.0), ("2026-11-25".into(), 2.0)])
                .contains("USD a day, 2.00 at most")
        );
    }
}
