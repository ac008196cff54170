//! `tonmeister release`.

use std::fmt::Write;

use tonmeister::release::{Held, Verified};
use tonmeister::{Audition, AuditionOptions, Failure, Release, ReleaseOptions};

use crate::args;
use crate::bars::Bars;
use crate::exit::Outcome;
use crate::table::{CARE, FAINT, GOOD, STRONG, Side, Table, duration, maybe, quantity, signed, styled};
use crate::trouble;
use crate::voice::Voice;

/// Makes, plans or verifies a release, and tells what it came to.
pub(crate) fn run(args: &args::Release, voice: &mut Voice) -> Result<Outcome, Failure> {
    let world = args.work.world();
    if let Some(folder) = &args.verify {
        let verified = world.verify_release(folder)?;
        voice.result(&verified, checked);
        return Ok(if verified.is_whole() { Outcome::Done } else { Outcome::Found });
    }
    if let (Some(album), Some(folder)) = (&args.album, &args.audition) {
        let options =
            AuditionOptions { targets: args.targets.clone(), range_s: args.range, release: args.output.clone() };
        let audition = world.audition(album, folder, &options, &mut Bars::new(voice))?;
        voice.result(&audition, heard);
        return Ok(Outcome::Done);
    }
    let (Some(album), Some(folder)) = (&args.album, &args.output) else {
        return Err(Failure::Usage("name the album document, and the folder with -o".into()));
    };
    let options = ReleaseOptions { targets: args.targets.clone(), dry_run: args.dry_run };
    let release = world.release(album, folder, &options, &mut Bars::new(voice))?;
    voice.result(&release, told);
    Ok(if release.report.reached { Outcome::Done } else { Outcome::Target })
}

/// What each stage did, song by song.
fn heard(audition: &Audition) -> String {
    let heads = [
        ("stage", Side::Left),
        ("level", Side::Right),
        ("PLR before", Side::Right),
        ("PLR", Side::Right),
        ("took off", Side::Right),
        ("residual", Side::Right),
        ("", Side::Left),
    ];
    let mut text = String::new();
    for excerpt in &audition.songs {
        let when = format!("{} to {}", duration(excerpt.from_s), duration(excerpt.to_s));
        let _ = writeln!(text, "{}  {}", styled(STRONG, &excerpt.title), styled(FAINT, when));
        let mut table = Table::new(&heads);
        for stage in &excerpt.stages {
            let [before, after] = stage.plr_db;
            table.row([
                stage.id.clone(),
                maybe(stage.level_lu, 1, "LU"),
                maybe(before, 1, "dB"),
                maybe(after, 1, "dB"),
                maybe(stage.reduction_db, 1, "dB"),
                maybe(stage.residual_db, 0, "dB"),
                styled(FAINT, if stage.bypassed { "bypassed" } else { "" }),
            ]);
        }
        let _ = writeln!(text, "{}", table.text());
    }
    let _ = write!(
        text,
        "Wrote {}\n{}\n",
        audition.folder.display(),
        styled(
            FAINT,
            format!("{} says what each stage did; its files lie at the same loudness", audition.page.display())
        )
    );
    text
}

fn checked(verified: &Verified) -> String {
    let mut text = format!("{}  {}\n", styled(STRONG, &verified.title), styled(FAINT, &verified.program));
    for file in &verified.files {
        let _ = match &file.problem {
            None => writeln!(text, "  {}  {}", styled(GOOD, "same"), file.path),
            Some(problem) => writeln!(text, "  {}  {}: {problem}", styled(CARE, "wrong"), file.path),
        };
    }
    text
}

fn told(release: &Release) -> String {
    let report = &release.report;
    let what = if report.planned { "Plan" } else { "Release" };
    let goal = match report.mode {
        "album" => "loudest song",
        _ => "each song",
    };
    let aim = format!(
        "{} by {}, {}, {goal} at {} under {}",
        report.title,
        report.artist,
        duration(report.seconds),
        quantity(report.loudness_lufs, 1, "LUFS"),
        quantity(report.ceiling_dbtp, 1, "dBTP")
    );
    let mut text = format!("{}  {}\n\n", styled(STRONG, what), styled(FAINT, aim));
    text.push_str(&songs(release));
    text.push_str(&services(release));
    if !report.files.is_empty() {
        text.push_str(&files(release));
    }
    text.push_str(&apart(release));
    for failed in &report.failed {
        let _ = write!(
            text,
            "\n  {}: {}\n  {}\n",
            styled(CARE, &failed.subject),
            failed.message,
            styled(FAINT, &failed.remedy)
        );
    }
    text.push_str(&trouble::remarks(&release.warnings));
    if !report.planned {
        let _ = write!(text, "\nWrote {}\n", release.folder.display());
        if let Some(page) = &release.page {
            let paper = release.pdf.as_ref().map_or(String::new(), |pdf| format!(", {} on paper", pdf.display()));
            let _ = writeln!(text, "{}", styled(FAINT, format!("{} shows and explains it{paper}", page.display())));
        }
    }
    text
}

