//! `tonmeister align`.

use std::fmt::Write;
use std::path::PathBuf;

use tonmeister::align::{Group, Measured};
use tonmeister::{AlignFilesReport, AlignReport, Failure};

use crate::args::Align;
use crate::bars::Bars;
use crate::exit::Outcome;
use crate::table::{CARE, FAINT, GOOD, STRONG, Side, Table, count, number, quantity, styled};
use crate::trouble;
use crate::voice::Voice;

/// Aligns and tells what was found and what was changed.
pub(crate) fn run(args: &Align, voice: &mut Voice) -> Result<Outcome, Failure> {
    let (options, world) = (args.options(), args.work.world());
    let [first, others @ ..] = args.what.as_slice() else {
        return Err(Failure::Usage("name a song document, or two audio files".into()));
    };
    let is_document = |name: &String| PathBuf::from(name).extension().is_some_and(|e| e.eq_ignore_ascii_case("toml"));
    if !is_document(first) {
        let files: Vec<PathBuf> = args.what.iter().map(PathBuf::from).collect();
        let report = world.align_files(&files, &options, &mut Bars::new(voice))?;
        let certain = report.files.iter().all(|found| found.trusted);
        voice.result(&report, files_told);
        return Ok(if certain { Outcome::Done } else { Outcome::Target });
    }
    let report = world.align(first.as_ref(), others, &options, &mut Bars::new(voice))?;
    voice.result(&report, |report| told(report, args.dry_run));
    // Who names a track wants it moved; who names none takes what there is.
    let wanted = |group: &Group| group.left.iter().any(|left| others.contains(&left.track));
    Ok(if report.groups.iter().any(wanted) { Outcome::Target } else { Outcome::Done })
}

fn files_told(report: &AlignFilesReport) -> String {
    let mut text = measured(&report.reference.display().to_string(), &report.files);
    for found in report.files.iter().filter(|found| !found.trusted) {
        let why = format!("not one sound for certain; {} means nothing then", quantity(found.delay_ms, 2, "ms"));
        let _ = writeln!(text, "  {} {}: {why}", styled(CARE, "doubtful"), found.name);
    }
    let _ = writeln!(text, "{}", styled(FAINT, format!("Frames at {} Hz", report.sample_rate_hz)));
    text + &trouble::remarks(&report.warnings)
}

fn told(report: &AlignReport, dry_run: bool) -> String {
    let mut text = String::new();
    for group in &report.groups {
        text.push_str(&measured(&group.reference, &group.measured));
        for change in &group.changes {
            let word = if dry_run { "would set" } else { "set" };
            let _ = write!(
                text,
                "  {} {}: {} instead of {}\n      {}\n",
                styled(GOOD, word),
                change.address,
                change.to,
                change.from,
                styled(FAINT, &change.why)
            );
        }
        for left in &group.left {
            let _ = writeln!(text, "  {} {}: {}", styled(CARE, "left"), left.track, left.why);
        }
        if group.changes.is_empty() && group.left.is_empty() {
            let _ = writeln!(text, "  {}", styled(FAINT, "in line already"));
        }
        text.push('\n');
    }
    if report.groups.is_empty() {
        text.push_str("No two tracks hold one sound for certain; name those that should.\n");
    }
    text.push_str(&trouble::remarks(&report.warnings));
    let changes: usize = report.groups.iter().map(|group| group.changes.len()).sum();
    if dry_run {
        text.push_str(&report.diff);
    } else if report.written {
        let _ = writeln!(text, "Changed {} in {}", count(changes, "value"), report.song.display());
    }
    text
}

/// How the others lie to the reference.
fn measured(reference: &str, others: &[Measured]) -> String {
    let mut table = Table::new(&[
        ("", Side::Left),
        ("later by", Side::Right),
        ("frames", Side::Right),
        ("polarity", Side::Left),
        ("confidence", Side::Right),
        ("fit", Side::Right),
        ("coherence", Side::Right),
    ]);
    for found in others {
        let polarity = match found.polarity {
            tonmeister::Polarity::Same => "same",
            tonmeister::Polarity::Turned => "turned",
        };
        table.row([
            found.name.clone(),
            quantity(found.delay_ms, 2, "ms"),
            number(found.delay_frames, 1),
            polarity.into(),
            number(found.confidence, 2),
            number(found.fit, 2),
            number(found.coherence, 2),
        ]);
    }
    format!("{} against {}\n{}", count(others.len(), "recording"), styled(STRONG, reference), table.text())
}
