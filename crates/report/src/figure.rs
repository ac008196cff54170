//! A figure: one picture with its title, its words and its numbers, in every size and color it is needed in.

use std::fmt::Write as _;

use crate::draw::{DARK, FONTS, Heat, Ink, LIGHT, PAGE, PaintError, Plot, Rect, Theme, png};
use crate::page::{Drawing, Table};
use crate::text::escaped;

/// For which surface a figure is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A desk.
    Wide,
    /// A sheet of paper: laid out as on a desk, but letters are larger against the whole.
    Paper,
    /// A telephone held upright.
    Narrow,
}

impl Shape {
    /// Units from edge to edge.
    pub fn width(self) -> f64 {
        match self {
            Shape::Wide => 960.0,
            Shape::Paper => 760.0,
            Shape::Narrow => 360.0,
        }
    }

    /// One value or the other; paper is wide.
    pub fn pick<T>(self, wide: T, narrow: T) -> T {
        match self {
            Shape::Wide | Shape::Paper => wide,
            Shape::Narrow => narrow,
        }
    }

    /// Where fields that share an axis begin and end.
    pub fn span(self) -> (f64, f64) {
        match self {
            Shape::Wide => (46.0, 948.0),
            Shape::Paper => (46.0, 744.0),
            Shape::Narrow => (34.0, 354.0),
        }
    }

    /// A field over the whole width.
    pub fn field(self, top: f64, bottom: f64) -> Rect {
        let (left, right) = self.span();
        Rect { left, top, right, bottom }
    }
}

/// What a pointer over a figure reads.
#[derive(Clone, Debug)]
pub struct Readout {
    /// Over time in seconds, or over frequency.
    pub axis: ReadAxis,
    /// What is read at each place.
    pub tracks: Vec<Track>,
}

/// What the horizontal axis of a [`Readout`] is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReadAxis {
    /// From 0 to so many seconds; all such figures of a page share one cursor.
    Seconds(f64),
    /// From the first to the second, in equal ratios.
    Hertz(f64, f64),
}

/// One row of numbers under the pointer.
#[derive(Clone, Debug)]
pub struct Track {
    /// What it is.
    pub label: String,
    /// Of what.
    pub unit: &'static str,
    /// Decimals.
    pub places: usize,
    /// Where the first value stands: seconds, or hertz.
    pub from: f64,
    /// How far apart they stand: seconds, or a ratio of frequencies.
    pub step: f64,
    /// The values.
    pub values: Vec<Option<f64>>,
}

/// Draws a figure for a surface.
pub type Draw<'a> = Box<dyn Fn(&mut Plot, Shape) + 'a>;

/// A picture with all that belongs to it. Its parts are plain: any page can take it, and any file.
pub struct Figure<'a> {
    /// Its name, for files and for links: `loudness`.
    pub name: String,
    /// Above it.
    pub title: String,
    /// What is to be seen, in words.
    pub words: String,
    /// How to read it.
    pub caption: String,
    /// What each color means.
    pub legend: Vec<(String, Ink)>,
    /// Height when wide, and when narrow.
    pub heights: (f64, f64),
    /// The numbers behind it.
    pub table: Option<Table>,
    /// What a pointer reads.
    pub readout: Option<Readout>,
    /// Heat maps that it shows, by names of its own.
    pub heats: Vec<(String, Heat)>,
    /// Draws it.
    pub draw: Draw<'a>,
}

