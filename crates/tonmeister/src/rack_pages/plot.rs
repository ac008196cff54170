//! Drawing in SVG: panels with a quiet grid, lines, areas and stems, on a ground of their own.

use std::fmt::Write as _;

/// The picture's size.
pub(super) const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 330.0;
const TOP: f64 = 66.0;
const BOTTOM: f64 = 284.0;

/// Colors that color-blind readers can tell apart (Okabe and Ito), on a dark ground.
pub(super) const COLORS: [&str; 4] = ["#56B4E9", "#E69F00", "#00C08B", "#E08FC0"];
/// What goes in, where what comes out is colored.
pub(super) const BEFORE: &str = "#7d8594";
const GROUND: &str = "#15171c";
const FIELD: &str = "#1b1e25";
const GRID: &str = "#2b3039";
const ZERO: &str = "#4a515e";
const QUIET: &str = "#9aa0ab";
const TEXT: &str = "#f2efe8";

/// One direction of a panel.
#[derive(Clone)]
pub(super) struct Axis {
    min: f64,
    max: f64,
    logarithmic: bool,
    ticks: Vec<(f64, String)>,
    label: String,
}

impl Axis {
    /// Equal steps of `step`, with their numbers.
    pub(super) fn linear(min: f64, max: f64, step: f64, label: &str) -> Self {
        let first = (min / step).ceil() as i64;
        let last = (max / step + 1e-9).floor() as i64;
        let places = usize::from(step < 1.0) + usize::from(step < 0.1);
        let tick = |k: i64| {
            let value = k as f64 * step;
            (value, format!("{value:.places$}").replace('-', "−"))
        };
        Axis { min, max, logarithmic: false, ticks: (first..=last).map(tick).collect(), label: label.into() }
    }

    /// About five round steps between these.
    pub(super) fn round(min: f64, max: f64, label: &str) -> Self {
        let rough = (max - min) / 5.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= rough * 0.999).unwrap_or(rough);
        Axis::linear(min, max, step, label)
    }

    /// What the ear hears: 20 Hz to 20 kHz.
    pub(super) fn hearing() -> Self {
        let ticks =
            [(20.0, "20"), (50.0, ""), (100.0, "100"), (200.0, ""), (500.0, "500"), (1000.0, "1k"), (2000.0, "")];
        let more = [(5000.0, "5k"), (10_000.0, "10k"), (20_000.0, "20k")];
        let ticks = ticks.into_iter().chain(more).map(|(hz, text)| (hz, text.to_string())).collect();
        Axis { min: 20.0, max: 20_000.0, logarithmic: true, ticks, label: "Hz".into() }
    }

    /// The same in a narrow field.
    pub(super) fn hearing_narrow() -> Self {
        let mut axis = Axis::hearing();
        for (hz, text) in &mut axis.ticks {
            if [500.0, 5000.0, 20_000.0].contains(hz) {
                text.clear();
            }
        }
        axis
    }

    fn part(&self, value: f64) -> f64 {
        if self.logarithmic {
            (value / self.min).ln() / (self.max / self.min).ln()
        } else {
            (value - self.min) / (self.max - self.min)
        }
    }
}

/// A picture being drawn.
pub(super) struct Plot {
    svg: String,
    panels: usize,
}

/// A field of a picture, and what its axes mean.
pub(super) struct Panel {
    left: f64,
    right: f64,
    x: Axis,
    y: Axis,
    number: usize,
}

impl Plot {
    /// The ground, the effect's name, and what each color means.
    pub(super) fn new(title: &str, legend: &[(String, &str)]) -> Self {
        let mut svg = String::new();
        let _ = writeln!(
            svg,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="system-ui,'Segoe UI','DejaVu Sans',sans-serif" font-size="11.5" fill="{QUIET}">
<rect width="{WIDTH}" height="{HEIGHT}" rx="10" fill="{GROUND}"/>
<text x="24" y="33" fill="{TEXT}" font-size="17" font-weight="600">{}</text>"#,
            escaped(title)
        );
        // About the width of such type; what the estimate is off by only shifts the whole row.
        let wide = |text: &str| 44.0 + 6.2 * text.chars().count() as f64;
        let mut x = WIDTH - 12.0 - legend.iter().map(|(text, _)| wide(text)).sum::<f64>();
        for (text, color) in legend {
            let _ = writeln!(
                svg,
                r##"<path d="M{x:.0} 28h14" stroke="{color}" stroke-width="2.5" stroke-linecap="round"/><text x="{:.0}" y="32" fill="#c9ccd3">{}</text>"##,
                x + 21.0,
                escaped(text)
            );
            x += wide(text);
        }
        Plot { svg, panels: 0 }
    }

