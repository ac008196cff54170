//! A small scale with a needle: one value among its usual company.

use crate::draw::{Axis, Plot, Theme};
use crate::text::number;

/// What a needle stands on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Its left end.
    pub min: f64,
    /// Its right end.
    pub max: f64,
    /// Marked values.
    pub ticks: &'static [f64],
    /// A stretch to be held apart: where most lies, or from where on it is too much.
    pub band: Option<(f64, f64)>,
}

/// The scale with its needle, 180 units by 30. A value beyond an end stands at that end.
pub fn scale(theme: Theme, name: &str, scale: &Scale, value: Option<f64>) -> String {
    const WIDTH: f64 = 180.0;
    let axis = Axis::plain(scale.min, scale.max);
    let x = |value: f64| 4.0 + (WIDTH - 8.0) * axis.part(value).clamp(0.0, 1.0);
    let words = value.map_or("no value".into(), |v| {
        format!("{} on a scale from {} to {}", number(v, 1), number(scale.min, 0), number(scale.max, 0))
    });
    let mut plot = Plot::bare(theme, name, (WIDTH, 30.0), &words);
    plot.raw(&format!("<path d=\"M4 9H{}\" stroke=\"{}\"/>\n", WIDTH - 4.0, theme.zero));
    if let Some((from, to)) = scale.band {
        let (from, to) = (x(from), x(to));
        plot.raw(&format!("<path d=\"M{from:.1} 9H{to:.1}\" stroke=\"{}\" stroke-width=\"3\"/>\n", theme.warning));
    }
    for tick in scale.ticks {
        plot.raw(&format!("<path d=\"M{:.1} 9v4\" stroke=\"{}\"/>\n", x(*tick), theme.zero));
        plot.words(x(*tick), 26.0, "middle", theme.quiet, 10.5, &number(*tick, 0));
    }
    if let Some(value) = value {
        let x = x(value);
        plot.raw(&format!(
            "<path d=\"M{x:.1} 1V14\" stroke=\"{}\" stroke-width=\"2.5\" stroke-linecap=\"round\"/>\n",
            theme.series[1]
        ));
    }
    plot.finish()
}
