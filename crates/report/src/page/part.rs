//! What a section is made of, before it is HTML or paper.

use tonmeister_core::Severity;

use crate::draw::Ink;
use crate::figures::Scale;

/// A part of a section.
#[derive(Clone, Debug)]
pub enum Part {
    /// A paragraph.
    Words(String),
    /// The sentence that says it all.
    Verdict(String),
    /// A heading below the section's own.
    Heading(String),
    /// A table.
    Table(Table),
    /// A picture.
    Figure(Drawing),
    /// What is said about each of several things.
    Said(Vec<(String, String)>),
    /// Numbers on their scales.
    Readings(Vec<Reading>),
    /// What was found, the gravest first.
    Problems(Vec<Problem>),
    /// Who says so: on a screen only when asked for.
    Sources(Vec<String>),
}

/// A table of words and numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What it is about.
    pub caption: String,
    /// The names of its columns.
    pub head: Vec<String>,
    /// Its rows; the first cell names the row.
    pub rows: Vec<Vec<String>>,
    /// It holds sentences: they begin at the left and break into lines. Numbers stand at the right.
    pub prose: bool,
}

impl Table {
    /// Without rows.
    pub fn new(caption: &str, head: &[&str]) -> Self {
        let head = head.iter().map(|h| (*h).into()).collect();
        Table { caption: caption.into(), head, rows: Vec::new(), prose: false }
    }

    /// The same for sentences.
    pub fn of_sentences(caption: &str, head: &[&str]) -> Self {
        Table { prose: true, ..Table::new(caption, head) }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

/// A picture, drawn for a page of any width and for paper.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// As part of a page.
    pub(crate) html: String,
    /// What a pointer over it reads, for the page's script.
    pub(crate) readout: Option<String>,
    /// Above it.
    pub(crate) title: String,
    /// How to read it.
    pub(crate) caption: String,
    /// What each color means.
    pub(crate) legend: Vec<(String, Ink)>,
    /// For paper.
    pub(crate) svg: String,
    /// Units from edge to edge of that, and from top to bottom.
    pub(crate) size: (f64, f64),
}

/// A number on its scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What it is.
    pub name: &'static str,
    /// Of what.
    pub unit: &'static str,
    /// Decimals.
    pub places: usize,
    /// The number, if there is one.
    pub value: Option<f64>,
    /// What it stands on.
    pub scale: Scale,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// How grave it is.
    pub severity: Severity,
    /// When, in words, and where that begins in seconds; none for the whole file.
    pub at: Option<(String, f64)>,
    /// The picture over time that shows it, by name; empty for none.
    pub figure: String,
    /// In which channel; empty for all.
    pub channel: &'static str,
    /// What it is.
    pub what: String,
    /// What to do.
    pub remedy: String,
    /// Why it matters.
    pub why: String,
}
