//! The page of a release: what was done to each song and why, what is delivered, what players will make of it. The same
//! sections are its HTML and its PDF.

mod chain;
pub(crate) mod consistency;
mod song;
pub(crate) mod stages;

use std::path::{Path, PathBuf};

use tonmeister_core::{Registry, Severity};
use tonmeister_release::album::Report;
use tonmeister_release::album::report::SongReport;
use tonmeister_release::album::verify::Verified;
use tonmeister_report::figures::{self, Cast, InOrder};
use tonmeister_report::page::{Page, Section, Table};
use tonmeister_report::text::{clock, count, hertz, list, number, quantity, signed};
use tonmeister_report::{Story, Subject};
use tonmeister_session::album::AlbumDocument;

/// A song as it is drawn.
pub(super) struct Drawn {
    /// What came, where that is a file.
    pub(super) before: Option<Subject>,
    /// What is delivered, where something is.
    pub(super) after: Option<Subject>,
}

/// What a page is made from.
pub(super) struct Told<'a> {
    pub(super) document: &'a AlbumDocument,
    pub(super) registry: &'a Registry,
    pub(super) report: &'a Report,
    /// Every file looked at again, after all were written.
    pub(super) verified: &'a Verified,
    pub(super) drawn: &'a [Drawn],
}

/// The page.
pub(super) fn page(told: &Told<'_>) -> Page {
    let Told { report, drawn, .. } = told;
    let goal = if report.mode == "album" { "the loudest song" } else { "each song" };
    let facts = format!(
        "{} · {}, {}\n{goal} at {} LUFS under {} dBTP",
        report.artist,
        count(report.songs.len(), "song"),
        clock(report.seconds),
        number(report.loudness_lufs, 1),
        number(report.ceiling_dbtp, 1)
    );
    let mut page = Page::new(&report.title, &facts);
    page.section(&songs(told));
    page.section(&failed(told));
    let all: Vec<Subject> = drawn.iter().filter_map(|song| song.after.clone()).collect();
    if all.len() > 1 {
        page.section(&between(told));
        let cast = Cast { subjects: &all, story: Story::SideBySide };
        page.figures("album", "The songs beside each other", &[figures::loudness(cast), figures::spectrum(cast)]);
    }
    if let Some(section) = consistency::section(report) {
        page.section(&section);
    }
    if report.songs.iter().any(|song| !song.services.is_empty()) {
        page.section(&services(report));
    }
    for section in super::held::sections(report) {
        page.section(&section);
    }
    page.section(&files(told));
    if !report.codecs.is_empty() {
        page.section(&codecs(report));
    }
    if !report.mono.is_empty() {
        page.section(&mono(report));
    }
    for place in 0..report.songs.len() {
        page.section(&song::section(told, place));
    }
    page
}

fn songs(told: &Told<'_>) -> Section {
    let head = ["", "at", "length", "came", "loudness", "range", "true peak", "PLR", "least PSR", "limited by"];
    let mut table = Table::new("Songs as they are delivered", &head);
    for song in &told.report.songs {
        table.row([
            named(song),
            clock(song.start_s),
            clock(song.seconds),
            quantity(song.before.integrated_lufs, 1, "LUFS"),
            quantity(song.after.integrated_lufs, 1, "LUFS"),
            quantity(song.after.range_lu, 1, "LU"),
            quantity(song.after.true_peak_dbtp, 2, "dBTP"),
            quantity(song.after.plr_db, 1, "dB"),
            quantity(song.after.min_psr_db, 1, "dB"),
            quantity(song.limiting_db, 1, "dB"),
        ]);
    }
    let mut section = Section::new("songs", "The album");
    section.table(&table);
    let place = |(song, drawn): (&SongReport, &Drawn)| InOrder {
        name: named(song),
        start_s: song.start_s,
        sounds_s: song.sounds_s,
        before_lufs: song.before.integrated_lufs,
        after_lufs: song.after.integrated_lufs,
        range_lufs: drawn.after.as_ref().and_then(|s| s.loudness.range).map(|range| (range.low_lufs, range.high_lufs)),
    };
    section.figure(&figures::order(told.report.songs.iter().zip(told.drawn).map(place).collect()));
    section
}

/// What a song is called on the page.
fn named(song: &SongReport) -> String {
    song.number.map_or_else(|| format!("{} (hidden)", song.title), |number| format!("{number}. {}", song.title))
}

