//! The codes that name recordings and releases: [`Isrc`], [`Barcode`], [`Language`], [`ReleaseDate`].
//!
//! Each is checked when it is made, so a value of these types can be written into a file as it stands. An error names
//! the code, the place in it and the remedy; [`CodeError::span`] is that place, for whoever shows the text.

mod barcode;
mod date;
mod isrc;
mod language;

use std::fmt;
use std::ops::Range;

pub use barcode::Barcode;
pub use date::ReleaseDate;
pub use isrc::Isrc;
pub use language::Language;

/// Why a text is not the code it is meant to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeError {
    /// What it was meant to be: `ISRC`, `barcode`, `language`, `date`.
    pub kind: &'static str,
    /// The text as it was given.
    pub text: String,
    /// The bytes of `text` that are wrong; empty at the end when something is missing there.
    pub span: Range<usize>,
    /// What was found there and what was expected.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl CodeError {
    fn new(
        kind: &'static str,
        text: &str,
        span: Range<usize>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> CodeError {
        CodeError { kind, text: text.to_owned(), span, problem: problem.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for CodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`: {}; {}", self.kind, self.text, self.problem, self.remedy)
    }
}

impl std::error::Error for CodeError {}

/// The characters of a code without its separators, each with its byte in the text.
fn significant(text: &str) -> Vec<(usize, char)> {
    text.char_indices().filter(|(_, c)| !matches!(c, '-' | ' ' | '\u{2010}'..='\u{2015}' | '\u{A0}')).collect()
}

/// `3rd`, for messages that count characters.
fn ordinal(n: usize) -> String {
    let ending = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}
