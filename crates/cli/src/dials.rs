//! Needles that move on a terminal while a song plays.
//!
//! The lines are drawn over one another, and taken away at the end. Nothing of the terminal is set in another mode, its cursor
//! stays, so there is nothing to put back whenever the program ends, by Ctrl-C too.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};

use clap::builder::styling::Style;
use terminal_size::{Height, Width, terminal_size_of};
use tonmeister::{LiveNeedles, LiveRow, Scale, Stand, Zone};

use crate::table::{BAD, CARE, FAINT, GOOD, STRONG, duration, number, quantity, seen, styled};
use crate::voice::Voice;

/// What a terminal has that does not say how large it is.
const USUAL: (usize, usize) = (80, 24);

/// As many lines as needles need, drawn anew where they stand.
#[derive(Debug, Default)]
pub(crate) struct Dials {
    watched: bool,
    colored: bool,
    /// How many columns each line took that stands there now.
    lines: Vec<usize>,
}

impl Dials {
    /// For that voice: drawn where results and remarks both go to a terminal that can be drawn on, unless quiet.
    pub(crate) fn new(voice: &Voice) -> Self {
        let plain = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let watched = voice.watched() && !voice.json() && std::io::stdout().is_terminal() && !plain;
        let colored = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
        Dials { watched, colored, lines: Vec::new() }
    }

    /// Whether anything is drawn.
    pub(crate) fn watched(&self) -> bool {
        self.watched
    }

    /// Draws the needles in place of those before.
    pub(crate) fn show(&mut self, needles: &LiveNeedles) {
        if !self.watched {
            return;
        }
        let size = terminal_size_of(std::io::stderr()).map(|(Width(w), Height(h))| (w.into(), h.into()));
        let (width, height): (usize, usize) = size.unwrap_or(USUAL);
        let mut text = self.back(width);
        let lines = drawn(needles, (width.saturating_sub(1), height.saturating_sub(1)), self.colored);
        for line in &lines {
            // To the end of the line: what stood there is longer perhaps.
            text += line;
            text += "\u{1b}[K\n";
        }
        // What is left of more lines than these.
        text += "\u{1b}[J";
        self.lines = lines.iter().map(|line| seen(line)).collect();
        send(&text);
    }

    /// Takes the needles away: what comes next stands where they stood.
    pub(crate) fn clear(&mut self) {
        if !self.lines.is_empty() {
            let size = terminal_size_of(std::io::stderr()).map_or(USUAL.0, |(Width(w), _)| w.into());
            let text = self.back(size) + "\u{1b}[J";
            self.lines.clear();
            send(&text);
        }
    }

    /// To the first of the lines that stand there. A terminal that was made narrower has broken them.
    fn back(&self, width: usize) -> String {
        let rows: usize = self.lines.iter().map(|seen| seen.div_ceil(width.max(1)).max(1)).sum();
        if rows == 0 { String::new() } else { format!("\r\u{1b}[{rows}A") }
    }
}

/// In one piece, so that nothing is seen half drawn. Who has hung up sees nothing.
fn send(text: &str) {
    let mut terminal = std::io::stderr().lock();
    let _ = terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush());
}

/// What a display of so many columns and lines shows.
fn drawn(needles: &LiveNeedles, (width, height): (usize, usize), colored: bool) -> Vec<String> {
    let tint = |style: Style, text: &str| if colored { styled(style, text) } else { text.to_owned() };
    let of = needles.of_s.map_or_else(String::new, |of| format!(" of {}", brief(of)));
    let song = if width < 46 { "" } else { " of the song" };
    let head = format!("{}{of}  at {}{song}", brief(needles.played_s), brief(needles.at_s));
    let head: String = head.chars().take(width).collect();
    let needed: usize = needles.rows.iter().map(|row| row.needles.len()).sum();
    // Scales are drawn where all of them fit.
    let form = Form::of(width, 1 + needed + needles.rows.len() <= height);
    let mut lines = vec![tint(STRONG, &head)];
    for row in &needles.rows {
        for (place, (name, stand)) in row.needles.iter().enumerate() {
            // Two meters whose names begin alike are told apart by their short ones.
            let title = if row.title.chars().count() > form.title { &row.id } else { &row.title };
            let title = if place == 0 { title.as_str() } else { "" };
            lines.push(form.line(title, name, row, stand, &tint));
        }
        if form.scales {
            lines.push(tint(FAINT, &form.scale(row)));
        }
    }
    if lines.len() > height.max(1) {
        lines.truncate(height.max(1).saturating_sub(1).max(1));
        if lines.len() < height {
            let left = 1 + needed - lines.len();
            let more: String = format!("{left} needles more: the terminal is too low").chars().take(width).collect();
            lines.push(tint(FAINT, &more));
        }
    }
    lines
}

/// How much of a line is for what.
struct Form {
    /// The name of the meter.
    title: usize,
    /// The bar; none on a narrow terminal.
    bar: usize,
    /// The reading, with its unit where there is room, and the highest besides.
    value: usize,
    highest: usize,
    scales: bool,
}

impl Form {
    fn of(width: usize, scales: bool) -> Form {
        let (title, value, highest) = match width {
            70.. => (20, 12, 9),
            46.. => (16, 8, 0),
            24.. => (12, 7, 0),
            _ => (width.saturating_sub(11), 7, 0),
        };
        let bar = width.saturating_sub(title + 3 + value + highest + 2);
        let bar = if bar < 8 { 0 } else { bar };
        Form { title, bar, value, highest, scales: scales && bar >= 24 }
    }

