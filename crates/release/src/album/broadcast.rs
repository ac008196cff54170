//! The broadcast extension of a WAV file (EBU Tech 3285, version 2), from the document and the meter alone: no clock, so
//! that the same release gives the same bytes.

use tonmeister_core::codes::ReleaseDate;
use tonmeister_media::{Bext, BextLoudness, Codec, Format, SampleFormat, Tags};
use tonmeister_session::album::Album;

use super::files::Set;
use super::levels::Levels;
use crate::cdtext::{Charset, plain};

/// Characters of a description.
const DESCRIPTION: usize = 256;
/// Characters of a name.
const NAME: usize = 32;
/// Who writes the file, in its coding history.
const CODER: &str = "Tonmeister";

/// Each song's tags with its broadcast extension, if the set's files have one. What is measured comes when a file is whole.
pub(crate) fn with_broadcast(album: &Album, set: &Set, tags: &[Tags], cuts: &[(u64, u64)]) -> Vec<Tags> {
    let Format::Wav(samples) = set.format else { return tags.to_vec() };
    if !set.bext {
        return tags.to_vec();
    }
    let one = |(tags, (start, _)): (&Tags, &(u64, u64))| {
        let title = tags.display_title().unwrap_or_default();
        let artist = tags.display_artist().unwrap_or_default();
        let track = tags.track.map_or_else(String::new, |track| format!(", track {}", track.number));
        let text = format!("{artist}: {title} ({}{track})", album.title);
        // A DAW that sorts files by their time lays the album out as it is heard.
        let bext = of(album, &text, tags, *start, (samples, set.rate));
        Tags { broadcast: Some(bext), ..tags.clone() }
    };
    tags.iter().zip(cuts).map(one).collect()
}

/// The extension of a file that begins so many frames into the album.
pub(crate) fn of(album: &Album, text: &str, tags: &Tags, start: u64, (samples, rate): (SampleFormat, u32)) -> Bext {
    let about = &album.about;
    let named = about.label.as_ref().unwrap_or(&album.artist);
    let reference = tags.isrc.map(|code| code.as_str().to_owned());
    let reference = reference.or_else(|| about.catalog_number.clone());
    let reference = reference.or_else(|| about.upc.map(|code| code.as_str().to_owned()));
    let mut bext = Bext {
        description: field(text, DESCRIPTION),
        originator: field(named, NAME),
        originator_reference: field(&reference.unwrap_or_default(), NAME),
        date: about.recording_date.or(about.release_date).and_then(day).unwrap_or_default(),
        time_reference: start,
        version: 2,
        ..Bext::default()
    };
    let (codec, bits) = match samples {
        SampleFormat::Int16 => (Codec::Integer, 16),
        SampleFormat::Int24 => (Codec::Integer, 24),
        SampleFormat::Float32 => (Codec::Float, 32),
    };
    bext.add_history(codec, rate, Some(bits), 2, CODER);
    bext
}

/// What was measured, as the extension says it.
pub(crate) fn loudness(levels: &Levels) -> BextLoudness {
    BextLoudness {
        integrated_lufs: levels.integrated_lufs,
        range_lu: levels.range_lu,
        max_true_peak_dbtp: levels.true_peak_dbtp,
        max_momentary_lufs: levels.max_momentary_lufs,
        max_short_term_lufs: levels.max_short_term_lufs,
    }
}

/// A text as the field holds it: ASCII, with look-alikes where there are any, cut to its length. The other chunks have it
/// as it is.
fn field(text: &str, most: usize) -> String {
    let one = |c: char| plain(c.encode_utf8(&mut [0; 4]), Charset::Ascii).unwrap_or_else(|| "?".into());
    let text: String = text.chars().map(|c| if c.is_control() { " ".into() } else { one(c) }).collect();
    text.chars().take(most).collect()
}

/// A whole date; the field has no form for less.
fn day(date: ReleaseDate) -> Option<String> {
    Some(format!("{:04}-{:02}-{:02}", date.year(), date.month()?, date.day()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_ascii_and_no_longer_than_they_may_be() {
        assert_eq!(field("Señor “Ő”\n夢", NAME), "Senor \"O\" ?");
        assert_eq!(field(&"ü".repeat(300), NAME).len(), NAME);
        let whole = |text: &str| day(ReleaseDate::parse(text).unwrap());
        assert_eq!((whole("2026-12-04").as_deref(), whole("2026-12"), whole("2026")), (Some("2026-12-04"), None, None));
    }
}