/// What lies between the songs, and how far each lies from all of them.
fn between(told: &Told<'_>) -> Section {
    let tones: Vec<_> = told.drawn.iter().map(|song| song.after.as_ref().and_then(figures::balance)).collect();
    let names = tones.iter().flatten().next().map_or([""; 5], |tone| tone.map(|(name, _)| name));
    let mean = [0, 1, 2, 3, 4].map(|band| {
        let all: Vec<f64> = tones.iter().flatten().map(|tone| tone[band].1).collect();
        all.iter().sum::<f64>() / all.len().max(1) as f64
    });
    let mut head = vec!["", "follows", "louder by"];
    head.extend(names);
    let mut table = Table::new(
        "How each song follows the one before, by how much it is louder, and how its tone differs from the mean of all",
        &head,
    );
    for (place, (song, tone)) in told.report.songs.iter().zip(&tones).enumerate() {
        let last = place.checked_sub(1).map(|before| &told.report.songs[before]);
        let louder = last.and_then(|last| Some(song.after.integrated_lufs? - last.after.integrated_lufs?));
        let follows = match (last, song.gap_s) {
            (None, _) => "–".into(),
            (_, gap) if gap > 0.0005 => format!("after {} s", number(gap, 1)),
            (_, gap) if gap < -0.0005 && song.crossfaded => format!("crossfade of {} s", number(-gap, 1)),
            (_, gap) if gap < -0.0005 => format!("over the last {} s", number(-gap, 1)),
            _ if song.joined => "without a seam".into(),
            _ => "at once".into(),
        };
        let mut row = vec![named(song), follows, louder.map_or("–".into(), |lu| format!("{}\u{a0}LU", signed(lu, 1)))];
        row.extend([0, 1, 2, 3, 4].map(|band| match tone {
            Some(tone) => format!("{}\u{a0}dB", signed(tone[band].1 - mean[band], 1)),
            None => "–".into(),
        }));
        table.row(row);
    }
    let mut section = Section::new("between", "From song to song");
    section.table(&table);
    section
}

/// Every rule that fails, with its remedy; or that none does.
fn failed(told: &Told<'_>) -> Section {
    let mut section = Section::new("failed", "To look at");
    let mut table = Table::of_sentences("What is not as it should be", &["", "what", "what to do"]);
    for failed in &told.report.failed {
        table.row([failed.subject.clone(), failed.message.clone(), failed.remedy.clone()]);
    }
    for file in &told.verified.files {
        if let Some(problem) = &file.problem {
            table.row([file.path.clone(), problem.clone(), "run the release again".into()]);
        }
    }
    for (song, drawn) in told.report.songs.iter().zip(told.drawn) {
        let Some(after) = &drawn.after else { continue };
        let counts = [(after.count(Severity::Error), "error"), (after.count(Severity::Warning), "warning")];
        let found: Vec<String> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| count(*n, what)).collect();
        if !found.is_empty() {
            let what = format!("the check of its file found {}", list(&found));
            table.row([named(song), what, "on the song's own page, each with its remedy".into()]);
        }
    }
    if table.rows.is_empty() {
        section.words(
            "Nothing: every loudness that was asked for was reached, every file keeps the ceiling once it is decoded, was \
             read back whole, and has nothing that looks like a fault.",
        );
    } else {
        section.table(&table);
    }
    section
}

fn services(report: &Report) -> Section {
    let names = report.songs.iter().find(|song| !song.services.is_empty()).map_or(&[][..], |song| &song.services);
    let mut head = vec![""];
    head.extend(names.iter().map(|preview| preview.service.as_str()));
    let mut table = Table::new("What each service turns each song by, in dB: in shuffle / in the album", &head);
    let mut held = false;
    for song in &report.songs {
        let cells = song.services.iter().map(|preview| {
            held |= preview.held_by_peak;
            let star = if preview.held_by_peak { "*" } else { "" };
            if preview.album_known {
                format!("{}\u{a0}/\u{a0}{}{star}", signed(preview.shuffle_db, 1), signed(preview.album_db, 1))
            } else {
                format!("{}{star} / not known", signed(preview.shuffle_db, 1))
            }
        });
        table.row(std::iter::once(named(song)).chain(cells));
    }
    let mut section = Section::new("services", "Where it is played");
    section.words(
        "A preview of what normalization does at playback, from each service's published or measured behavior \
         (tonmeister targets lists sources and dates). It is no order to master to these levels. Where nobody is known \
         to say what a service does to an album, that is not known.",
    );
    section.table(&table);
    if held {
        section.words("* raised less than the service would, because its peaks leave no more room.");
    }
    section
}

