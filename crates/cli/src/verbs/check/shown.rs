//! Findings as a musician reads them: where in time, with the level around the moment; the numbers; the remedy.

use std::fmt::Write;

use tonmeister::check::moment::Moment;
use tonmeister::check::{Answered, FileReport};
use tonmeister::{AudioFinding, CheckReport, Severity, World};

use crate::table::{BAD, CARE, FAINT, GOOD, STRONG, count, duration, number, styled};
use crate::trouble;

/// Columns of the picture of a moment.
const COLUMNS: usize = 60;
/// Eighths of a column, each of 3 dB.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The whole report.
pub(super) fn told(world: &World, report: &CheckReport, notes: bool) -> String {
    let mut text = trouble::remarks(&report.document);
    if !text.is_empty() {
        text.push('\n');
    }
    let is_shown = |finding: &AudioFinding| notes || finding.severity > Severity::Note;
    for file in &report.files {
        let mut about = String::new();
        if let Some(why) = &file.unreadable {
            let _ = writeln!(about, "  {} {why}", styled(BAD, "error"));
        }
        let shown: Vec<AudioFinding> = file.findings.iter().filter(|f| is_shown(f)).cloned().collect();
        // A file that has gone meanwhile has no pictures; what was found in it stands.
        let moments = world.moments(&file.path, &shown, COLUMNS).unwrap_or_else(|_| vec![None; shown.len()]);
        for (finding, moment) in shown.iter().zip(&moments) {
            about.push_str(&self::finding(finding, Some(file), moment.as_ref()));
        }
        if notes {
            about.extend(file.answered.iter().map(answered));
        }
        about.push_str(trouble::remarks(&file.remarks).trim_start_matches('\n'));
        if !about.is_empty() {
            let tracks: Vec<&str> = file.played_by.iter().map(|player| player.track.as_str()).collect();
            let tracks = if tracks.is_empty() { String::new() } else { format!("  ({})", tracks.join(", ")) };
            let _ = writeln!(text, "{}{}\n{about}", styled(STRONG, file.path.display()), styled(FAINT, tracks));
        }
    }
    let mut together: String = report.together.iter().filter(|f| is_shown(f)).map(|f| finding(f, None, None)).collect();
    if notes {
        together.extend(report.answered.iter().map(answered));
    }
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
    let answered = report.answered.len() + report.files.iter().map(|file| file.answered.len()).sum::<usize>();
    let hidden: Vec<String> = [(noted, "note"), (answered, "answered finding")]
        .into_iter()
        .filter(|(many, _)| *many > 0 && !notes)
        .map(|(many, one)| count(many, one))
        .collect();
    let verb = if noted + answered == 1 { "shows it" } else { "shows them" };
    let hint = if hidden.is_empty() { String::new() } else { format!(" · {} (--notes {verb})", hidden.join(", ")) };
    let rest = format!("in {}{hint}", count(report.files.len(), "file"));
    format!("{} {}\n", styled(style, found), styled(FAINT, rest))
}

/// How grave, what, where, how much, and what to do.
fn finding(finding: &AudioFinding, file: Option<&FileReport>, moment: Option<&Moment>) -> String {
    let (style, name) = match finding.severity {
        Severity::Error => (BAD, "error"),
        Severity::Warning => (CARE, "warning"),
        Severity::Note => (FAINT, "note"),
    };
    let mut text = format!("  {} {}\n", styled(style, format!("{name}[{}]", finding.rule)), finding.message);
    let channels = file.and_then(|file| file.stats.as_ref()).map_or(0, |stats| stats.channels.len());
    let channel = finding.channel.filter(|_| channels > 1).map(|channel| match (channels, channel) {
        (2, 0) => "left".to_owned(),
        (2, 1) => "right".to_owned(),
        (_, channel) => format!("channel {}", channel + 1),
    });
    let time = finding.at.map(|at| {
        let ends = if at.to_s > at.from_s { format!("–{}", duration(at.to_s)) } else { String::new() };
        format!("{}{ends}", duration(at.from_s))
    });
    let place: Vec<String> = [time, channel].into_iter().flatten().collect();
    if !place.is_empty() {
        let _ = writeln!(text, "      {}", styled(FAINT, format!("at {}", place.join(", "))));
    }
    if let Some(moment) = moment {
        text.push_str(&picture(moment, style));
    }
    let evidence = evidence(finding);
    if !evidence.is_empty() {
        let _ = writeln!(text, "      {}", styled(FAINT, evidence));
    }
    let _ = writeln!(text, "      {} {}", styled(GOOD, "→"), finding.remedy);
    text
}

/// `tops 12 · longest 5 samples · level −0.10 dBFS`.
fn evidence(finding: &AudioFinding) -> String {
    let mut parts: Vec<(&str, Vec<String>)> = Vec::new();
    for evidence in &finding.evidence {
        let decimals = match evidence.value.abs() {
            _ if evidence.value.fract() == 0.0 => 0,
            value if value >= 10.0 => 1,
            value if value >= 0.1 => 2,
            _ => 4,
        };
        let unit = if evidence.unit == evidence.name { "" } else { evidence.unit };
        let value = match evidence.name {
            "at" => duration(evidence.value),
            _ => format!("{} {unit}", number(evidence.value, decimals)).trim_end().to_owned(),
        };
        match parts.last_mut() {
            Some((name, values)) if *name == evidence.name => values.push(value),
            _ => parts.push((evidence.name, vec![value])),
        }
    }
    let words = parts.iter().map(|(name, values)| format!("{} {}", name.replace('_', " "), values.join(", ")));
    words.collect::<Vec<_>>().join(" · ")
}

/// The level around the moment in steps of 3 dB below its loudest column, with carets under what is meant.
fn picture(moment: &Moment, style: clap::builder::styling::Style) -> String {
    let loudest = moment.peaks.iter().copied().fold(0.0_f32, f32::max);
    let bar = |peak: f32| {
        if peak <= 0.0 {
            return ' ';
        }
        let below = -20.0 * (peak / loudest).log10() / 3.0;
        BARS[BARS.len() - 1 - (below as usize).min(BARS.len() - 1)]
    };
    let bars: String = moment.peaks.iter().map(|peak| bar(*peak)).collect();
    let (from, to) = (duration(moment.from_s), duration(moment.to_s));
    let margin = " ".repeat(from.chars().count() + 1 + moment.marked.start);
    let carets = "^".repeat(moment.marked.len());
    format!("      {} {bars} {}\n      {margin}{}\n", styled(FAINT, from), styled(FAINT, to), styled(style, carets))
}

/// A finding that the document answers.
fn answered(answered: &Answered) -> String {
    format!(
        "  {} {}\n      {}\n",
        styled(GOOD, format!("answered[{}]", answered.finding.rule)),
        answered.finding.message,
        styled(FAINT, format!("by {}", answered.by))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_points_at_the_moment() {
        let peaks = vec![0.0, 0.01, 0.5, 1.0, 0.25];
        let moment = Moment { from_s: 61.2, to_s: 61.6, peaks, marked: 2..4 };
        let plain = anstream::adapter::strip_str(&picture(&moment, CARE)).to_string();
        assert_eq!(plain, "      1:01.200  ▁▆█▄ 1:01.600\n                 ^^\n");
    }
}
