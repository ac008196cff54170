//! The page of a release: what was done to each song and why, what is delivered, what players will make of it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tonmeister_release::album::Report;
use tonmeister_release::album::report::SongReport;
use tonmeister_release::album::solve::Held;
use tonmeister_report::figures::{self, Cast};
use tonmeister_report::page::{Page, Section, Table};
use tonmeister_report::text::{clock, hertz, number, quantity, signed};
use tonmeister_report::{Story, Subject};

pub(crate) mod consistency;
pub(crate) mod stages;

/// A song as it is drawn.
pub(super) struct Drawn {
    /// What came, where that is a file.
    pub(super) before: Option<Subject>,
    /// What is delivered, where something is.
    pub(super) after: Option<Subject>,
}

/// The page.
pub(super) fn page(report: &Report, drawn: &[Drawn]) -> String {
    let goal = if report.mode == "album" { "the loudest song" } else { "each song" };
    let facts = format!(
        "{} · {} songs, {}\n{goal} at {} LUFS under {} dBTP",
        report.artist,
        report.songs.len(),
        clock(report.seconds),
        number(report.loudness_lufs, 1),
        number(report.ceiling_dbtp, 1)
    );
    let mut page = Page::new(&report.title, &facts);
    page.section(&songs(report));
    if !report.failed.is_empty() {
        page.section(&failed(report));
    }
    let all: Vec<Subject> = drawn.iter().filter_map(|song| song.after.clone()).collect();
    if all.len() > 1 {
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
    page.section(&files(report));
    if !report.codecs.is_empty() {
        page.section(&codecs(report));
    }
    if !report.mono.is_empty() {
        page.section(&mono(report));
    }
    for (place, (song, drawn)) in report.songs.iter().zip(drawn).enumerate() {
        one_song(&mut page, report, place, song, drawn);
    }
    page.html()
}

fn songs(report: &Report) -> Section {
    let head = ["", "at", "length", "came", "loudness", "range", "true peak", "PLR", "least PSR", "limited by"];
    let mut table = Table::new("Songs as they are delivered", &head);
    for song in &report.songs {
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
    section
}

fn named(song: &SongReport) -> String {
    song.number.map_or_else(|| format!("{} (hidden)", song.title), |number| format!("{number}. {}", song.title))
}

fn failed(report: &Report) -> Section {
    let mut table = Table::new("What is not as it should be", &["", "what", "what to do"]);
    for failed in &report.failed {
        table.row([failed.subject.clone(), failed.message.clone(), failed.remedy.clone()]);
    }
    let mut section = Section::new("failed", "To look at");
    section.table(&table);
    section
}

fn services(report: &Report) -> Section {
    let names = report.songs.iter().find(|song| !song.services.is_empty()).map_or(&[][..], |song| &song.services);
    let mut head = vec![""];
    head.extend(names.iter().map(|preview| preview.service.as_str()));
    let mut table = Table::new("What each service turns each song by: in shuffle, and in the album", &head);
    for song in &report.songs {
        let cells = song.services.iter().map(|preview| {
            let held = if preview.held_by_peak { ", held by its peaks" } else { "" };
            if preview.album_known {
                format!("{} / {} dB{held}", signed(preview.shuffle_db, 1), signed(preview.album_db, 1))
            } else {
                format!("{} / not known{held}", signed(preview.shuffle_db, 1))
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
    section
}

fn files(report: &Report) -> Section {
    let head = ["", "format", "rate", "loudness", "true peak", "BLAKE3"];
    let mut table = Table::new("Every file, measured as it was written; lossy ones as they decode", &head);
    for file in &report.files {
        let levels = file.levels.unwrap_or_default();
        let hash = file.blake3.as_deref().map_or("–", |hash| &hash[..16]);
        table.row([
            file.path.clone(),
            file.format.clone(),
            format!("{} Hz", file.sample_rate_hz),
            quantity(levels.integrated_lufs, 1, "LUFS"),
            quantity(levels.true_peak_dbtp, 2, "dBTP"),
            hash.to_owned(),
        ]);
    }
    let mut section = Section::new("files", "Files");
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

fn one_song(page: &mut Page, report: &Report, place: usize, song: &SongReport, drawn: &Drawn) {
    let mut section = Section::new(&format!("song-{}", place + 1), &named(song));
    section.words(&story(report, song));
    if let Some(excerpt) = report.stages.iter().find(|excerpt| excerpt.song == place) {
        section.table(&stages::table(excerpt));
    }
    page.section(&section);
    let (subjects, story): (Vec<Subject>, Story) = match (&drawn.before, &drawn.after) {
        (Some(before), Some(after)) => (vec![before.clone(), after.clone()], Story::BeforeAfter),
        (_, Some(after)) => (vec![after.clone()], Story::SideBySide),
        _ => return,
    };
    let cast = Cast { subjects: &subjects, story };
    let mut all = [figures::loudness(cast), figures::spectrum(cast)];
    for figure in &mut all {
        // Names are unique on a page.
        figure.name = format!("{}-{}", figure.name, place + 1);
    }
    page.figures("", "", &all);
}

/// What was done and why, in sentences.
fn story(report: &Report, song: &SongReport) -> String {
    let Some((before, after)) = song.before.integrated_lufs.zip(song.after.integrated_lufs) else {
        return "Silent: nothing was turned.".into();
    };
    let mut text = format!(
        "Came at {} LUFS and leaves at {} LUFS ({} LU). ",
        number(before, 1),
        number(after, 1),
        signed(after - before, 1)
    );
    text.push_str(match report.mode {
        "album" => "One gain for the whole album keeps its level to the other songs as it came. ",
        _ => "Its own gain brings it to the loudness asked for. ",
    });
    if song.joined {
        text.push_str("It joins its neighbor without a seam, so both go through one chain with one gain. ");
    }
    match song.limiting_db {
        Some(limiting) if limiting < 0.05 => text.push_str("The limiter never worked. "),
        Some(limiting) => {
            let _ = write!(text, "The limiter took at most {} dB off a peak. ", number(limiting, 1));
        }
        None => {}
    }
    text.push_str(match song.held {
        None => "",
        Some(Held::Limiting) => "More was asked for: it is held by the most limiting that is allowed.",
        Some(Held::Plr) => "More was asked for: it is held by the least PLR that is allowed.",
        Some(Held::Psr) => "More was asked for: it is held by the least PSR that is allowed.",
    });
    text
}

/// Which file of a release is drawn for a song: the first one without loss, else the first.
pub(super) fn shown(report: &Report, folder: &Path, song: usize) -> Option<PathBuf> {
    let own = || report.files.iter().filter(move |file| file.song == Some(song) && file.version.is_none());
    let file = own().find(|file| !file.lossy).or_else(|| own().next())?;
    Some(folder.join(&file.path))
}
