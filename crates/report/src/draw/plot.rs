//! Drawing in SVG: fields with a quiet grid, and lines, areas, stems, bands, heat maps and marks in them.

use std::fmt::Write as _;

use super::axis::Axis;
use super::heat::Heat;
use super::theme::{PAGE, Theme};
use crate::text::escaped;

/// Typefaces in the order of preference. The first is inside every page and every PNG.
pub const FONTS: &str = "system-ui,'Segoe UI','DejaVu Sans',sans-serif";

/// The size of a card, and where its fields stand.
const CARD: (f64, f64) = (800.0, 330.0);
const CARD_TOP: f64 = 66.0;
const CARD_BOTTOM: f64 = 284.0;

/// A picture being drawn.
pub struct Plot {
    svg: String,
    /// In front of every name inside the picture, so that several can live in one page.
    prefix: String,
    fields: usize,
    theme: Theme,
}

/// A part of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    /// Its left edge.
    pub left: f64,
    /// Its upper edge.
    pub top: f64,
    /// Its right edge.
    pub right: f64,
    /// Its lower edge.
    pub bottom: f64,
}

/// A field of a picture, and what its axes mean.
#[derive(Clone, Debug)]
pub struct Field {
    /// Where it stands.
    pub rect: Rect,
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    name: String,
}

/// The shape of a mark, one for each gravity, so that color is never alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// ▼
    Wedge,
    /// ◆
    Diamond,
    /// ●
    Dot,
}

impl Plot {
    /// A card of 800 by 330 on a ground of its own: a title, and what each color means.
    pub fn card(theme: Theme, title: &str, legend: &[(String, &str)]) -> Self {
        let (width, height) = CARD;
        let mut svg = String::new();
        let _ = writeln!(
            svg,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="{FONTS}" font-size="11.5" fill="{}">
<rect width="{width}" height="{height}" rx="10" fill="{}"/>
<text x="24" y="33" fill="{}" font-size="17" font-weight="600">{}</text>"#,
            theme.quiet,
            theme.ground,
            theme.text,
            escaped(title)
        );
        let mut plot = Plot { svg, prefix: String::new(), fields: 0, theme };
        plot.legend(width - 12.0, 32.0, legend);
        plot
    }

    /// A picture of any size inside a page: no ground, no title. `name` must be the picture's alone in that page.
    pub fn bare(theme: Theme, name: &str, (width, height): (f64, f64), label: &str) -> Self {
        let mut svg = String::new();
        let _ = writeln!(
            svg,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="Inter,{FONTS}" font-size="12" fill="{}" role="img" aria-label="{}">"#,
            theme.quiet,
            escaped(label)
        );
        Plot { svg, prefix: format!("{name}-"), fields: 0, theme }
    }

    /// What each color means, in a row that ends at `right`.
    pub fn legend(&mut self, right: f64, base: f64, legend: &[(String, &str)]) {
        // About the width of such type; what the estimate is off by only shifts the whole row.
        let wide = |text: &str| 44.0 + 6.2 * text.chars().count() as f64;
        let mut x = right - legend.iter().map(|(text, _)| wide(text)).sum::<f64>();
        for (text, color) in legend {
            let _ = writeln!(
                self.svg,
                r#"<path d="M{x:.0} {}h14" stroke="{color}" stroke-width="2.5" stroke-linecap="round"/><text x="{:.0}" y="{base}" fill="{}">{}</text>"#,
                base - 4.0,
                x + 21.0,
                self.theme.legend,
                escaped(text)
            );
            x += wide(text);
        }
    }

    /// The colors it is drawn in.
    pub fn theme(&self) -> Theme {
        self.theme
    }

    /// The field number `place` of `of` side by side on a card.
    pub fn panel(&mut self, (place, of): (usize, usize), caption: &str, x: Axis, y: Axis) -> Field {
        let each = (CARD.0 - 20.0) / of as f64;
        let left = 10.0 + each * place as f64 + 50.0;
        let right = 10.0 + each * (place + 1) as f64 - 14.0;
        self.field(Rect { left, top: CARD_TOP, right, bottom: CARD_BOTTOM }, caption, x, y)
    }

