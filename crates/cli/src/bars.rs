//! Progress as bars on a terminal; silence everywhere else.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tonmeister::Progress;

use crate::voice::Voice;

/// Draws one bar per step and takes it away when the step is over: what stays on the screen is the result.
#[derive(Debug)]
pub(crate) struct Bars {
    watched: bool,
    bar: Option<ProgressBar>,
}

impl Bars {
    /// For that voice: drawn on a terminal, unless quiet.
    pub(crate) fn new(voice: &Voice) -> Self {
        Bars { watched: voice.watched(), bar: None }
    }
}

impl Progress for Bars {
    fn begin(&mut self, what: &str, total: u64) {
        if !self.watched {
            return;
        }
        // Ten drawings a second cost nothing; `advance` itself only adds.
        let bar = ProgressBar::with_draw_target(Some(total.max(1)), ProgressDrawTarget::stderr_with_hz(10));
        let style = ProgressStyle::with_template("{msg:<28} {bar:32.cyan/dim} {percent:>3} %  {elapsed} · {eta} left")
            .expect("the template is constant and right");
        bar.set_style(style.progress_chars("━╸─"));
        bar.set_message(what.to_string());
        self.bar = Some(bar);
    }

    fn advance(&mut self, units: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(units);
        }
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
