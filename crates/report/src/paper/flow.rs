//! Sheets being filled from top to bottom.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::letters::{BOX, Letters};
use super::{BOTTOM, LEFT, RIGHT, TOP};
use crate::draw::LIGHT;
use crate::pdf::{Bookmark, LETTER};
use crate::text::escaped;

/// How text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Style {
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) ink: &'static str,
    /// From line to line, in parts of the size.
    pub(super) leading: f64,
    /// It ends at its place instead of beginning there.
    pub(super) ends: bool,
}

impl Style {
    pub(super) fn body() -> Self {
        Style { size: 9.5, bold: false, ink: LIGHT.legend, leading: 1.48, ends: false }
    }

    pub(super) fn small() -> Self {
        Style { size: 7.8, ink: LIGHT.quiet, leading: 1.42, ..Style::body() }
    }

    pub(super) fn bold(size: f64) -> Self {
        Style { size, bold: true, ink: LIGHT.text, leading: 1.2, ..Style::body() }
    }

    pub(super) fn at_end(self) -> Self {
        Style { ends: true, ..self }
    }

    pub(super) fn line(&self) -> f64 {
        self.size * self.leading
    }
}

/// The sheets so far, and where the next line goes.
pub(super) struct Flow {
    pub(super) sheets: Vec<String>,
    /// The sheet that is being filled.
    pub(super) sheet: usize,
    /// How far from its top the next thing begins.
    pub(super) y: f64,
    pub(super) bookmarks: Vec<Bookmark>,
    pub(super) missing: BTreeMap<char, usize>,
    pub(super) letters: &'static Letters,
    boxes: usize,
}

impl Flow {
    pub(super) fn new() -> Self {
        Flow {
            sheets: vec![String::new()],
            sheet: 0,
            y: TOP,
            bookmarks: Vec::new(),
            missing: BTreeMap::new(),
            letters: Letters::ours(),
            boxes: 0,
        }
    }

    /// Whether nothing stands on this sheet yet.
    pub(super) fn fresh(&self) -> bool {
        self.y <= TOP
    }

    /// The next sheet.
    pub(super) fn turn(&mut self) {
        self.sheets.push(String::new());
        self.sheet = self.sheets.len() - 1;
        self.y = TOP;
    }

    /// The next sheet where so much does not fit on this one; whether it was turned.
    pub(super) fn need(&mut self, height: f64) -> bool {
        let turns = self.y + height > BOTTOM && !self.fresh();
        if turns {
            self.turn();
        }
        turns
    }

    /// Empty space, except at the top of a sheet.
    pub(super) fn space(&mut self, height: f64) {
        if !self.fresh() {
            self.y += height;
        }
    }

    /// Ready markup on this sheet.
    pub(super) fn draw(&mut self, markup: &str) {
        self.sheets[self.sheet].push_str(markup);
    }

    /// A line across, from one place to another.
    pub(super) fn rule(&mut self, (from, to): (f64, f64), y: f64) {
        let markup = format!("<path d=\"M{from:.2} {y:.2}H{to:.2}\" stroke=\"{}\" stroke-width=\".6\"/>\n", LIGHT.grid);
        self.draw(&markup);
    }

    /// One line of text on its base line.
    pub(super) fn say(&mut self, (x, y): (f64, f64), text: &str, style: Style) {
        if text.is_empty() {
            return;
        }
        let stretches = self.letters.stretches(text, style.bold);
        let weight = if style.bold { " font-weight=\"600\"" } else { "" };
        let Style { size, ink, ends, .. } = style;
        if stretches.iter().all(|stretch| !stretch.missing) {
            let anchor = if ends { " text-anchor=\"end\"" } else { "" };
            let markup = format!(
                "<text x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{size}\" fill=\"{ink}\"{weight}{anchor}>{}</text>\n",
                escaped(text)
            );
            return self.draw(&markup);
        }
        let all: f64 = stretches.iter().map(|stretch| stretch.width).sum();
        let mut at = if ends { x - all * size } else { x };
        let mut markup = String::new();
        for stretch in &stretches {
            if stretch.missing {
                for (n, letter) in stretch.text.chars().enumerate() {
                    self.boxed(&mut markup, (at + n as f64 * BOX * size, y), letter, size, ink);
                }
            } else {
                let _ = writeln!(
                    markup,
                    "<text xml:space=\"preserve\" x=\"{at:.2}\" y=\"{y:.2}\" font-size=\"{size}\" fill=\"{ink}\"{weight}>{}</text>",
                    escaped(stretch.text)
                );
            }
            at += stretch.width * size;
        }
        self.draw(&markup);
    }

    /// A box with a letter's number in Unicode, for a letter that the typeface does not have.
    fn boxed(&mut self, markup: &mut String, (x, y): (f64, f64), letter: char, size: f64, ink: &str) {
        *self.missing.entry(letter).or_default() += 1;
        self.boxes += 1;
        let number = format!("{:04X}", u32::from(letter));
        let (upper, lower) = number.split_at(number.len() / 2);
        let each = size * if number.len() > 4 { 0.31 } else { 0.36 };
        let middle = x + 0.41 * size;
        let _ = writeln!(
            markup,
            "<g id=\"{LETTER}{number}-{}\"><rect x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{:.2}\" rx=\"{:.2}\" fill=\"none\" stroke=\"{ink}\" stroke-width=\"{:.2}\"/>",
            self.boxes,
            x + 0.05 * size,
            y - 0.79 * size,
            0.72 * size,
            0.86 * size,
            0.1 * size,
            0.045 * size
        );
        for (row, part) in [(-0.42, upper), (-0.02, lower)] {
            let _ = writeln!(
                markup,
                "<text x=\"{middle:.2}\" y=\"{:.2}\" font-size=\"{each:.2}\" fill=\"{ink}\" text-anchor=\"middle\">{part}</text>",
                y + row * size
            );
        }
        markup.push_str("</g>\n");
    }

    /// Lines from a place down; how high they are.
    pub(super) fn lines(&mut self, (x, top): (f64, f64), lines: &[String], style: Style) -> f64 {
        for (n, line) in lines.iter().enumerate() {
            // The base line of the first stands where its letters' tops touch the place.
            let base = top + style.size * 0.94 + style.line() * n as f64;
            self.say((x, base), line, style);
        }
        style.line() * lines.len() as f64
    }

    /// A text as lines of a width.
    pub(super) fn wrap(&self, text: &str, style: Style, width: f64) -> Vec<String> {
        let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.letters.lines(&clean, style.bold, width / style.size)
    }

    /// A paragraph over the width of the sheet, in lines short enough to read.
    pub(super) fn paragraph(&mut self, text: &str, style: Style) {
        let width = (RIGHT - LEFT).min(style.size * 50.0);
        let lines = self.wrap(text, style, width);
        // A line alone is not left behind.
        self.need(style.line() * lines.len().min(2) as f64);
        let mut rest = lines.as_slice();
        while !rest.is_empty() {
            let fits = (((BOTTOM - self.y) / style.line()) as usize).max(1);
            let (now, later) = rest.split_at(fits.min(rest.len()));
            self.y += self.lines((LEFT, self.y), now, style);
            rest = later;
            if !rest.is_empty() {
                self.turn();
            }
        }
    }
}
