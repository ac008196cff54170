//! What can be held, on the page of a release: the disc's sheet, the sides of a record and of a cassette.

use std::fmt::Write as _;

use tonmeister_release::album::Report;
use tonmeister_release::album::image::DiscReport;
use tonmeister_release::album::sides::MediumReport;
use tonmeister_report::page::{Section, Table};
use tonmeister_report::text::{clock, number, quantity, signed};

/// The sections of everything that can be held.
pub(super) fn sections(report: &Report) -> Vec<Section> {
    let disc = report.disc.iter().map(disc);
    disc.chain(report.media.iter().map(|medium| sides(report, medium))).collect()
}

/// The PQ sheet: what stands where on the disc.
fn disc(disc: &DiscReport) -> Section {
    let mut table = Table::new(
        "Where tracks begin; minutes, seconds and frames of 1/75 s",
        &["", "starts at", "length", "pause before", "ISRC"],
    );
    for track in &disc.tracks {
        table.row([
            format!("{}. {}", track.number, track.title),
            track.start.clone(),
            track.length.clone(),
            track.pause.clone(),
            track.isrc.clone().unwrap_or_else(|| "–".into()),
        ]);
    }
    let mut section = Section::new("disc", "On the disc");
    let ean = disc.ean.as_deref().unwrap_or("none");
    section.words(&format!("PQ sheet. EAN: {ean}. The lead-out begins at {}.", disc.end));
    section.table(&table);
    section
}

/// The sides, and what the cutter may ask about.
fn sides(report: &Report, medium: &MediumReport) -> Section {
    let head = ["", "length", "loudness", "true peak", "PLR", "songs"];
    let mut table = Table::new("Sides", &head);
    for side in &medium.sides {
        let levels = side.levels.unwrap_or_default();
        let of_album = |place: usize| report.songs.get(place).and_then(|song| song.number);
        let songs = side.songs.iter().map(|song| {
            let number = of_album(song.song).map_or_else(String::new, |number| format!("{number}. "));
            format!("{number}{}", song.title)
        });
        table.row([
            side.letter.to_string(),
            clock(side.seconds),
            quantity(levels.integrated_lufs, 1, "LUFS"),
            quantity(levels.true_peak_dbtp, 2, "dBTP"),
            quantity(levels.plr_db, 1, "dB"),
            songs.collect::<Vec<_>>().join(", "),
        ]);
    }
    let mut section = Section::new(&medium.folder, &format!("On {}: {}", what(medium), medium.medium));
    section.words(&about(medium));
    section.table(&table);
    if !medium.findings.is_empty() {
        section.words("What the plant may ask about:");
    }
    // Sentences, which a table would stretch.
    for finding in &medium.findings {
        section.words(&format!("• {}. What to do: {}.", finding.message, finding.remedy));
    }
    section
}

fn what(medium: &MediumReport) -> &'static str {
    if medium.folder == "vinyl" { "a record" } else { "a cassette" }
}

/// How the sides were made, in sentences.
fn about(medium: &MediumReport) -> String {
    let good = if medium.good_s < medium.longest_s {
        format!("A side is cut at full level up to {} and holds {}.", clock(medium.good_s), clock(medium.longest_s))
    } else {
        format!("A side holds {}.", clock(medium.longest_s))
    };
    let mut text = format!(
        "{good} Sides are not limited: one gain for all of them{} brings the highest peak to {} dBTP. ",
        medium.gain_db.map_or_else(String::new, |db| format!(", {} dB,", signed(db, 1))),
        number(medium.peak_dbtp, 1)
    );
    if let Some(hz) = medium.mono_below_hz {
        let _ = write!(text, "Bass below {} Hz is in mono. ", number(hz, 0));
    }
    let _ = write!(text, "WAV, 24 bits, {} Hz.", medium.sample_rate_hz);
    text
}
