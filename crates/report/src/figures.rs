//! The pictures of a report, each from one or several files.
//!
//! Every function here gives [`Figure`](crate::figure::Figure)s that any page can take. Several files lie over one another
//! in their own colors where that can be read, and side by side where it cannot.

mod dynamics;
mod order;
mod scale;
mod space;
mod tone;
mod wave;

pub use dynamics::{loudness, peaks};
pub use order::{InOrder, order};
pub use scale::{Scale, scale};
pub use space::{history as stereo_history, stereo};
pub use tone::{balance, corridor, spectrogram, spectrum};
pub use wave::wave;

use crate::draw::{Field, Ink, Mark, Plot};
use crate::subject::{Story, Subject};
use crate::text::place;

use tonmeister_core::Severity;
use tonmeister_measure::check::Finding;

/// More curves than this cannot be told apart; the tables name every file.
pub const MOST_CURVES: usize = 12;
/// More pictures than this side by side, one for each file, would bury the page.
pub const MOST_PICTURES: usize = 6;

/// Points across a wide picture; more would only make the page longer.
pub(crate) const COLUMNS: usize = 900;

/// The files and how they belong together.
#[derive(Clone, Copy)]
pub struct Cast<'a> {
    /// The files.
    pub subjects: &'a [Subject],
    /// How they belong together.
    pub story: Story,
}

impl<'a> Cast<'a> {
    /// The only file, when there is but one.
    pub fn alone(&self) -> Option<&'a Subject> {
        match self.subjects {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The color of a file.
    pub fn ink(&self, n: usize) -> Ink {
        match (self.story, n) {
            (Story::BeforeAfter, 0) => Ink::Before,
            (Story::BeforeAfter, n) => Ink::Series(n - 1),
            (Story::SideBySide, n) => Ink::Series(n),
        }
    }

    /// What a file is called among the others.
    pub fn name(&self, n: usize) -> String {
        match (self.story, n) {
            (Story::BeforeAfter, 0) => "before".into(),
            (Story::BeforeAfter, _) => "after".into(),
            (Story::SideBySide, n) => self.subjects.get(n).map_or(String::new(), |subject| subject.name.clone()),
        }
    }

    /// The files whose curves are drawn.
    pub fn curves(&self) -> impl Iterator<Item = (usize, &'a Subject)> + use<'a> {
        self.subjects.iter().enumerate().take(MOST_CURVES)
    }

    /// What each color means; empty for one file alone.
    pub fn legend(&self) -> Vec<(String, Ink)> {
        if self.alone().is_some() {
            return Vec::new();
        }
        self.curves().map(|(n, _)| (self.name(n), self.ink(n))).collect()
    }

    /// The longest file, in seconds.
    pub fn seconds(&self) -> f64 {
        self.subjects.iter().map(Subject::seconds).fold(0.0, f64::max)
    }

    /// Said under pictures of curves when some are missing.
    pub fn missing(&self) -> String {
        let all = self.subjects.len();
        if all > MOST_CURVES { format!(" The first {MOST_CURVES} of {all} files are drawn.") } else { String::new() }
    }

    /// Draws a curve of a file, dashed from the seventh on.
    pub(crate) fn curve(
        &self,
        plot: &mut Plot,
        field: &Field,
        n: usize,
        points: impl IntoIterator<Item = (f64, Option<f64>)>,
        wide: f64,
    ) {
        let color = plot.theme().ink(self.ink(n));
        if n < 6 {
            plot.broken_line(field, points, color, wide);
        } else {
            plot.broken_dashes(field, points, color, wide);
        }
    }
}

/// The color, the shape and the word of a gravity.
pub fn gravity(severity: Severity) -> (Ink, Mark, &'static str) {
    match severity {
        Severity::Error => (Ink::Error, Mark::Wedge, "error"),
        Severity::Warning => (Ink::Warning, Mark::Diamond, "warning"),
        Severity::Note => (Ink::Note, Mark::Dot, "note"),
    }
}

/// When a finding is: `0:12.3`, `0:12.3–0:14.0`.
pub fn when(finding: &Finding) -> Option<String> {
    let at = finding.at?;
    let (from, to) = (place(at.from_s), place(at.to_s));
    Some(if from == to { from } else { format!("{from}–{to}") })
}

/// Values in at most [`COLUMNS`] groups: the time of the middle of each and what `join` makes of it.
pub(crate) fn columns(
    values: &[Option<f64>],
    (from, step): (f64, f64),
    join: fn(f64, f64) -> f64,
) -> Vec<(f64, Option<f64>)> {
    let each = values.len().div_ceil(COLUMNS).max(1);
    let joined = |(n, part): (usize, &[Option<f64>])| {
        let middle = n as f64 * each as f64 + (part.len() as f64 - 1.0) / 2.0;
        (from + step * middle, part.iter().flatten().copied().reduce(join))
    };
    values.chunks(each).enumerate().map(joined).collect()
}

/// The rounded value at or below.
pub(crate) fn down(value: f64, step: f64) -> f64 {
    (value / step).floor() * step
}

/// The rounded value at or above.
pub(crate) fn up(value: f64, step: f64) -> f64 {
    (value / step).ceil() * step
}
