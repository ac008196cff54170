//! What stands on a side, for the cutter: a cue sheet for each, and one page for all.

use std::fmt::Write as _;

use tonmeister_core::Diagnostic;
use tonmeister_media::Tags;
use tonmeister_session::album::Album;

use super::{MediumReport, Sides};
use crate::cdtext::Texts;
use crate::cue::{CueFile, CueIndex, CueSheet, CueTrack, FileKind, print};
use crate::toc::Sectors;

/// The cue sheet of a side, counted from 0: its tracks from 1, pauses as index 0.
pub(super) fn cue(album: &Album, tags: &[Tags], sides: &Sides, n: usize) -> Result<String, Vec<Diagnostic>> {
    let side = &sides.split.sides[n];
    let placed = &sides.placed[side.songs.clone()];
    let begin = placed.first().map_or(0, |song| song.from);
    let time = |frame: u64| {
        let sectors = (frame - begin) * u64::from(Sectors::PER_SECOND) / u64::from(sides.rate);
        Sectors(u32::try_from(sectors).unwrap_or(u32::MAX))
    };
    let track = |(n, song): (usize, &super::Placed)| {
        let own = &tags[song.song];
        let mut texts = Texts { title: own.display_title().unwrap_or_default(), ..Texts::default() };
        texts.performer = own.display_artist().unwrap_or_default();
        let index = |number, at| CueIndex { number, file: 0, at };
        let pause = n.checked_sub(1).map(|before| time(placed[before].to)).filter(|at| *at < time(song.from));
        let indexes = pause.map(|at| index(0, at)).into_iter().chain([index(1, time(song.from))]);
        CueTrack { texts, isrc: own.isrc, indexes: indexes.collect(), ..CueTrack::default() }
    };
    let mut texts = Texts { title: format!("{}, side {}", album.title, side.letter), ..Texts::default() };
    texts.performer.clone_from(&album.artist);
    let sheet = CueSheet {
        catalog: album.about.upc,
        texts,
        remarks: vec![format!("MEDIUM \"{}\"", sides.medium.name), format!("SIDE {}", side.letter)],
        files: vec![CueFile { name: format!("Side {}.wav", side.letter), kind: FileKind::Wave }],
        tracks: placed.iter().enumerate().map(track).collect(),
        ..CueSheet::default()
    };
    print(&sheet)
}

/// The page that goes to the cutter with the files.
pub(super) fn text(album: &Album, tags: &[Tags], report: &MediumReport) -> String {
    let mut out = String::from("SIDES\n\n");
    let about = &album.about;
    let mono = report.mono_below_hz.map_or("as in the mix".into(), |hz| format!("mono below {hz:.0} Hz"));
    let facts = [
        ("Title", album.title.clone()),
        ("Artist", album.artist.clone()),
        ("Medium", report.medium.clone()),
        ("Label", about.label.clone().unwrap_or_default()),
        ("Catalog", about.catalog_number.clone().unwrap_or_default()),
        ("EAN", about.upc.map_or_else(String::new, |code| code.ean().to_owned())),
        ("Files", format!("WAV, 24 bits, {} Hz", report.sample_rate_hz)),
        ("Level", format!("true peak {:.1} dBTP by one gain for all sides; not limited", report.peak_dbtp)),
        ("Bass", mono),
    ];
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        line(&mut out, &format!("{name:<9} {value}"));
    }
    for side in &report.sides {
        let loud = side.levels.and_then(|levels| levels.integrated_lufs);
        let loud = loud.map_or_else(String::new, |lufs| format!(", {lufs:.1} LUFS"));
        line(&mut out, &format!("\nSide {}    {}{loud}", side.letter, clock(side.seconds)));
        line(&mut out, "       Start      Length     ISRC             Title");
        for (n, song) in side.songs.iter().enumerate() {
            let own = &tags[song.song];
            let isrc = own.isrc.map_or_else(|| "-".to_owned(), |code| code.hyphenated());
            let by =
                own.display_artist().filter(|by| *by != album.artist).map_or_else(String::new, |by| format!(" ({by})"));
            let name = format!("{}{}", side.letter, n + 1);
            let (start, length) = (clock(song.start_s), clock(song.seconds));
            line(&mut out, &format!("{name:>5}  {start:<9}  {length:<9}  {isrc:<15}  {}{by}", song.title));
        }
    }
    if !report.findings.is_empty() {
        line(&mut out, "\nTo look at");
    }
    for finding in &report.findings {
        line(&mut out, &format!("- {}: {}", finding.message, finding.remedy));
    }
    out
}

fn line(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", text.trim_end());
}

/// Minutes, seconds, hundredths.
fn clock(seconds: f64) -> String {
    let hundredths = (seconds * 100.0).round() as u64;
    format!("{:02}:{:02}.{:02}", hundredths / 6000, hundredths / 100 % 60, hundredths % 100)
}
