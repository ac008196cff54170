//! The one place that prints.
//!
//! Standard output carries the result and nothing else: a table to read, or one JSON object. Standard error carries
//! what goes on meanwhile. When the reader of either hangs up (`| head`), the rest is dropped and the work goes on. A
//! result that cannot be written for any other reason (a full disk) is remembered, and told when the work is done.
//!
//! Titles and names come from files that anybody may have made: what a terminal would obey is shown, not sent.

use std::borrow::Cow;
use std::io::{ErrorKind, IsTerminal, Write};

use serde::Serialize;

/// Where words go.
pub(crate) struct Voice {
    out: anstream::Stdout,
    err: anstream::Stderr,
    json: bool,
    quiet: bool,
    lost: Option<std::io::Error>,
}

impl Voice {
    /// On the streams as they are now, so set the color before; results as JSON or as text; quiet: no progress and no remarks, only results and trouble.
    pub(crate) fn new(json: bool, quiet: bool) -> Self {
        Voice { out: anstream::stdout(), err: anstream::stderr(), json, quiet, lost: None }
    }

    /// Whether results are JSON.
    pub(crate) fn json(&self) -> bool {
        self.json
    }

    /// Whether somebody watches: progress is shown on a terminal only.
    pub(crate) fn watched(&self) -> bool {
        !self.quiet && std::io::stderr().is_terminal()
    }

    /// The result: the report as JSON, or as the text that `tell` makes of it.
    pub(crate) fn result<T: Serialize>(&mut self, report: &T, tell: impl FnOnce(&T) -> String) {
        if self.json { self.machine(report) } else { self.text(&tell(report)) }
    }

    /// JSON on standard output.
    pub(crate) fn machine<T: Serialize>(&mut self, report: &T) {
        let text = serde_json::to_string_pretty(report).expect("reports have text keys only");
        self.print(&format!("{}\n", shown(&text, |c| format!("\\u{:04x}", u32::from(c)))));
    }

    /// Text on standard output, styles stripped where nobody sees them.
    pub(crate) fn text(&mut self, text: &str) {
        self.print(&shown(text, |c| c.escape_default().to_string()));
    }

    fn print(&mut self, text: &str) {
        let said = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        if let Err(error) = said
            && error.kind() != ErrorKind::BrokenPipe
        {
            self.lost.get_or_insert(error);
        }
    }

    /// Why a part of the result never reached standard output, if it did not; asked once, at the end.
    pub(crate) fn lost(&mut self) -> Option<String> {
        self.lost.take().map(|error| match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the disk is full".into(),
            _ => error.to_string(),
        })
    }

    /// A remark on standard error; silent when quiet.
    pub(crate) fn remark(&mut self, text: &str) {
        if !self.quiet {
            self.trouble(text);
        }
    }

    /// Trouble on standard error, always.
    pub(crate) fn trouble(&mut self, text: &str) {
        drop(self.err.write_all(shown(text, |c| c.escape_default().to_string()).as_bytes()));
    }
}

/// The text with its control characters told by name; line ends, tabs and the sequences that only color pass.
fn shown(text: &str, tell: impl Fn(char) -> String) -> Cow<'_, str> {
    let obeyed = |(at, c): (usize, char)| {
        let rest = &text[at + c.len_utf8()..];
        match c {
            '\n' | '\t' => false,
            '\r' => !rest.starts_with('\n'),
            '\u{1b}' => !colors(rest),
            other => other.is_control(),
        }
    };
    if !text.char_indices().any(obeyed) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if obeyed((at, c)) { safe += &tell(c) } else { safe.push(c) }
    }
    Cow::Owned(safe)
}

/// Whether what follows an ESC makes it a sequence for colors and weights (SGR, ECMA-48 section 8.3.117).
fn colors(rest: &str) -> bool {
    let parameters = |c: char| c.is_ascii_digit() || c == ';' || c == ':';
    rest.strip_prefix('[').is_some_and(|rest| rest.trim_start_matches(parameters).starts_with('m'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{STRONG, styled};

    fn text(text: &str) -> String {
        shown(text, |c| c.escape_default().to_string()).into_owned()
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        for fair in ["Naïve — “Ōkami” 狼\n\tand more\r\n", &styled(STRONG, "bold")] {
            assert_eq!(text(fair), fair);
        }
        assert_eq!(text("a\u{1b}]0;gone\u{7}b"), "a\\u{1b}]0;gone\\u{7}b");
        assert_eq!(text("\u{1b}[2J\u{1b}[H\u{9b}2J\u{7f}\0"), "\\u{1b}[2J\\u{1b}[H\\u{9b}2J\\u{7f}\\u{0}");
        assert_eq!(text("over\rwritten\u{1b}"), "over\\rwritten\\u{1b}");
        // JSON keeps every character.
        let hostile = "a\u{9b}2J\u{7f}\u{1b}c\n";
        let json = serde_json::to_string(hostile).unwrap();
        let sent = shown(&json, |c| format!("\\u{:04x}", u32::from(c)));
        assert!(!sent.chars().any(char::is_control), "{sent}");
        assert_eq!(serde_json::from_str::<String>(&sent).unwrap(), hostile);
    }
}
