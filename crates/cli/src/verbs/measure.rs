//! `tonmeister measure`.

use std::fmt::Write;
use std::path::PathBuf;

use serde::Serialize;
use tonmeister::tone::{Corridor, Tone};
use tonmeister::{
    Album, Failure, Gains, History, MeasureOptions, MeasureReport, Needles, Portrayed, ReportFiles, World,
};

use super::{levels, needles, tone};
use crate::args::{Closer, Measure};
use crate::bars::Bars;
use crate::exit::Outcome;
use crate::table::{FAINT, STRONG, Side, Table, count, duration, maybe, number, quantity, styled};
use crate::trouble;
use crate::voice::Voice;

/// All files.
#[derive(Serialize)]
struct Measured {
    files: Vec<Each>,
    #[serde(skip_serializing_if = "Option::is_none")]
    album: Option<Album>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tones: Vec<Tone>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    needles: Vec<Needles>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<Unmeasured>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<ReportFiles>,
}

/// One file.
#[derive(Serialize)]
struct Each {
    #[serde(flatten)]
    report: MeasureReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<History>,
}

/// A file that could not be measured.
#[derive(Serialize)]
struct Unmeasured {
    path: PathBuf,
    message: String,
}

/// Measures all files; one that cannot be read does not keep the others from being measured.
pub(crate) fn run(args: &Measure, voice: &mut Voice) -> Outcome {
    let world = super::world();
    let options = MeasureOptions { speakers: args.channels.clone() };
    let (mut reports, mut portrayed, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    let mut outcome = Outcome::Done;
    let drawn = &args.drawn;
    let paths: Vec<PathBuf> = args.files.iter().chain(&drawn.before).chain(&drawn.after).cloned().collect();
    let all = match all(&world, &paths, (!drawn.wanted()).then_some(&options), voice) {
        Ok(all) => all,
        Err(failure) => {
            trouble::tell(&failure, voice);
            return Outcome::of(&failure);
        }
    };
    for (path, one) in paths.into_iter().zip(all) {
        match one {
            Ok((report, portrait)) => {
                reports.push(report);
                portrayed.extend(portrait);
            }
            Err(failure) => {
                outcome = Outcome::of(&failure);
                if !voice.json() {
                    trouble::tell(&failure, voice);
                }
                failed.push(Unmeasured { path, message: failure.to_string() });
            }
        }
    }
    let mut report = None;
    if drawn.wanted() && !portrayed.is_empty() {
        match world.write_report(&portrayed, &drawn.options()) {
            Ok(files) => report = Some(files),
            Err(failure) => {
                outcome = Outcome::of(&failure);
                trouble::tell(&failure, voice);
            }
        }
    }
    let album = (args.album && !reports.is_empty()).then(|| tonmeister::album(&reports));
    let each = |report: MeasureReport| Each { history: args.history.then(|| report.history()), report };
    let files: Vec<Each> = reports.into_iter().map(each).collect();
    let mut measured = Measured { files, album, tones: Vec::new(), needles: Vec::new(), failed, report };
    let paths: Vec<PathBuf> = measured.files.iter().map(|file| file.report.path.clone()).collect();
    let mut failures = Vec::new();
    if args.closer.is_wanted() {
        sorted(tones(&args.closer, &paths, voice), &mut measured.tones, &mut failures);
    }
    if args.closer.meters {
        let all = world.all_needles(&paths, &options, &mut Bars::new(voice));
        let all = all.unwrap_or_else(|failure| vec![Err(failure)]);
        sorted(all, &mut measured.needles, &mut failures);
    }
    for failure in failures {
        outcome = Outcome::of(&failure);
        trouble::tell(&failure, voice);
    }
    voice.result(&measured, |measured| {
        let spectrum = args.closer.spectrum || !args.closer.like.is_empty();
        let each = |t: &Tone| tone::told(t, spectrum, args.closer.space);
        let tones = measured.tones.iter().map(each).collect::<String>();
        told(measured) + &tones + &measured.needles.iter().map(needles::told).collect::<String>()
    });
    outcome
}

/// What came of files to one list, and why others could not be looked at to another.
fn sorted<T>(all: Vec<Result<T, Failure>>, good: &mut Vec<T>, failures: &mut Vec<Failure>) {
    for one in all {
        match one {
            Ok(one) => good.push(one),
            Err(failure) => failures.push(failure),
        }
    }
}

/// The closer look at each file; one that cannot be had does not keep the others from being looked at.
fn tones(closer: &Closer, paths: &[PathBuf], voice: &Voice) -> Vec<Result<Tone, Failure>> {
    let world = super::world();
    let corridor = match closer.like.as_slice() {
        [] => Corridor::free_releases(),
        references => match world.corridor(references, &mut Bars::new(voice)) {
            Ok(corridor) => corridor,
            Err(failure) => return vec![Err(failure)],
        },
    };
    world.tones(paths, &corridor, &mut Bars::new(voice)).unwrap_or_else(|failure| vec![Err(failure)])
}

/// A file, measured, and portrayed if that was asked for; or why it could not be.
type One = Result<(MeasureReport, Option<Portrayed>), Failure>;

/// Measured by these options; without any, portrayed as well. A portrait keeps the cores busy by itself, so files are
/// portrayed one after the other.
fn all(world: &World, paths: &[PathBuf], options: Option<&MeasureOptions>, voice: &Voice) -> Result<Vec<One>, Failure> {
    let mut bars = Bars::new(voice);
    if let Some(options) = options {
        let all = world.measure_all(paths, options, &mut bars)?;
        return Ok(all.into_iter().map(|one| Ok((one?, None))).collect());
    }
    let mut all = Vec::new();
    for path in paths {
        all.push(match world.portray(path, &mut bars) {
            Err(Failure::Interrupted) => return Err(Failure::Interrupted),
            portrayed => portrayed.map(|portrayed| (portrayed.report.clone(), Some(portrayed))),
        });
    }
    Ok(all)
}

/// What was drawn, and where.
fn drawn(report: &ReportFiles) -> String {
    let mut table = Table::facts();
    if let Some(page) = &report.page {
        table.fact("report", page.display().to_string());
    }
    if let Some(folder) = report.pictures.first().and_then(|picture| picture.parent()) {
        let how_many = count(report.pictures.len(), "picture");
        table.fact("pictures", format!("{how_many} in {}", folder.display()));
    }
    format!("\n{}", table.text())
}

fn told(measured: &Measured) -> String {
    let mut text = match measured.files.as_slice() {
        [] => String::new(),
        [only] => alone(&only.report),
        several => together(several),
    };
    if let Some(album) = &measured.album {
        text.push('\n');
        text.push_str(&as_album(album));
    }
    for file in &measured.files {
        text.push_str(&trouble::remarks(&file.report.warnings));
    }
    if let Some(report) = &measured.report {
        text.push_str(&drawn(report));
    }
    text
}

fn alone(file: &MeasureReport) -> String {
    let loudness = &file.loudness;
    let mut table = Table::facts();
    table.fact("length", duration(file.seconds));
    table.fact("format", format!("{}, {} Hz", file.format, loudness.sample_rate_hz));
    levels::levels(&mut table, loudness);
    let from = loudness.min_psr_at_s.map(|at| format!("at the least, from {}", duration(at)));
    table.fact("peak to short-term", levels::placed(maybe(loudness.min_psr_db, 1, "dB"), from));
    table.fact("dynamic range", dynamic_range(loudness.dr_db));
    let rms = loudness.rms_dbfs.map(|rms| format!("over an RMS of {}", quantity(rms, 1, "dBFS")));
    table.fact("crest factor", levels::placed(maybe(loudness.crest_db, 1, "dB"), rms));
    gains(&mut table, loudness.gains.as_ref());
    let path = file.path.display().to_string();
    let mut text = format!("{}\n\n{}", styled(STRONG, path), table.text());
    let _ = write!(text, "\n{}", channels(file));
    text
}

fn channels(file: &MeasureReport) -> String {
    let mut table = Table::new(&[
        ("channel", Side::Left),
        ("loudness", Side::Right),
        ("true peak", Side::Right),
        ("sample peak", Side::Right),
        ("RMS", Side::Right),
        ("crest", Side::Right),
        ("DR", Side::Right),
    ]);
    for (name, channel) in file.channel_names.iter().zip(&file.loudness.channels) {
        table.row([
            name.clone(),
            maybe(channel.integrated_lufs, 1, "LUFS"),
            maybe(channel.true_peak_dbtp, 2, "dBTP"),
            maybe(channel.sample_peak_dbfs, 2, "dBFS"),
            maybe(channel.rms_dbfs, 1, "dBFS"),
            maybe(channel.crest_db, 1, "dB"),
            maybe(channel.dr_db, 1, "dB"),
        ]);
    }
    table.text()
}

/// "DR9 (9.24 dB)".
fn dynamic_range(dr_db: Option<f64>) -> String {
    dr_db.map_or_else(
        || "–".into(),
        |dr| levels::placed(format!("DR{}", number(dr, 0)), Some(format!("({})", quantity(dr, 2, "dB")))),
    )
}

fn gains(table: &mut Table, gains: Option<&Gains>) {
    let Some(gains) = gains else { return };
    let peak = Some(format!("peak {}", number(gains.replay_gain_peak, 6)));
    table.fact("ReplayGain", levels::placed(quantity(gains.replay_gain_db, 2, "dB"), peak));
    let decibels = Some(format!("({})", quantity(f64::from(gains.r128_gain) / 256.0, 2, "dB")));
    table.fact("R128 gain", levels::placed(number(f64::from(gains.r128_gain), 0), decibels));
}

fn together(files: &[Each]) -> String {
    let mut table = Table::new(&[
        ("file", Side::Left),
        ("length", Side::Right),
        ("LUFS", Side::Right),
        ("range LU", Side::Right),
        ("max 3 s", Side::Right),
        ("dBTP", Side::Right),
        ("PLR dB", Side::Right),
        ("PSR dB", Side::Right),
        ("DR", Side::Right),
    ]);
    for file in files.iter().map(|file| &file.report) {
        let loudness = &file.loudness;
        let bare = |value: Option<f64>, decimals| maybe(value, decimals, "").trim_end().to_string();
        table.row([
            file.path.display().to_string(),
            styled(FAINT, duration(file.seconds)),
            bare(loudness.integrated_lufs, 1),
            bare(loudness.range.as_ref().map(|range| range.lu), 1),
            bare(loudness.max_short_term_lufs, 1),
            bare(loudness.true_peak_dbtp, 2),
            bare(loudness.plr_db, 1),
            bare(loudness.min_psr_db, 1),
            bare(loudness.dr_db, 0),
        ]);
    }
    table.text()
}

fn as_album(album: &Album) -> String {
    let mut table = Table::facts();
    table.fact("length", duration(album.seconds));
    table.fact("loudness", maybe(album.integrated_lufs, 1, "LUFS"));
    table.fact("loudness range", album.range.as_ref().map_or_else(|| "–".into(), levels::range));
    table.fact("loudest 3 s", maybe(album.max_short_term_lufs, 1, "LUFS"));
    table.fact("true peak", maybe(album.true_peak_dbtp, 2, "dBTP"));
    table.fact("peak to loudness", maybe(album.plr_db, 1, "dB"));
    table.fact("dynamic range", dynamic_range(album.dr_db));
    table.fact("quietest to loudest", maybe(album.spread_lu, 1, "LU"));
    gains(&mut table, album.gains.as_ref());
    format!("{}\n\n{}", styled(STRONG, format!("album of {}", count(album.programmes, "file"))), table.text())
}
