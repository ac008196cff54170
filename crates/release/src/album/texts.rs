//! What the files of a release say: the album document's texts as tags, and its picture.

use std::path::Path;

use tonmeister_core::{Diagnostic, Severity};
use tonmeister_media::artwork::{Artwork, ArtworkRules};
use tonmeister_media::tags::{Advisory, Embedded, Loudness, Position, R128Gains, ReplayGain, Role};
use tonmeister_media::{Container, Format, Tags};
use tonmeister_session::album::model::{Credits, Gap, IntoNext, Part};
use tonmeister_session::album::{Album, AlbumDocument};

use super::levels::Levels;
use super::lock::{Locked, Work, plain, put};
use super::studio::Trouble;

/// The loudness and the greatest peak of all songs as one programme.
pub(crate) type Whole = (Option<f64>, Option<f64>);

/// Every song's tags, without its gains; the songs' own titles, and those of their versions, stand where the album has none.
/// Everything that is wrong with them is told at once.
pub(crate) fn tags(document: &AlbumDocument, own: &[(&str, Option<&str>)]) -> Result<Vec<Tags>, Trouble> {
    let album = document.album();
    let shown = album.songs.iter().filter(|song| !song.hidden).count();
    let mut number = 0;
    let mut all = Vec::new();
    let mut found = Vec::new();
    for (place, (title, version)) in own.iter().enumerate() {
        let song = &album.songs[place];
        number += u16::from(!song.hidden);
        let title = song.title.as_deref().unwrap_or(title);
        let mut tags = one(album, place, title, (number, shown as u16));
        tags.version = song.version_title.clone().or_else(|| version.map(str::to_owned));
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
        genres: song.genre.iter().chain(&about.genre).take(1).cloned().collect(),
        language: song.language.or(about.language),
        disc: about.disc.map(|(number, of)| Position { number, of }),
        advisory: song.explicit.map(|yes| if yes { Advisory::Explicit } else { Advisory::NotExplicit }),
        lyrics: song.lyrics.as_deref().map(|words| words.trim_end().to_owned()),
        // A hidden song stands before track 1 and has no number.
        track: (!song.hidden).then_some(Position { number, of: Some(of) }),
        released: about.release_date,
        bpm: song.tempo_bpm,
        comment: about.comment.clone(),
        compilation: album.artist.eq_ignore_ascii_case("various artists"),
        gapless: place.checked_sub(1).is_some_and(|before| runs_on(album, before)) || runs_on(album, place),
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
    for part in Part::ALL {
        let named = |credits: &Credits| credits.iter().any(|(own, _)| *own == part);
        let credits = if named(&song.credits) { &song.credits } else { &about.credits };
        for (_, name) in credits.iter().filter(|(own, _)| *own == part) {
            tags.credit(role(part), name.as_str());
        }
    }
    tags
}

/// Whether a song runs into the next without a pause.
fn runs_on(album: &Album, place: usize) -> bool {
    let overlaps = album.songs[place].into_next != IntoNext::Ends;
    let next = album.songs.get(place + 1);
    next.is_some_and(|next| overlaps || matches!(next.gap, Gap::Seconds(0.0) | Gap::Beats(0.0)))
}

fn role(part: Part) -> Role {
    match part {
        Part::Featured => Role::Featured,
        Part::Remixer => Role::Remixer,
        Part::Producer => Role::Producer,
        Part::Conductor => Role::Conductor,
        Part::Arranger => Role::Arranger,
        Part::Performer => Role::Performer,
        Part::Engineer => Role::Engineer,
        Part::Mixer => Role::Mixer,
        Part::Mastering => Role::Mastering,
    }
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

/// Pixels along a side and bytes of a picture in files without loss, which are kept and looked at large.
const LARGE: (u32, usize) = (1400, 2_000_000);
/// The same in lossy files, whose players read it before the first sound, often over the air.
const SMALL: (u32, usize) = (1000, 500_000);

/// And of a file of its own, as shops take it.
const WHOLE: (u32, usize) = (3000, 10_000_000);

/// That file, from the release's folder: players that look for a picture beside the songs find it too.
pub(crate) const COVER: &str = "cover.jpg";

/// The album's picture, as files hold it.
pub(crate) struct Cover {
    whole: Embedded,
    large: Embedded,
    small: Embedded,
    /// What shops refuse of the picture as it came, or show badly.
    pub(crate) remarks: Vec<Diagnostic>,
}

impl Cover {
    /// As a file of that kind holds it.
    pub(crate) fn of(&self, format: Format) -> &Embedded {
        if format.lossy() { &self.small } else { &self.large }
    }

    /// What stands in its own file.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.whole.bytes
    }

    /// Writes its own file.
    pub(crate) fn deliver(&self, (out, work): (&Path, &Work)) -> Result<Locked, Trouble> {
        let key = blake3::hash(self.bytes()).to_hex();
        if let Some(done) = work.finished(out, COVER, &key) {
            return Ok(done);
        }
        put(&out.join(COVER), self.bytes())?;
        work.finish_apart((out, COVER), "picture, JPEG", &key, (0, 0, 0, Levels::default()))
    }
}

/// The album's picture, by its content and not by its name.
pub(crate) fn cover(document: &AlbumDocument, base: &Path) -> Result<Option<Cover>, Trouble> {
    let Some(artwork) = &document.album().about.artwork else { return Ok(None) };
    let path = base.join(artwork);
    let refuse = |label: String| {
        let told = Diagnostic::error("artwork", format!("the picture {} cannot be used", path.display()));
        Trouble::Document(vec![told.at(document.span_of_album(), label)])
    };
    let bytes = std::fs::read(&path).map_err(|e| refuse(format!("expected a file, found {}", plain(&e))))?;
    let picture = Artwork::of_bytes(&path, bytes).map_err(|e| refuse(e.to_string()))?;
    let sized = |(longest, most): (u32, usize)| picture.embedded(longest, most).map_err(|e| refuse(e.to_string()));
    let (whole, large, small) = (sized(WHOLE)?, sized(LARGE)?, sized(SMALL)?);
    // A shop's rules are no reason not to make a release.
    let told = picture.check(&ArtworkRules::default()).into_iter();
    let remarks = told.map(|found| Diagnostic { severity: Severity::Warning, ..found }).collect();
    Ok(Some(Cover { whole, large, small, remarks }))
}
