//! What the files of a release say: the album document's texts as tags, and its picture.

use std::path::Path;

use tonmeister_core::{Diagnostic, Severity};
use tonmeister_media::tags::{Advisory, Embedded, Loudness, Position, R128Gains, ReplayGain, Role};
use tonmeister_media::{Container, Format, Tags};
use tonmeister_session::album::{Album, AlbumDocument};

use super::levels::Levels;
use super::lock::plain;
use super::studio::Trouble;

/// The loudness and the greatest peak of all songs as one programme.
pub(crate) type Whole = (Option<f64>, Option<f64>);

/// Every song's tags, without its gains. Everything that is wrong with them is told at once.
pub(crate) fn tags(document: &AlbumDocument, titles: &[String]) -> Result<Vec<Tags>, Trouble> {
    let album = document.album();
    let shown = album.songs.iter().filter(|song| !song.hidden).count();
    let mut number = 0;
    let mut all = Vec::new();
    let mut found = Vec::new();
    for (place, title) in titles.iter().enumerate() {
        number += u16::from(!album.songs[place].hidden);
        let tags = one(album, place, title, (number, shown as u16));
        let span = document.span_of_song(place).unwrap_or(0..0);
        let wrong = tags.check(Container::Flac).into_iter().filter(|d| d.severity == Severity::Error);
        found.extend(wrong.map(|d| Diagnostic {
            span: Some(span.clone()),
            label: Some("in the texts of this song".into()),
            ..d
        }));
        all.push(tags);
    }
    if found.is_empty() { Ok(all) } else { Err(Trouble::Document(found)) }
}

fn one(album: &Album, place: usize, title: &str, (number, of): (u16, u16)) -> Tags {
    let (song, about) = (&album.songs[place], &album.about);
    let mut tags = Tags {
        title: Some(title.to_owned()),
        album: Some(album.title.clone()),
        album_artist: Some(album.artist.clone()),
        isrc: song.isrc,
        barcode: about.upc,
        catalog_number: about.catalog_number.clone(),
        label: about.label.clone(),
        phonogram_line: about.phonogram.clone(),
        copyright_line: about.copyright.clone(),
        genres: about.genre.iter().cloned().collect(),
        advisory: song.explicit.map(|yes| if yes { Advisory::Explicit } else { Advisory::NotExplicit }),
        lyrics: song.lyrics.as_deref().map(|words| words.trim_end().to_owned()),
        // A hidden song stands before track 1 and has no number.
        track: (!song.hidden).then_some(Position { number, of: Some(of) }),
        released: about.release_date,
        bpm: song.tempo_bpm,
        comment: about.comment.clone(),
        ..Tags::default()
    };
    if song.artists.is_empty() {
        tags.credit(Role::Main, album.artist.as_str());
    }
    let people = [(Role::Main, &song.artists), (Role::Composer, &song.composers), (Role::Lyricist, &song.lyricists)];
    for (role, names) in people {
        for name in names {
            tags.credit(role, name.as_str());
        }
    }
    tags
}

/// The tags of a version: its name behind the title, and nothing that speaks of the song's own recording. A version is a
/// recording of its own, with an ISRC of its own, and its words may be others or none.
pub(crate) fn of_version(tags: &Tags, version: &str, folded: bool) -> Tags {
    let mut tags = tags.clone();
    tags.version = Some(match tags.version {
        Some(own) if folded => format!("{own}, {version}"),
        _ => version.to_owned(),
    });
    tags.isrc = None;
    if !folded {
        (tags.lyrics, tags.advisory) = (None, None);
    }
    tags
}

/// The tags with what players turn the song by.
pub(crate) fn with_gains(tags: &Tags, format: Format, levels: &Levels, whole: Whole) -> Tags {
    let mut tags = tags.clone();
    let measured = |lufs: Option<f64>, peak: Option<f64>| {
        Some(Loudness { integrated_lufs: lufs?, peak: 10f64.powf(peak? / 20.0) })
    };
    let Some(track) = measured(levels.integrated_lufs, levels.true_peak_dbtp) else { return tags };
    let album = measured(whole.0, whole.1);
    if matches!(format, Format::Opus { .. }) {
        tags.r128 = R128Gains::of(track, album);
    } else {
        tags.replay_gain = ReplayGain::of(track, album);
    }
    tags
}

/// The album's picture, by its content and not by its name.
pub(crate) fn cover(document: &AlbumDocument, base: &Path) -> Result<Option<Embedded>, Trouble> {
    let Some(artwork) = &document.album().about.artwork else { return Ok(None) };
    let path = base.join(artwork);
    let refuse = |label: String| {
        let told = Diagnostic::error("artwork", format!("the picture {} cannot be used", path.display()));
        Trouble::Document(vec![told.at(document.span_of_album(), label)])
    };
    let bytes = std::fs::read(&path).map_err(|e| refuse(format!("expected a file, found {}", plain(&e))))?;
    let mime = match bytes.as_slice() {
        [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        _ => return Err(refuse("expected a JPEG or PNG picture, found something else".into())),
    };
    // What a FLAC block can hold.
    if bytes.len() > 16_000_000 {
        return Err(refuse(format!("expected at most 16 MB, found {} bytes", bytes.len())));
    }
    Ok(Some(Embedded { kind: Embedded::FRONT_COVER, mime: mime.into(), description: String::new(), bytes }))
}