    /// A field with its grid, its numbers and a caption above.
    pub fn field(&mut self, rect: Rect, caption: &str, x: Axis, y: Axis) -> Field {
        let Rect { left, top, right, bottom } = rect;
        let Theme { grid: grid_ink, zero: zero_ink, field: field_ink, .. } = self.theme;
        let name = format!("{}{}", self.prefix, self.fields);
        self.fields += 1;
        let field = Field { rect, x, y, name };
        let id = |letter: char| field.id(letter);
        let _ = writeln!(
            self.svg,
            r##"<clipPath id="{}"><rect id="{}" x="{left:.1}" y="{top}" width="{:.1}" height="{}" rx="3"/></clipPath><use href="#{}" fill="{field_ink}"/><text x="{left:.1}" y="{}">{}</text>"##,
            id('p'),
            id('f'),
            right - left,
            bottom - top,
            id('f'),
            top - 8.0,
            escaped(caption)
        );
        let (mut grid, mut zero) = (String::new(), String::new());
        for (value, text) in &field.x.ticks {
            let x = field.x(*value);
            let _ = write!(grid, "M{x:.1} {top}V{bottom}");
            let _ = write!(self.svg, r#"<text x="{x:.1}" y="{}" text-anchor="middle">{text}</text>"#, bottom + 16.0);
        }
        for (value, text) in &field.y.ticks {
            let y = field.y(*value);
            let _ = write!(if *value == 0.0 { &mut zero } else { &mut grid }, "M{left:.1} {y:.1}H{right:.1}");
            let at = y + 4.0;
            let _ = write!(self.svg, r#"<text x="{:.1}" y="{at:.1}" text-anchor="end">{text}</text>"#, left - 7.0);
        }
        let _ = writeln!(
            self.svg,
            r#"
<text x="{right:.1}" y="{}" text-anchor="end">{}</text><text x="{right:.1}" y="{}" text-anchor="end">{}</text><path d="{grid}" stroke="{grid_ink}"/><path d="{zero}" stroke="{zero_ink}"/>"#,
            bottom + 33.0,
            escaped(&field.x.label),
            top - 8.0,
            escaped(&field.y.label)
        );
        field
    }

    /// A line through points in the field's own units.
    pub fn line(&mut self, field: &Field, points: impl IntoIterator<Item = (f64, f64)>, color: &str, wide: f64) {
        let points = thinned(&field.inside(points));
        let path = path(&points);
        let _ = writeln!(
            self.svg,
            r#"<path clip-path="url(#{})" d="{path}" fill="none" stroke="{color}" stroke-width="{wide}" stroke-linejoin="round"/>"#,
            field.id('p')
        );
    }

    /// Lines through the points there are; where there is none (silence has no loudness) the line is broken.
    pub fn broken_line(
        &mut self,
        field: &Field,
        points: impl IntoIterator<Item = (f64, Option<f64>)>,
        color: &str,
        wide: f64,
    ) {
        self.broken(field, points, color, wide, "");
    }

    /// The same, dashed: the second round of colors.
    pub fn broken_dashes(
        &mut self,
        field: &Field,
        points: impl IntoIterator<Item = (f64, Option<f64>)>,
        color: &str,
        wide: f64,
    ) {
        self.broken(field, points, color, wide, r#" stroke-dasharray="6 4""#);
    }

    fn broken(
        &mut self,
        field: &Field,
        points: impl IntoIterator<Item = (f64, Option<f64>)>,
        color: &str,
        wide: f64,
        dash: &str,
    ) {
        let mut all = String::new();
        for run in runs(points) {
            all.push_str(&path(&thinned(&field.inside(run))));
        }
        let _ = writeln!(
            self.svg,
            r#"<path clip-path="url(#{})" d="{all}" fill="none" stroke="{color}" stroke-width="{wide}"{dash} stroke-linejoin="round" stroke-linecap="round"/>"#,
            field.id('p')
        );
    }

    /// A dashed line.
    pub fn dashed(&mut self, field: &Field, points: impl IntoIterator<Item = (f64, f64)>, color: &str) {
        let path = path(&thinned(&field.inside(points)));
        let _ = writeln!(
            self.svg,
            r#"<path clip-path="url(#{})" d="{path}" fill="none" stroke="{color}" stroke-width="1.2" stroke-dasharray="5 4"/>"#,
            field.id('p')
        );
    }

    /// The area between two edges: (x, low, high).
    pub fn area(&mut self, field: &Field, points: &[(f64, f64, f64)], color: &str, opacity: f64) {
        let upper = thinned(&field.inside(points.iter().map(|(x, _, high)| (*x, *high))));
        let lower = thinned(&field.inside(points.iter().map(|(x, low, _)| (*x, *low))));
        if upper.is_empty() {
            return;
        }
        let mut outline = path(&upper);
        for (x, y) in lower.iter().rev() {
            let _ = write!(outline, "L{x:.1} {y:.1}");
        }
        let _ = writeln!(
            self.svg,
            r#"<path clip-path="url(#{})" d="{outline}Z" fill="{color}" fill-opacity="{opacity}"/>"#,
            field.id('p')
        );
    }

    /// A rectangle in the field's own units, at least a pixel wide.
    pub fn block(&mut self, field: &Field, (from, to): (f64, f64), (low, high): (f64, f64), color: &str, opacity: f64) {
        let (left, right) = (field.x(from), field.x(to));
        let (top, bottom) = (field.y(high), field.y(low));
        let wide = (right - left).max(1.0);
        let _ = writeln!(
            self.svg,
            r#"<rect clip-path="url(#{})" x="{left:.1}" y="{top:.1}" width="{wide:.1}" height="{:.1}" fill="{color}" fill-opacity="{opacity}"/>"#,
            field.id('p'),
            (bottom - top).max(0.0)
        );
    }

    /// Upright strokes from the bottom, moved aside by `aside` so that several sets can stand beside one another.
    pub fn stems(&mut self, field: &Field, points: &[(f64, f64)], color: &str, aside: f64, wide: f64) {
        let mut path = String::new();
        for (x, y) in points.iter().filter(|(_, y)| *y > field.y.min) {
            let _ = write!(path, "M{:.1} {}V{:.1}", field.x(*x) + aside, field.rect.bottom, field.y(*y));
        }
        let _ = writeln!(
            self.svg,
            r#"<path clip-path="url(#{})" d="{path}" stroke="{color}" stroke-width="{wide}"/>"#,
            field.id('p')
        );
    }

    /// Many small dots.
    pub fn dots(&mut self, field: &Field, points: impl IntoIterator<Item = (f64, f64)>, color: &str) {
        let mut path = String::new();
        for (x, y) in field.inside(points) {
            let _ = write!(path, "M{x:.1} {y:.1}h0");
        }
        let _ = writeln!(
            self.svg,
            r#"<path clip-path="url(#{})" d="{path}" stroke="{color}" stroke-width="2" stroke-linecap="round" stroke-opacity=".55"/>"#,
            field.id('p')
        );
    }

    /// A heat map that fills the field.
    pub fn heat(&mut self, field: &Field, heat: &Heat) {
        let Rect { left, top, right, bottom } = field.rect;
        let _ = writeln!(
            self.svg,
            r#"<image clip-path="url(#{})" x="{left:.1}" y="{top}" width="{:.1}" height="{:.1}" preserveAspectRatio="none" href="{}"/>"#,
            field.id('p'),
            right - left,
            bottom - top,
            heat.href()
        );
    }

    /// A heat map that fills the field. In a page it is only named: it stands there once, however often it is shown.
    pub fn shared_heat(&mut self, field: &Field, name: &str, heat: &Heat) {
        if self.theme == PAGE { self.named_heat(field, name) } else { self.heat(field, heat) }
    }

    /// A picture that stands elsewhere in the page under that name, one unit wide and high.
    fn named_heat(&mut self, field: &Field, name: &str) {
        let Rect { left, top, right, bottom } = field.rect;
        let _ = writeln!(
            self.svg,
            r##"<g clip-path="url(#{})"><use href="#{name}" transform="translate({left:.1} {top}) scale({:.3} {:.3})"/></g>"##,
            field.id('p'),
            right - left,
            bottom - top
        );
    }

    /// Words inside the field, `down` pixels below the value; `anchor` is `start`, `middle` or `end`.
    pub fn word(&mut self, field: &Field, (x, y): (f64, f64), down: f64, anchor: &str, color: &str, text: &str) {
        let _ = writeln!(
            self.svg,
            r#"<text x="{:.1}" y="{:.1}" text-anchor="{anchor}" fill="{color}" font-size="11">{}</text>"#,
            field.x(x),
            field.y(y) + down,
            escaped(text)
        );
    }

    /// Words anywhere in the picture.
    pub fn words(&mut self, x: f64, y: f64, anchor: &str, color: &str, size: f64, text: &str) {
        let _ = writeln!(
            self.svg,
            r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" fill="{color}" font-size="{size}">{}</text>"#,
            escaped(text)
        );
    }

    /// A mark at a place of the picture, with words for those who point at it.
    pub fn mark(&mut self, x: f64, y: f64, mark: Mark, color: &str, title: &str) {
        let outline = match mark {
            Mark::Wedge => format!("M{:.1} {:.1}h10l-5 9Z", x - 5.0, y - 5.0),
            Mark::Diamond => format!("M{x:.1} {:.1}l5 5l-5 5l-5 -5Z", y - 5.0),
            Mark::Dot => format!("M{:.1} {y:.1}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0Z", x - 3.5),
        };
        let _ = writeln!(self.svg, r#"<path d="{outline}" fill="{color}"><title>{}</title></path>"#, escaped(title));
    }

    /// Ready markup, for what this vocabulary has no word for.
    pub fn raw(&mut self, markup: &str) {
        self.svg.push_str(markup);
    }

    /// The finished picture.
    pub fn finish(mut self) -> String {
        self.svg.push_str("</svg>\n");
        self.svg
    }
}

impl Field {
    /// Where a value lies in the picture, from left.
    pub fn x(&self, value: f64) -> f64 {
        self.rect.left + (self.rect.right - self.rect.left) * self.x.part(value).clamp(0.0, 1.0)
    }

    /// Where a value lies in the picture, from the top.
    pub fn y(&self, value: f64) -> f64 {
        // A little outside is clipped by the field; far outside would only make the file longer.
        self.rect.bottom - (self.rect.bottom - self.rect.top) * self.y.part(value).clamp(-0.5, 1.5)
    }

    fn id(&self, letter: char) -> String {
        format!("{letter}{}", self.name)
    }

    fn inside(&self, points: impl IntoIterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
        let finite = |(x, y): &(f64, f64)| x.is_finite() && y.is_finite();
        points.into_iter().map(|(x, y)| (self.x(x), self.y(y))).filter(finite).collect()
    }
}

/// Stretches without a gap.
fn runs(points: impl IntoIterator<Item = (f64, Option<f64>)>) -> Vec<Vec<(f64, f64)>> {
    let mut runs = vec![Vec::new()];
    for (x, y) in points {
        match (y, runs.last_mut()) {
            (Some(y), Some(run)) => run.push((x, y)),
            (None, Some(run)) if !run.is_empty() => runs.push(Vec::new()),
            _ => {}
        }
    }
    runs
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
