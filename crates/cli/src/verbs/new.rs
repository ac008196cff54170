//! `tonmeister new`.

use std::fmt::Write;

use tonmeister::Failure;
use tonmeister::new::{NewOptions, NewReport, create};

use crate::args::New;
use crate::bars::Bars;
use crate::exit::Outcome;
use crate::table::{CARE, FAINT, STRONG, Side, Table, count, duration, styled};
use crate::trouble;
use crate::voice::Voice;

/// Makes the document and tells what is in it.
pub(crate) fn run(args: New, voice: &mut Voice) -> Result<Outcome, Failure> {
    let options =
        NewOptions { output: args.output, title: args.title, force: args.force, skip_unreadable: args.skip_unreadable };
    let report = create(&args.stems, &options, &mut Bars::new(voice))?;
    voice.result(&report, told);
    Ok(Outcome::Done)
}

fn told(report: &NewReport) -> String {
    let mut text = format!(
        "{}  {}\n\n",
        styled(STRONG, &report.title),
        styled(
            FAINT,
            format!(
                "{} · {} · {} Hz · {}",
                count(report.tracks.len(), "track"),
                count(report.buses.len(), "bus"),
                report.sample_rate_hz,
                duration(report.seconds)
            )
        )
    );
    let mut table =
        Table::new(&[("track", Side::Left), ("role", Side::Left), ("to", Side::Left), ("audio", Side::Left)]);
    for track in &report.tracks {
        let role = track.role.clone().unwrap_or_else(|| styled(CARE, "?"));
        table.row([track.id.clone(), role, track.output.clone(), styled(FAINT, &track.audio)]);
    }
    text.push_str(&table.text());
    text.push_str(&trouble::remarks(&report.notes));
    let _ = write!(
        text,
        "\nWrote {}. Everything stands at 0 dB: it renders to the plain sum of the stems.\nNext: tonmeister mix {0} -o mix.wav\n",
        report.path.display()
    );
    text
}