    /// The field number `place` of `of` side by side, with its grid and a caption.
    pub(super) fn panel(&mut self, (place, of): (usize, usize), caption: &str, x: Axis, y: Axis) -> Panel {
        let each = (WIDTH - 20.0) / of as f64;
        let left = 10.0 + each * place as f64 + 50.0;
        let right = 10.0 + each * (place + 1) as f64 - 14.0;
        let number = self.panels;
        self.panels += 1;
        let panel = Panel { left, right, x, y, number };
        let _ = writeln!(
            self.svg,
            r##"<clipPath id="p{number}"><rect id="f{number}" x="{left:.1}" y="{TOP}" width="{:.1}" height="{}" rx="3"/></clipPath><use href="#f{number}" fill="{FIELD}"/><text x="{left:.1}" y="{}">{}</text>"##,
            right - left,
            BOTTOM - TOP,
            TOP - 8.0,
            escaped(caption)
        );
        let (mut grid, mut zero) = (String::new(), String::new());
        for (value, text) in &panel.x.ticks {
            let x = panel.x(*value);
            let _ = write!(grid, "M{x:.1} {TOP}V{BOTTOM}");
            let _ = write!(self.svg, r#"<text x="{x:.1}" y="{}" text-anchor="middle">{text}</text>"#, BOTTOM + 16.0);
        }
        for (value, text) in &panel.y.ticks {
            let y = panel.y(*value);
            let _ = write!(if *value == 0.0 { &mut zero } else { &mut grid }, "M{left:.1} {y:.1}H{right:.1}");
            let at = y + 4.0;
            let _ = write!(self.svg, r#"<text x="{:.1}" y="{at:.1}" text-anchor="end">{text}</text>"#, left - 7.0);
        }
        let _ = writeln!(
            self.svg,
            r#"
<text x="{right:.1}" y="{}" text-anchor="end">{}</text><text x="{right:.1}" y="{}" text-anchor="end">{}</text><path d="{grid}" stroke="{GRID}"/><path d="{zero}" stroke="{ZERO}"/>"#,
            BOTTOM + 33.0,
            escaped(&panel.x.label),
            TOP - 8.0,
            escaped(&panel.y.label)
        );
        panel
    }

    /// A line through points in the panel's own units.
    pub(super) fn line(&mut self, panel: &Panel, points: impl IntoIterator<Item = (f64, f64)>, color: &str, wide: f64) {
        let points = thinned(&panel.inside(points));
        let path = path(&points);
        let _ = writeln!(
            self.svg,
            r#"<path clip-path="url(#p{})" d="{path}" fill="none" stroke="{color}" stroke-width="{wide}" stroke-linejoin="round"/>"#,
            panel.number
        );
    }

    /// Upright strokes from the bottom, moved aside by `aside` so that several sets can stand beside one another.
    pub(super) fn stems(&mut self, panel: &Panel, points: &[(f64, f64)], color: &str, aside: f64, wide: f64) {
        let mut path = String::new();
        for (x, y) in points.iter().filter(|(_, y)| *y > panel.y.min) {
            let _ = write!(path, "M{:.1} {BOTTOM}V{:.1}", panel.x(*x) + aside, panel.y(*y));
        }
        let number = panel.number;
        let _ = writeln!(
            self.svg,
            r#"<path clip-path="url(#p{number})" d="{path}" stroke="{color}" stroke-width="{wide}"/>"#
        );
    }

    /// Many small dots.
    pub(super) fn dots(&mut self, panel: &Panel, points: impl IntoIterator<Item = (f64, f64)>, color: &str) {
        let mut path = String::new();
        for (x, y) in panel.inside(points) {
            let _ = write!(path, "M{x:.1} {y:.1}h0");
        }
        let _ = writeln!(
            self.svg,
            r#"<path clip-path="url(#p{})" d="{path}" stroke="{color}" stroke-width="2" stroke-linecap="round" stroke-opacity=".55"/>"#,
            panel.number
        );
    }

    /// The finished picture.
    pub(super) fn finish(mut self) -> String {
        self.svg.push_str("</svg>\n");
        self.svg
    }
}

impl Panel {
    fn x(&self, value: f64) -> f64 {
        self.left + (self.right - self.left) * self.x.part(value).clamp(0.0, 1.0)
    }

    fn y(&self, value: f64) -> f64 {
        // A little outside is clipped by the field; far outside would only make the file longer.
        BOTTOM - (BOTTOM - TOP) * self.y.part(value).clamp(-0.5, 1.5)
    }

    fn inside(&self, points: impl IntoIterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
        points.into_iter().map(|(x, y)| (self.x(x), self.y(y))).collect()
    }
}

fn path(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (n, (x, y)) in points.iter().enumerate() {
        let _ = write!(path, "{}{x:.1} {y:.1}", if n == 0 { "M" } else { "L" });
    }
    path
}

/// Without the points that the eye would not miss (Ramer, Douglas, Peucker; a sixth of a pixel).
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut keep = vec![false; points.len()];
    let mut open = vec![(0, points.len().saturating_sub(1))];
    while let Some((from, to)) = open.pop() {
        let Some((a, b)) = points.get(from).zip(points.get(to)) else { continue };
        (keep[from], keep[to]) = (true, true);
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let long = dx.hypot(dy).max(1e-9);
        let away = |p: &(f64, f64)| ((p.0 - a.0) * dy - (p.1 - a.1) * dx).abs() / long;
        let farthest = (from + 1..to).max_by(|i, j| away(&points[*i]).total_cmp(&away(&points[*j])));
        if let Some(middle) = farthest.filter(|i| away(&points[*i]) > 0.16) {
            open.extend([(from, middle), (middle, to)]);
        }
    }
    points.iter().zip(keep).filter(|(_, keep)| *keep).map(|(point, _)| *point).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