/// Bytes as people count them.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes}\u{a0}B"),
        1_000..1_000_000 => format!("{}\u{a0}kB", number(bytes as f64 / 1e3, 0)),
        _ => format!("{}\u{a0}MB", number(bytes as f64 / 1e6, 1)),
    }
}

fn khz(rate: u32) -> String {
    let khz = f64::from(rate) / 1000.0;
    format!("{}\u{a0}kHz", number(khz, usize::from(khz.fract() != 0.0)))
}

fn files(told: &Told<'_>) -> Section {
    let head = ["", "format", "length", "size", "loudness", "true peak", "read back", "BLAKE3"];
    let mut table = Table::new("Every file, measured as it was written; lossy ones as they decode", &head);
    for file in &told.report.files {
        let levels = file.levels.unwrap_or_default();
        let known = told.verified.files.iter().find(|checked| checked.path == file.path);
        let length = file.frames.filter(|_| file.levels.is_some()).map(|n| n as f64 / f64::from(file.sample_rate_hz));
        table.row([
            file.path.clone(),
            // Pictures have no rate.
            if file.sample_rate_hz == 0 {
                file.format.clone()
            } else {
                format!("{}, {}", file.format, khz(file.sample_rate_hz))
            },
            length.map_or("–".into(), clock),
            file.bytes.map_or("–".into(), size),
            quantity(levels.integrated_lufs, 1, "LUFS"),
            quantity(levels.true_peak_dbtp, 2, "dBTP"),
            match known {
                None => "no".into(),
                Some(checked) if checked.problem.is_some() => "fails".into(),
                Some(_) => "whole".into(),
            },
            file.blake3.as_deref().map_or("–", |hash| &hash[..12]).to_owned(),
        ]);
    }
    let mut section = Section::new("files", "Files");
    section.words(
        "After all were written, every file was read again: its hash is the one in release.lock, and every song decodes to \
         the very frame at which it has to end. A disc's files were read back and compared before they got their names.",
    );
    section.table(&table);
    section
}

fn codecs(report: &Report) -> Section {
    let head = ["", "format", "decoded at first", "decoded now", "moments taken back", "most"];
    let mut table = Table::new("True peaks behind the decoder", &head);
    for looped in &report.codecs {
        table.row([
            match &looped.version {
                Some(version) => {
                    format!("{}, {version}", report.songs.get(looped.song).map_or_else(String::new, named))
                }
                None => report.songs.get(looped.song).map_or_else(String::new, named),
            },
            looped.format.clone(),
            quantity(looped.before_dbtp, 2, "dBTP"),
            quantity(looped.after_dbtp, 2, "dBTP"),
            looped.moments.to_string(),
            if looped.moments == 0 { "–".into() } else { quantity(Some(looped.most_db), 2, "dB") },
        ]);
    }
    let mut section = Section::new("codecs", "Behind the decoder");
    section.words(
        "Each lossy file is encoded and decoded before it is delivered. Where a decoder came above the ceiling, the fader \
         behind the limiter gives way for that tenth of a second, and the rest of the song stays as loud as it is.",
    );
    section.table(&table);
    section
}

/// What the fold-down loses.
fn mono(report: &Report) -> Section {
    let mut table = Table::new("What each song loses in mono", &["", "of the whole", "worst 3 s", "bands that cancel"]);
    for fold in &report.mono {
        let worst =
            fold.worst.map_or("–".into(), |(at, db)| format!("{} at {}", quantity(Some(db), 1, "dB"), clock(at)));
        let bands: Vec<String> =
            fold.bands.iter().map(|(hz, db)| format!("{} ({} dB)", hertz(*hz), number(*db, 0))).collect();
        table.row([
            report.songs.get(fold.song).map_or_else(String::new, named),
            quantity(fold.loss_db, 1, "dB"),
            worst,
            if bands.is_empty() { "none".into() } else { bands.join(", ") },
        ]);
    }
    let mut section = Section::new("mono", "In mono");
    section.words(
        "The fold-down is (L + R) / 2 on both sides, of the finished program, limited again. What stands in the middle stays \
         as loud as it was. Sides that have nothing in common lose 3 dB; what loses much more works against itself.",
    );
    section.table(&table);
    section
}

/// Which file of a release is drawn for a song: the first one without loss, else the first.
pub(super) fn shown(report: &Report, folder: &Path, song: usize) -> Option<PathBuf> {
    let own = || report.files.iter().filter(move |file| file.song == Some(song) && file.version.is_none());
    let file = own().find(|file| !file.lossy).or_else(|| own().next())?;
    Some(folder.join(&file.path))
}
