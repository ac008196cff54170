//! `tonmeister disc`.

use std::fmt::Write;

use tonmeister::{DiscOptions, DiscReport, Failure};

use crate::args::Disc;
use crate::bars::Bars;
use crate::exit::Outcome;
use crate::table::{CARE, FAINT, GOOD, STRONG, Side, Table, count, duration, styled};
use crate::trouble;
use crate::voice::Voice;

/// Looks at a disc, and tells what it is and what is wrong with it.
pub(crate) fn run(args: &Disc, voice: &mut Voice) -> Result<Outcome, Failure> {
    let options = DiscOptions { against: args.against.clone(), to: args.output.clone(), track: args.track };
    let report = super::world().disc(&args.folder, &options, &mut Bars::new(voice))?;
    let sound = report.is_sound();
    voice.result(&report, told);
    Ok(if sound { Outcome::Done } else { Outcome::Found })
}

fn told(report: &DiscReport) -> String {
    let title = if report.title.is_empty() { "Disc" } else { &report.title };
    let by = if report.performer.is_empty() { String::new() } else { format!(" by {}", report.performer) };
    let what = format!("{by}, {}, {}", count(report.tracks.len(), "track"), duration(report.seconds));
    let mut text = format!("{}{}\n\n", styled(STRONG, title), styled(FAINT, what));
    let mut facts = Table::facts();
    facts.fact("format", report.level.clone());
    if !report.master_id.is_empty() {
        facts.fact("master", report.master_id.clone());
    }
    facts.fact("EAN", report.ean.clone().unwrap_or_else(|| "none".into()));
    if let Some(hidden) = report.hidden_s {
        facts.fact("hidden before track 1", duration(hidden));
    }
    text += &facts.text();
    let heads = [
        ("", Side::Right),
        ("title", Side::Left),
        ("pause", Side::Right),
        ("start", Side::Right),
        ("length", Side::Right),
        ("ISRC", Side::Left),
        ("", Side::Left),
    ];
    let mut table = Table::new(&heads);
    for track in &report.tracks {
        table.row([
            track.number.to_string(),
            track.title.clone(),
            track.pause.clone().unwrap_or_default(),
            track.start.clone(),
            duration(track.seconds),
            track.isrc.clone().unwrap_or_default(),
            styled(FAINT, track.flags.join(" ")),
        ]);
    }
    let _ = write!(text, "\n{}\n", table.text());
    let mut files =
        Table::new(&[("file", Side::Left), ("bytes", Side::Right), ("MD5", Side::Left), ("CRC-32", Side::Left)]);
    for file in &report.files {
        files.row([file.name.clone(), file.bytes.to_string(), file.md5.clone(), file.crc32.clone()]);
    }
    text += &files.text();
    if let Some(differences) = &report.differences {
        if differences.is_empty() {
            let _ = write!(text, "\n  {}\n", styled(GOOD, "the same disc, to the sample"));
        }
        for difference in differences {
            let what = styled(CARE, &difference.what);
            let _ = write!(text, "\n  {what}: {} here, {} there", difference.here, difference.there);
        }
        text.push('\n');
    }
    text += &trouble::remarks(&report.findings);
    for path in &report.written {
        let _ = write!(text, "\nWrote {}", path.display());
    }
    if !report.written.is_empty() {
        text.push('\n');
    }
    text
}
