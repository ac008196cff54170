//! `tonmeister demo`.

use tonmeister::Failure;
use tonmeister::demo::SONGS;
use tonmeister::demo::perform::{DemoReport, DemoSongReport};

use super::levels;
use crate::args::Demo;
use crate::bars::Bars;
use crate::exit::Outcome;
use crate::table::{FAINT, STRONG, Side, Table, count, duration, maybe, styled};
use crate::voice::Voice;

/// Plays the demo album, mixes, masters and releases it; or plays one of its songs, mixes and masters it.
pub(crate) fn run(args: &Demo, voice: &mut Voice) -> Result<Outcome, Failure> {
    let world = super::world();
    if let Some(song) = args.song.as_ref().and_then(|name| SONGS.into_iter().find(|song| song.id == name)) {
        let report = world.demo_song(song, &args.folder, &mut Bars::new(voice))?;
        voice.result(&report, song_told);
    } else {
        let report = world.demo(&args.folder, &mut Bars::new(voice))?;
        voice.result(&report, told);
    }
    Ok(Outcome::Done)
}

fn told(report: &DemoReport) -> String {
    let release = &report.release.report;
    let mut songs = Table::new(&[
        ("", Side::Left),
        ("song", Side::Left),
        ("stems", Side::Right),
        ("begins", Side::Right),
        ("loudness", Side::Right),
        ("its text", Side::Left),
    ]);
    for (played, song) in report.songs.iter().zip(&release.songs) {
        songs.row([
            song.number.map_or(String::new(), |number| styled(FAINT, number)),
            song.title.clone(),
            played.stems.len().to_string(),
            duration(song.start_s),
            maybe(song.after.integrated_lufs, 1, "LUFS"),
            played.document.display().to_string(),
        ]);
    }
    let mut files = Table::new(&[("file", Side::Left), ("loudness", Side::Right), ("true peak", Side::Right)]);
    for file in &release.files {
        if let Some(levels) = &file.levels {
            files.row([
                file.path.clone(),
                maybe(levels.integrated_lufs, 1, "LUFS"),
                maybe(levels.true_peak_dbtp, 2, "dBTP"),
            ]);
        }
    }
    let checked = match (report.verified.is_whole(), report.verified.files.len()) {
        (true, files) => format!("Read again and verified: {files} files of the release."),
        (false, _) => "The release is not as it was written: look at it with tonmeister release --verify.".to_owned(),
    };
    let left_out = match report.left_out.as_slice() {
        [] => String::new(),
        left_out => format!("Left out here: {}.\n", left_out.join("; ")),
    };
    let facts = format!("{} · {}", count(release.songs.len(), "song"), duration(release.seconds));
    let first = report.songs.first().map_or(String::new(), |song| song.document.display().to_string());
    format!(
        "{}  {}\n\n{}\n{}\n{checked}\n{left_out}{} explains it.\n\nEvery mix is a text: change {first}, then\n  tonmeister mix \
         {first} -o mix.wav --versions --stems\nThe album is one, too:\n  tonmeister release {} -o {}\n",
        styled(STRONG, report.title),
        styled(FAINT, facts),
        songs.text(),
        files.text(),
        report.release.page.as_deref().unwrap_or(&report.release.folder).display(),
        report.folder.join("album.toml").display(),
        report.release.folder.display(),
    )
}

fn song_told(report: &DemoSongReport) -> String {
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
    let facts = format!("{} · {length}", count(report.song.stems.len(), "stem"));
    let document = report.song.document.display();
    format!(
        "{}  {}\n\n{}{}\nThe mix is a text: change {document}, then\n  tonmeister mix {document} -o mix.wav --versions --stems\n",
        styled(STRONG, report.song.title),
        styled(FAINT, facts),
        table.text(),
        levels::dynamics(&report.mix.dynamics),
    )
}
