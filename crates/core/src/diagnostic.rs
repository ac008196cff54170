//! What is wrong with an input, where, what was expected, and what to do about it.

use std::ops::Range;

/// How grave a [`Diagnostic`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Work goes on; the message says what was done instead.
    Warning,
    /// Work cannot go on.
    Error,
}

/// One finding about a text document or a file. Doors render it; rooms only make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How grave it is.
    pub severity: Severity,
    /// A stable name for the kind of finding, such as `unknown-key`.
    pub code: &'static str,
    /// What was found, in one sentence.
    pub message: String,
    /// Where, as bytes of the document's text (none when it concerns no place in a text).
    pub span: Option<Range<usize>>,
    /// What stands at the span: "expected a number of decibels".
    pub label: Option<String>,
    /// The remedy: "did you mean `fader_db`?"
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Error, code, message: message.into(), span: None, label: None, help: None }
    }

    /// A warning without a place.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, message) }
    }

    /// At these bytes of the text, with what stands there.
    #[must_use]
    pub fn at(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.span = Some(span);
        self.label = Some(label.into());
        self
    }

    /// With a remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The candidate most like `word`, if one is near enough to be a slip of the finger.
///
/// Damerau–Levenshtein distance (optimal string alignment), at most a third of the word's length and at least one.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(d, candidate)| *d <= limit || (word.len() >= 3 && candidate.starts_with(word)))
        .min_by_key(|(d, _)| *d)
        .map(|(_, candidate)| candidate)
}

fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let swap = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + swap);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_of_the_finger_find_their_word() {
        let keys = ["fader_db", "pan", "polarity", "output"];
        assert_eq!(nearest("fadre_db", keys), Some("fader_db"));
        assert_eq!(nearest("polartiy", keys), Some("polarity"));
        assert_eq!(nearest("pna", keys), Some("pan"));
        assert_eq!(nearest("banana", keys), None);
    }
}
