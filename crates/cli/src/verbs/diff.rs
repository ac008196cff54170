//! `tonmeister diff`.

use std::fmt::Write;

use tonmeister::diff::Side;
use tonmeister::{DiffOptions, DiffReport, Failure};

use crate::args::Diff;
use crate::exit::Outcome;
use crate::table::{FAINT, STRONG, styled};
use crate::trouble;
use crate::voice::Voice;

/// Tells two songs apart.
pub(crate) fn run(args: &Diff, voice: &mut Voice) -> Result<Outcome, Failure> {
    let options = DiffOptions { version: args.version.clone(), against: args.against.clone() };
    let report = super::world().diff(&args.first, args.second.as_deref(), &options)?;
    voice.result(&report, told);
    Ok(Outcome::Done)
}

fn told(report: &DiffReport) -> String {
    let mut text = format!("{} against {}\n\n", named(&report.after), named(&report.before));
    for found in &report.differences {
        // What is not heard is told, and told as such.
        let style = if found.weight > 0.0 { None } else { Some(FAINT) };
        let sentence = style.map_or_else(|| found.sentence.clone(), |style| styled(style, &found.sentence));
        let _ = writeln!(text, "  {sentence}");
    }
    if report.differences.is_empty() {
        text.push_str("  nothing differs\n");
    }
    text.push_str(&trouble::remarks(&report.warnings));
    text
}

fn named(side: &Side) -> String {
    let document = styled(STRONG, side.document.display());
    match &side.version {
        Some(version) => format!("{document}, version {}", styled(STRONG, version)),
        None => document,
    }
}
