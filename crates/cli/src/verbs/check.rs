//! `tonmeister check`.

use std::fmt::Write;

use tonmeister::{AudioFinding, CheckReport, Failure, Severity, World};

use crate::args::Check;
use crate::bars::Bars;
use crate::exit::Outcome;
use crate::table::{BAD, CARE, FAINT, GOOD, STRONG, count, duration, styled};
use crate::trouble;
use crate::voice::Voice;

/// Checks and tells what was found, the files in order and then all of them together.
pub(crate) fn run(args: &Check, voice: &mut Voice) -> Result<Outcome, Failure> {
    let report = World::new().check(&args.files, &mut Bars::new(voice))?;
    voice.result(&report, told);
    Ok(if report.errors > 0 { Outcome::Found } else { Outcome::Done })
}

fn told(report: &CheckReport) -> String {
    let mut text = trouble::remarks(&report.document);
    for file in &report.files {
        if file.unreadable.is_none() && file.findings.is_empty() && file.remarks.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{}", styled(STRONG, file.path.display()));
        if let Some(why) = &file.unreadable {
            let _ = writeln!(text, "  {} {why}", styled(BAD, "error"));
        }
        text.extend(file.findings.iter().map(finding));
        text.push_str(trouble::remarks(&file.remarks).trim_start_matches('\n'));
        text.push('\n');
    }
    if !report.together.is_empty() {
        let _ = writeln!(text, "{}", styled(STRONG, "All files together"));
        text.extend(report.together.iter().map(finding));
        text.push('\n');
    }
    let found = format!("{}, {}", count(report.errors, "error"), count(report.warnings, "warning"));
    let style = match (report.errors, report.warnings) {
        (0, 0) => GOOD,
        (0, _) => CARE,
        _ => BAD,
    };
    let _ = writeln!(
        text,
        "{} {}",
        styled(style, found),
        styled(FAINT, format!("in {}", count(report.files.len(), "file")))
    );
    text
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
