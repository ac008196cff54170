//! `tonmeister demo`.

use tonmeister::Failure;
use tonmeister::demo::perform::DemoReport;

use super::levels;
use crate::args::Demo;
use crate::bars::Bars;
use crate::exit::Outcome;
use crate::table::{FAINT, STRONG, Side, Table, count, duration, maybe, styled};
use crate::voice::Voice;

/// Plays, mixes, masters and releases the demo song.
pub(crate) fn run(args: &Demo, voice: &mut Voice) -> Result<Outcome, Failure> {
    let report = super::world().demo(&args.folder, &mut Bars::new(voice))?;
    voice.result(&report, told);
    Ok(Outcome::Done)
}

fn told(report: &DemoReport) -> String {
    let written = &report.mix.written;
    let length = duration(written.frames as f64 / f64::from(written.sample_rate_hz));
    let mut table =
        Table::new(&[("", Side::Left), ("file", Side::Left), ("loudness", Side::Right), ("true peak", Side::Right)]);
    for (what, written) in [("mix", &report.mix.written), ("master", &report.master.written)] {
        table.row([
            styled(FAINT, what),
            written.path.display().to_string(),
            maybe(written.loudness.integrated_lufs, 1, "LUFS"),
            maybe(written.loudness.true_peak_dbtp, 2, "dBTP"),
        ]);
    }
    for file in &report.release.report.files {
        if let Some(levels) = &file.levels {
            table.row([
                styled(FAINT, "release"),
                report.folder.join("release").join(&file.path).display().to_string(),
                maybe(levels.integrated_lufs, 1, "LUFS"),
                maybe(levels.true_peak_dbtp, 2, "dBTP"),
            ]);
        }
    }
    let checked = match (report.verified.is_whole(), report.verified.files.len()) {
        (true, files) => {
            format!("Read again and verified: {files} files of the release, a disc for the plant among them.")
        }
        (false, _) => "The release is not as it was written: look at it with tonmeister release --verify.".to_owned(),
    };
    let page = report.folder.join("release").join("release.html");
    let facts = format!("{} · {length}", count(report.stems.len(), "stem"));
    let document = report.document.display();
    format!(
        "{}  {}\n\n{}{}\n{checked}\n{} explains it.\n\nThe mix is a text: change {document}, then\n  tonmeister mix \
         {document} -o mix.wav --versions --stems\n",
        styled(STRONG, report.title),
        styled(FAINT, facts),
        table.text(),
        levels::dynamics(&report.mix.dynamics),
        page.display(),
    )
}
