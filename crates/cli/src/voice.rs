//! The one place that prints.
//!
//! Standard output carries the result and nothing else: a table to read, or one JSON object. Standard error carries
//! what goes on meanwhile. When the reader of either hangs up (`| head`), the rest is dropped and the work goes on.

use std::io::{IsTerminal, Write};

use serde::Serialize;

/// Where words go.
pub(crate) struct Voice {
    out: anstream::Stdout,
    err: anstream::Stderr,
    json: bool,
    quiet: bool,
}

impl Voice {
    /// On the streams as they are now, so set the color before; results as JSON or as text; quiet: no progress and no remarks, only results and trouble.
    pub(crate) fn new(json: bool, quiet: bool) -> Self {
        Voice { out: anstream::stdout(), err: anstream::stderr(), json, quiet }
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
        if self.json {
            let text = serde_json::to_string_pretty(report).expect("reports have text keys only");
            self.text(&format!("{text}\n"));
        } else {
            self.text(&tell(report));
        }
    }

    /// Text on standard output, styles stripped where nobody sees them.
    pub(crate) fn text(&mut self, text: &str) {
        drop(self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()));
    }

    /// A remark on standard error; silent when quiet.
    pub(crate) fn remark(&mut self, text: &str) {
        if !self.quiet {
            self.trouble(text);
        }
    }

    /// Trouble on standard error, always.
    pub(crate) fn trouble(&mut self, text: &str) {
        drop(self.err.write_all(text.as_bytes()));
    }
}
