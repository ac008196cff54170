//! `tonmeister check`.

use std::fmt::Write;

use tonmeister::{AudioFinding, CheckReport, Failure, Severity};

use crate::args::Check;
use crate::bars::Bars;
use crate::exit::Outcome;
use crate::table::{BAD, CARE, FAINT, GOOD, STRONG, count, duration, styled};
use crate::trouble;
use crate::voice::Voice;

/// Checks and tells what was found, the files in order and then all of them together.
pub(crate) fn run(args: &Check, voice: &mut Voice) -> Result<Outcome, Failure> {
    let report = super::world().check(&args.files, &mut Bars::new(voice))?;
    voice.result(&report, |report| told(report, args.notes));
    Ok(if report.errors > 0 { Outcome::Found } else { Outcome::Done })
}

fn told(report: &CheckReport, notes: bool) -> String {
    let mut text = trouble::remarks(&report.document);
    if !text.is_empty() {
        text.push('\n');
    }
    let shown = |finding: &&AudioFinding| notes || finding.severity > Severity::Note;
    for file in &report.files {
        let mut about = String::new();
        if let Some(why) = &file.unreadable {
            let _ = writeln!(about, "  {} {why}", styled(BAD, "error"));
        }
        about.extend(file.findings.iter().filter(shown).map(finding));
        about.push_str(trouble::remarks(&file.remarks).trim_start_matches('\n'));
        if !about.is_empty() {
            let _ = writeln!(text, "{}\n{about}", styled(STRONG, file.path.display()));
        }
    }
    let together: String = report.together.iter().filter(shown).map(finding).collect();
    if !together.is_empty() {
        let _ = writeln!(text, "{}\n{together}", styled(STRONG, "All files together"));
    }
    text + &sum(report, notes)
}

/// How much was found, and how much of it was not shown.
fn sum(report: &CheckReport, notes: bool) -> String {
    let found = format!("{}, {}", count(report.errors, "error"), count(report.warnings, "warning"));
    let style = match (report.errors, report.warnings) {
        (0, 0) => GOOD,
        (0, _) => CARE,
        _ => BAD,
    };
    let alone = report.files.iter().flat_map(|file| &file.findings);
    let noted = alone.chain(&report.together).filter(|finding| finding.severity == Severity::Note).count();
    let hint =
        if noted > 0 && !notes { format!(" · {} (--notes shows them)", count(noted, "note")) } else { String::new() };
    let rest = format!("in {}{hint}", count(report.files.len(), "file"));
    format!("{} {}\n", styled(style, found), styled(FAINT, rest))
}

/// How grave, what, where, and what to do.
fn finding(finding: &AudioFinding) -> String {
    let (style, name) = match finding.severity {
        Severity::Error => (BAD, "error"),
        Severity::Warning => (CARE, "warning"),
        Severity::Note => (FAINT, "note"),
    };
    let place = finding.at.map(|at| {
        let ends = if at.to_s > at.from_s { format!("–{}", duration(at.to_s)) } else { String::new() };
        format!(" {}", styled(FAINT, format!("[{}{ends}]", duration(at.from_s))))
    });
    format!(
        "  {} {}{}\n      {}\n",
        styled(style, name),
        finding.message,
        place.unwrap_or_default(),
        styled(FAINT, finding.remedy)
    )
}