/// Songs that lie apart from the album, and what would bring them nearer, or has.
fn apart(release: &Release) -> String {
    let Some(even) = &release.report.consistency else { return String::new() };
    let done = if even.corrected { "moved" } else { "suggested" };
    let mut text = String::new();
    for (song, lie) in release.report.songs.iter().zip(&even.songs).filter(|(_, lie)| !lie.moves.is_empty()) {
        let moves: Vec<String> = lie.moves.iter().map(|made| format!("{made}, since {}", made.reason)).collect();
        let _ = write!(text, "\n  {}: {done}: {}\n", song.title, styled(FAINT, moves.join("; ")));
    }
    text
}

fn songs(release: &Release) -> String {
    let heads = [
        ("", Side::Right),
        ("song", Side::Left),
        ("at", Side::Right),
        ("length", Side::Right),
        ("came", Side::Right),
        ("loudness", Side::Right),
        ("true peak", Side::Right),
        ("PLR", Side::Right),
        ("limited", Side::Right),
        ("", Side::Left),
    ];
    let mut table = Table::new(&heads);
    for song in &release.report.songs {
        let held = match song.held {
            None => "",
            Some(Held::Limiting) => "held by the most limiting",
            Some(Held::Plr) => "held by the least PLR",
            Some(Held::Psr) => "held by the least PSR",
        };
        table.row([
            song.number.map_or("–".into(), |number| number.to_string()),
            song.title.clone(),
            duration(song.start_s),
            duration(song.seconds),
            maybe(song.before.integrated_lufs, 1, "LUFS"),
            maybe(song.after.integrated_lufs, 1, "LUFS"),
            maybe(song.after.true_peak_dbtp, 2, "dBTP"),
            maybe(song.after.plr_db, 1, "dB"),
            maybe(song.limiting_db, 1, "dB"),
            styled(CARE, held),
        ]);
    }
    table.text()
}

/// What each service turns each song by: alone, and in the album.
fn services(release: &Release) -> String {
    let songs = &release.report.songs;
    let Some(first) = songs.iter().find(|song| !song.services.is_empty()) else { return String::new() };
    let mut heads = vec![("played", Side::Left)];
    heads.extend(first.services.iter().map(|preview| (preview.service.as_str(), Side::Right)));
    let mut table = Table::new(&heads);
    for song in songs {
        let gains = song.services.iter().map(|preview| {
            let peak = if preview.held_by_peak { "*" } else { "" };
            if !preview.album_known {
                format!("{}{peak} / ?", signed(preview.shuffle_db, 1, "dB"))
            } else if (preview.album_db - preview.shuffle_db).abs() < 0.05 {
                format!("{}{peak}", signed(preview.shuffle_db, 1, "dB"))
            } else {
                format!(
                    "{}{peak} / {}",
                    signed(preview.shuffle_db, 1, "").trim_end(),
                    signed(preview.album_db, 1, "dB")
                )
            }
        });
        table.row(std::iter::once(song.title.clone()).chain(gains));
    }
    let note = "in shuffle / in the album; ? nobody is known to say; * raised less than asked, for its peaks";
    format!("\n{}  {}\n", table.text(), styled(FAINT, note))
}

fn files(release: &Release) -> String {
    let heads = [
        ("file", Side::Left),
        ("format", Side::Left),
        ("loudness", Side::Right),
        ("true peak", Side::Right),
        ("", Side::Left),
    ];
    let mut table = Table::new(&heads);
    for file in &release.report.files {
        let levels = file.levels.unwrap_or_default();
        table.row([
            file.path.clone(),
            // Pictures have no rate.
            if file.sample_rate_hz == 0 {
                file.format.clone()
            } else {
                format!("{} {} Hz", file.format, file.sample_rate_hz)
            },
            maybe(levels.integrated_lufs, 1, "LUFS"),
            maybe(levels.true_peak_dbtp, 2, "dBTP"),
            styled(FAINT, if file.kept { "was there" } else { "" }),
        ]);
    }
    format!("\n{}", table.text())
}
