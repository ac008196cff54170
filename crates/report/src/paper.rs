//! A page laid out on sheets of A4: what [`crate::page`] holds, in reading order, broken where it breaks well.
//!
//! A sheet is drawn in SVG like everything else here, with the pictures of the page inside it; [`crate::pdf`] makes the
//! document. Units are points.

mod flow;
mod letters;
mod parts;
mod table;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::draw::PaintError;
use crate::page::Page;
use crate::pdf::{About, Bookmark, Sheet, pdf};
use crate::text::list;
use flow::{Flow, Style};

/// A page as it is printed.
#[derive(Clone, Debug)]
pub struct Printed {
    /// The PDF.
    pub bytes: Vec<u8>,
    /// How many sheets it has.
    pub sheets: usize,
    /// Letters that the typeface does not have, and how often each is there. They stand as boxes with their number in
    /// Unicode, and are found and copied as the letters that they are.
    pub missing: BTreeMap<char, usize>,
}

const WIDTH: f64 = 595.28;
const HEIGHT: f64 = 841.89;
const LEFT: f64 = 44.0;
const RIGHT: f64 = WIDTH - 44.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = HEIGHT - 58.0;

/// Lays a page out.
pub(crate) fn print(page: &Page) -> Result<Printed, PaintError> {
    let mut flow = Flow::new();
    parts::opening(&mut flow, &page.title, &page.facts);
    for section in &page.sections {
        parts::section(&mut flow, section);
    }
    colophon(&mut flow);
    let Flow { sheets, bookmarks, missing, .. } = flow.end(&page.title);
    let sheets: Vec<Sheet> = sheets.into_iter().map(|svg| Sheet { width: WIDTH, height: HEIGHT, svg }).collect();
    let about = About { title: page.title.clone(), subject: page.facts.lines().collect::<Vec<_>>().join(". ") };
    Ok(Printed { bytes: pdf(&sheets, &bookmarks, &about)?, sheets: sheets.len(), missing })
}

/// Who made it; and which letters could not be shown.
fn colophon(flow: &mut Flow) {
    let mut text = String::from(crate::page::COLOPHON);
    if !flow.missing.is_empty() {
        let numbers: Vec<String> = flow.missing.keys().map(|c| format!("U+{:04X}", u32::from(*c))).collect();
        let (shown, more) = numbers.split_at(numbers.len().min(24));
        let mut named = list(shown);
        if !more.is_empty() {
            let _ = write!(named, " and {} more", more.len());
        }
        let _ = write!(
            text,
            " Letters that this typeface does not have ({named}) stand as boxes with their number in Unicode; they are \
             searched for and copied as themselves, and the page beside this file shows them."
        );
    }
    flow.space(16.0);
    flow.paragraph(&text, Style::small());
}

impl Flow {
    /// Numbers the sheets and closes them.
    fn end(mut self, title: &str) -> Flow {
        let count = self.sheets.len();
        for n in 0..count {
            self.sheet = n;
            let style = Style { size: 7.5, ..Style::small() };
            let y = HEIGHT - 30.0;
            let title = self.letters.cut(title, false, (RIGHT - LEFT - 60.0) / style.size);
            self.say((LEFT, y), &title, style);
            self.say((RIGHT, y), &format!("{} / {count}", n + 1), style.at_end());
            let svg = std::mem::take(&mut self.sheets[n]);
            self.sheets[n] = format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" font-family=\"Inter\">\n{svg}</svg>\n"
            );
        }
        self
    }

    fn bookmark(&mut self, title: &str) {
        let (sheet, top) = (self.sheet, (self.y - 6.0).max(0.0) as u32);
        self.bookmarks.push(Bookmark { title: title.into(), sheet, top });
    }
}