impl Figure<'_> {
    fn height(&self, shape: Shape) -> f64 {
        shape.pick(self.heights.0, self.heights.1)
    }

    fn bare(&self, theme: &Theme, shape: Shape, name: &str) -> String {
        let size = (shape.width(), self.height(shape));
        let mut plot = Plot::bare(*theme, name, size, &self.words);
        (self.draw)(&mut plot, shape);
        plot.finish()
    }

    /// For a page: its maps, of which a page may hold many of one name, are found under the figure's own name.
    fn in_page(&self, shape: Shape, letter: &str) -> String {
        let mut svg = self.bare(&PAGE, shape, &format!("{}-{letter}", self.name));
        for (heat, _) in &self.heats {
            svg = svg.replace(&format!("href=\"#{heat}\""), &format!("href=\"#{}-{heat}\"", escaped(&self.name)));
        }
        svg
    }

    /// The picture as a file of its own: dark, with title and legend.
    pub fn svg(&self) -> String {
        const HEAD: f64 = 58.0;
        let (width, height) = (Shape::Wide.width(), self.height(Shape::Wide) + HEAD + 8.0);
        let Theme { ground, text, legend, .. } = DARK;
        let mut svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="Inter,{FONTS}" font-size="12"><title>{}</title><desc>{}</desc><rect width="{width}" height="{height}" rx="10" fill="{ground}"/><text x="14" y="36" fill="{text}" font-size="18" font-weight="600">{}</text>"#,
            escaped(&self.title),
            escaped(&self.words),
            escaped(&self.title)
        );
        let wide = |text: &str| 40.0 + 6.4 * text.chars().count() as f64;
        let mut x = width - 2.0 - self.legend.iter().map(|(text, _)| wide(text)).sum::<f64>();
        for (text, ink) in &self.legend {
            let _ = write!(
                svg,
                r#"<path d="M{x:.0} 31h14" stroke="{}" stroke-width="3" stroke-linecap="round"/><text x="{:.0}" y="35" fill="{legend}">{}</text>"#,
                DARK.ink(*ink),
                x + 21.0,
                escaped(text)
            );
            x += wide(text);
        }
        let inner = self.bare(&DARK, Shape::Wide, &self.name);
        let placed = format!(r#"<svg y="{HEAD}" width="{width}" height="{}" "#, self.height(Shape::Wide));
        svg.push_str(&inner.replacen("<svg ", &placed, 1));
        svg.push_str("</svg>\n");
        svg
    }

    /// The same as a PNG, two pixels per unit.
    pub fn png(&self) -> Result<Vec<u8>, PaintError> {
        png(&self.svg(), 2.0)
    }

    /// As part of a page.
    pub fn html(&self) -> String {
        let name = escaped(&self.name);
        let mut out = format!("<figure id=\"{name}\">\n<div class=\"head\"><h3>{}</h3>", escaped(&self.title));
        if !self.legend.is_empty() {
            out.push_str("<ul class=\"legend\">");
            for (text, ink) in &self.legend {
                let _ = write!(out, "<li><i style=\"background:{}\"></i>{}</li>", PAGE.ink(*ink), escaped(text));
            }
            out.push_str("</ul>");
        }
        out.push_str("</div>\n");
        if !self.heats.is_empty() {
            out.push_str("<svg class=\"store\" aria-hidden=\"true\"><defs>");
            for (heat_name, heat) in &self.heats {
                let _ = write!(
                    out,
                    "<image id=\"{name}-{}\" width=\"1\" height=\"1\" preserveAspectRatio=\"none\" href=\"{}\"/>",
                    escaped(heat_name),
                    heat.href()
                );
            }
            out.push_str("</defs></svg>\n");
        }
        let read = self.readout.as_ref().map_or(String::new(), |_| format!(" data-read=\"{name}\" tabindex=\"0\""));
        let _ = write!(out, "<div class=\"stage\"{read}>\n<div class=\"wide\">");
        out.push_str(&self.in_page(Shape::Wide, "w"));
        out.push_str("</div><div class=\"narrow\">");
        out.push_str(&self.in_page(Shape::Narrow, "n"));
        out.push_str("</div>");
        if self.readout.is_some() {
            out.push_str("<b class=\"cursor\" hidden=\"hidden\"></b><output hidden=\"hidden\"></output>");
        }
        let _ = writeln!(out, "</div>\n<figcaption>{}</figcaption>", escaped(&self.caption));
        if let Some(table) = &self.table {
            let _ = writeln!(out, "<details><summary>The numbers</summary>\n{}</details>", table.html());
        }
        out.push_str("</figure>\n");
        out
    }

    /// For a page and for paper.
    pub(crate) fn drawn(&self) -> Drawing {
        Drawing {
            html: self.html(),
            readout: self.json(),
            title: self.title.clone(),
            caption: self.caption.clone(),
            legend: self.legend.clone(),
            svg: self.bare(&LIGHT, Shape::Paper, &format!("{}-p", self.name)),
            size: (Shape::Paper.width(), self.height(Shape::Paper)),
        }
    }

    /// The readout as JSON, for the page's script.
    pub(crate) fn json(&self) -> Option<String> {
        let readout = self.readout.as_ref()?;
        let ends = |shape: Shape| {
            let (left, right) = shape.span();
            format!("[{:.4},{:.4}]", left / shape.width(), right / shape.width())
        };
        let (axis, min, max) = match readout.axis {
            ReadAxis::Seconds(end) => ("s", 0.0, end),
            ReadAxis::Hertz(low, high) => ("hz", low, high),
        };
        let mut out = format!(
            r#"{}:{{"axis":"{axis}","min":{min},"max":{max},"wide":{},"narrow":{},"tracks":["#,
            quoted(&self.name),
            ends(Shape::Wide),
            ends(Shape::Narrow)
        );
        for (n, track) in readout.tracks.iter().enumerate() {
            let _ = write!(
                out,
                r#"{}{{"label":{},"unit":{},"places":{},"from":{},"step":{},"values":["#,
                if n > 0 { "," } else { "" },
                quoted(&track.label),
                quoted(track.unit),
                track.places,
                track.from,
                track.step
            );
            for (k, value) in track.values.iter().enumerate() {
                let comma = if k > 0 { "," } else { "" };
                let _ = match value.filter(|v| v.is_finite()) {
                    Some(value) => write!(out, "{comma}{value:.0$}", track.places),
                    None => write!(out, "{comma}null"),
                };
            }
            out.push_str("]}");
        }
        out.push_str("]}");
        Some(out)
    }
}

impl Track {
    /// Values in equal steps of time, joined by `join` when they are more than a page should carry.
    pub fn of_time(
        label: impl Into<String>,
        unit: &'static str,
        places: usize,
        (from, step): (f64, f64),
        values: &[Option<f64>],
        join: fn(f64, f64) -> f64,
    ) -> Self {
        const MOST: usize = 1500;
        let each = values.len().div_ceil(MOST).max(1);
        let joined = |part: &[Option<f64>]| part.iter().flatten().copied().reduce(join);
        Track {
            label: label.into(),
            unit,
            places,
            from: from + step * (each - 1) as f64 / 2.0,
            step: step * each as f64,
            values: values.chunks(each).map(joined).collect(),
        }
    }
}

/// A JSON string that is also safe inside a script element.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
