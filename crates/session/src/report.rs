//! The findings about one text, gathered on the way.

use tonmeister_core::{Diagnostic, Severity};

/// As many findings of one text as are told; a broken text of a million lines needs no million sentences.
pub(crate) const MOST: usize = 1000;

/// Findings, errors and warnings.
#[derive(Debug, Default)]
pub(crate) struct Report {
    found: Vec<Diagnostic>,
    left_out: bool,
    errors: usize,
}

impl Report {
    /// Adds one.
    pub(crate) fn add(&mut self, diagnostic: Diagnostic) {
        self.errors += usize::from(diagnostic.severity == Severity::Error);
        if self.found.len() < MOST {
            self.found.push(diagnostic);
        } else {
            self.left_out = true;
        }
    }

    /// How many errors so far.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// Whether searching for a near name still pays: nobody reads the hundredth suggestion.
    pub(crate) fn wants_suggestions(&self) -> bool {
        self.found.len() < 100
    }

    /// All findings in order of place; an error among them or none.
    pub(crate) fn finish(mut self) -> (bool, Vec<Diagnostic>) {
        self.found.sort_by_key(|d| d.span.as_ref().map_or(0, |s| s.start));
        if self.left_out {
            let message = "there are more findings than are listed here";
            self.found.push(Diagnostic { severity: Severity::Note, ..Diagnostic::error("too-many", message) });
        }
        (self.errors > 0, self.found)
    }
}

/// The remedy for a word that is none of the candidates: the nearest of them, else all when they are few.
pub(crate) fn suggestion<'a>(word: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    // The distance is quadratic; nobody meant a name of a thousand letters.
    // So are the candidates bounded: a strip may have a hundred thousand addresses.
    let near = candidates.clone().take(if word.chars().count() <= 80 { 4000 } else { 0 });
    let near = tonmeister_core::diagnostic::nearest(word, near);
    if let Some(near) = near {
        return Some(format!("did you mean `{near}`?"));
    }
    let all: Vec<String> = candidates.take(17).map(|c| format!("`{c}`")).collect();
    match all.len() {
        1..=16 => Some(format!("known here: {}", all.join(", "))),
        _ => None,
    }
}