    fn line(
        &self,
        title: &str,
        name: &str,
        row: &LiveRow,
        stand: &Stand,
        tint: &dyn Fn(Style, &str) -> String,
    ) -> String {
        let title: String = title.chars().map(|c| if c.is_control() { '?' } else { c }).take(self.title).collect();
        let mut line = format!("{title:<width$} {name:<1} ", width = self.title);
        if self.bar > 0 {
            line += &if reduces(row) {
                mirrored(row.scale, stand, self.bar, tint)
            } else {
                bar(row.scale, stand, self.bar, tint)
            };
            line.push(' ');
        }
        let over = row.scale.is_over(stand.highest_db) && !reduces(row);
        let unit = if self.highest > 0 { row.scale.unit } else { "" };
        let value = reading(row.scale, stand.level_db, unit);
        let _ = write!(line, "{value:>width$}", width = self.value);
        if self.highest > 0 {
            let most = format!("{:>width$}", reading(row.scale, stand.highest_db, ""), width = self.highest - 2);
            line += &tint(if over { BAD } else { FAINT }, &most);
        }
        // A place where a programme should not be was reached: it stays, and is no matter of color.
        line += if over { "!" } else { "" };
        line
    }

    /// The numbers below a bar, as many as there is room for.
    fn scale(&self, row: &LiveRow) -> String {
        let mut cells: Vec<char> = vec![' '; self.bar];
        let mut free = 0;
        for mark in row.scale.marks {
            let place = row.scale.place(mark.at_db);
            let place = if reduces(row) { 1.0 - place } else { place };
            let center = (place * (self.bar - 1) as f64).round() as usize;
            let label: Vec<char> = mark.label.chars().collect();
            let from = center.saturating_sub(label.len() / 2).min(self.bar - label.len().min(self.bar));
            let to = from + label.len();
            // Of a mirrored scale the marks come from the right.
            let clear = (from.saturating_sub(1)..(to + 1).min(self.bar)).all(|c| cells[c] == ' ');
            if !label.is_empty() && to <= self.bar && (from >= free || reduces(row)) && clear {
                cells[from..to].copy_from_slice(&label);
                free = to + 1;
            }
        }
        let text: String = cells.into_iter().collect();
        format!("{:width$}{}", "", text.trim_end(), width = self.title + 3)
    }
}

/// Whether a meter shows what is taken off: it hangs from the right.
fn reduces(row: &LiveRow) -> bool {
    row.scale.bottom_db == 0.0
}

/// "1:03.2".
fn brief(seconds: f64) -> String {
    let text = duration(seconds);
    text[..text.len() - 2].to_owned()
}

/// A reading: of numbered marks their number, else decibels.
fn reading(scale: &Scale, db: f64, unit: &str) -> String {
    match scale.number(db) {
        Some(mark) => number(mark, 1),
        None if unit.is_empty() => number(db, 1),
        None => quantity(db, 1, unit),
    }
}

/// Which zone the middle of a cell lies in.
fn zone(scale: &Scale, cell: usize, cells: usize) -> Zone {
    let here = (cell as f64 + 0.5) / cells as f64;
    scale.marks.iter().rev().find(|mark| scale.place(mark.at_db) <= here).map_or(Zone::Normal, |mark| mark.zone)
}

/// The needle as a bar, in its zones: by color, or without color by how dense it is. A stroke stands at what it held last.
fn bar(scale: &Scale, stand: &Stand, cells: usize, tint: &dyn Fn(Style, &str) -> String) -> String {
    let colored = tint(GOOD, "x") != "x";
    let eighths = (scale.place(stand.level_db) * (cells * 8) as f64).round() as usize;
    let held = scale.place(stand.held_db);
    let held = (held > 0.0).then(|| ((held * cells as f64) as usize).min(cells - 1));
    let mut text = String::new();
    for cell in 0..cells {
        let zone = zone(scale, cell, cells);
        let (style, dense) = match zone {
            Zone::Normal => (GOOD, '▒'),
            Zone::High => (CARE, '▓'),
            Zone::Over => (BAD, '█'),
        };
        let filled = eighths.saturating_sub(8 * cell).min(8);
        let c = match filled {
            8 if colored => '█',
            8 => dense,
            _ if held == Some(cell) => '│',
            0 => ' ',
            part if colored => ['▏', '▎', '▍', '▌', '▋', '▊', '▉'][part - 1],
            4.. => dense,
            _ => ' ',
        };
        if c == ' ' { text.push(c) } else { text += &tint(style, c.encode_utf8(&mut [0; 4])) }
    }
    text
}

/// What is taken off, from the right.
fn mirrored(scale: &Scale, stand: &Stand, cells: usize, tint: &dyn Fn(Style, &str) -> String) -> String {
    let filled = (scale.place(stand.level_db) * cells as f64).round() as usize;
    let held = scale.place(stand.held_db);
    let held = (held > 0.0).then(|| cells - 1 - ((held * cells as f64) as usize).min(cells - 1));
    let mut text = String::new();
    for cell in 0..cells {
        let c = match cells - cell <= filled {
            true => "█",
            false if held == Some(cell) => "│",
            false => " ",
        };
        if c == " " { text.push(' ') } else { text += &tint(CARE, c) }
    }
    text
}

#[cfg(test)]
mod tests;
