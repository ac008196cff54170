//! The master of one rate cut into tracks: dithered once and last, measured as written, each file whole or not there.

use std::path::{Path, PathBuf};

use tonmeister_core::{Buffer, Layout};
use tonmeister_dsp::dither::{Dither, Shaping};
use tonmeister_measure::loudness::LoudnessMeter;
use tonmeister_media::tags::Embedded;
use tonmeister_media::{self as media, Tags};
use tonmeister_session::album::Album;
use tonmeister_session::album::keys::MONO;
use tonmeister_session::album::model::{Deliver, Depth, Dither as Word, Format, Wrapping};
use tonmeister_session::model::Song;

use super::broadcast;
use super::deliver::length;
use super::levels::{Cutter, Levels, meter};
use super::lock::{Locked, Work, hash_of, plain};
use super::lossy::Trial;
use super::studio::{Studio, Trouble};
use super::texts::{Whole, with_gains};

/// Room that is kept for tags and a picture in a plain WAV.
const LARGEST_TAGS: u64 = 32 << 20;
/// Frames handled at a time.
const BLOCK: usize = 4096;
/// The seed of the dither: fixed, so that the same release gives the same files.
pub(crate) const DITHER_SEED: u64 = 0x746f_6e6d_6569_7374;

/// One set of files, with everything decided.
#[derive(Clone, Debug)]
pub struct Set {
    /// What kind of files.
    pub format: media::Format,
    /// Frames per second.
    pub rate: u32,
    /// The spectrum of the dither.
    pub shaping: Shaping,
    /// How a WAV file's sizes are stored.
    pub container: Wrapping,
    /// Whether a WAV file has a broadcast extension.
    pub bext: bool,
    /// Each song's file, from the release's folder, with `/`; none for a song without a file.
    pub paths: Vec<Option<String>>,
    /// Which version of the songs they are, by id; nothing for the album itself.
    pub version: Option<String>,
}

impl Set {
    /// The set that an album asks for; its rate is the album's unless it has its own.
    pub(crate) fn of(album: &Album, deliver: &Deliver, rate: u32, titles: &[String]) -> Set {
        let format = format(deliver);
        // What was asked for and does not fit is refused; what was not is the nearest that does.
        let rate = deliver.sample_rate_hz.unwrap_or_else(|| format.rate_for(rate));
        let bits = u32::from(format.bits().unwrap_or(24));
        let shaping = shaping(deliver.dither);
        let folder = deliver.folder.clone().unwrap_or_else(|| format!("{format}-{rate}"));
        let folder = folder.replace('\\', "/");
        let shown = album.songs.iter().filter(|song| !song.hidden).count();
        let width = if shown > 99 { 3 } else { 2 };
        let mut number = 0;
        let paths = album.songs.iter().zip(titles).map(|(song, title)| {
            if song.hidden {
                return None;
            }
            number += 1;
            let artist = if song.artists.is_empty() { album.artist.clone() } else { song.artists.join(", ") };
            let name = deliver
                .name
                .replace("{track}", &format!("{number:0width$}"))
                .replace("{isrc}", song.isrc.as_ref().map_or("", |isrc| isrc.as_str()))
                .replace("{upc}", album.about.upc.as_ref().map_or("", |upc| upc.as_str()))
                .replace("{album}", &album.title)
                .replace("{artist}", &artist)
                .replace("{title}", title);
            Some(format!("{folder}/{}.{}", safe(&name), format.extension()))
        });
        let (container, bext) = (deliver.container, deliver.bext);
        let paths = paths.collect();
        Set { format, rate, shaping: shaping.or_flat(bits, rate), container, bext, paths, version: None }
    }

    /// The same files of a version, in a folder of its name, of the songs that have it.
    pub(crate) fn of_version(&self, id: &str, songs: &[usize]) -> Set {
        let path = |(place, path): (usize, &Option<String>)| {
            let (folder, name) = path.as_ref().filter(|_| songs.contains(&place))?.rsplit_once('/')?;
            Some(format!("{folder}/{id}/{name}"))
        };
        Set { paths: self.paths.iter().enumerate().map(path).collect(), version: Some(id.into()), ..self.clone() }
    }

    /// Whether both channels are one.
    pub(crate) fn is_mono(&self) -> bool {
        self.version.as_deref() == Some(MONO)
    }

    /// Why its files of so many frames cannot be wrapped as they are to be.
    pub(crate) fn too_large(&self, frames: u64) -> Option<String> {
        let media::Format::Wav(samples) = self.format else { return None };
        let bytes = frames.saturating_mul(2 * samples.bytes() as u64);
        let outgrown = self.container == Wrapping::Wav && bytes > u64::from(u32::MAX) - LARGEST_TAGS;
        outgrown.then(|| format!("its {bytes} bytes of audio do not fit into the 4 GiB of plain WAV"))
    }
}

/// The spectrum of a dither.
pub(crate) fn shaping(word: Word) -> Shaping {
    match word {
        Word::Flat => Shaping::Flat,
        Word::Lipshitz5 => Shaping::Lipshitz5,
        Word::F9 => Shaping::F9,
        Word::ImprovedE9 => Shaping::ImprovedE9,
    }
}

/// The file format that is asked for.
fn format(deliver: &Deliver) -> media::Format {
    let samples = match deliver.depth {
        Depth::Bits16 => media::SampleFormat::Int16,
        Depth::Bits24 => media::SampleFormat::Int24,
        Depth::Float32 => media::SampleFormat::Float32,
    };
    let bits = match deliver.depth {
        Depth::Bits16 => media::IntegerBits::Sixteen,
        Depth::Bits24 | Depth::Float32 => media::IntegerBits::TwentyFour,
    };
    match deliver.format {
        Format::Wav => media::Format::Wav(samples),
        Format::Flac => media::Format::Flac(bits),
        Format::Aiff => media::Format::Aiff(samples),
        Format::Mp3 => media::Format::Mp3(match deliver.vbr {
            Some(quality) => media::Mp3Mode::Vbr(quality),
            None => media::Mp3Mode::Cbr(deliver.bitrate_kbps.unwrap_or(320) as u16),
        }),
        Format::Vorbis => media::Format::Vorbis { tenths: (deliver.quality.unwrap_or(8.0) * 10.0).round() as i8 },
        Format::Alac => media::Format::Alac(bits),
        Format::Aac => media::Format::Aac { kbps: deliver.bitrate_kbps.unwrap_or(256) as u16 },
        Format::Opus => media::Format::Opus { kbps: deliver.bitrate_kbps.unwrap_or(160) as u16 },
    }
}

/// A name that every file system takes: no separators, no control characters, nothing a drive could mean.
pub fn safe(name: &str) -> String {
    let clean = |c: char| if c.is_control() || "/\\:*?\"<>|".contains(c) { '_' } else { c };
    let name: String = name.chars().map(clean).collect();
    let mut name = name.trim().trim_end_matches('.').trim_end().trim_start_matches('.').to_owned();
    while name.len() > 200 {
        name.pop();
    }
    let stem = name.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let device = matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || (stem.len() == 4
            && (stem.starts_with("COM") || stem.starts_with("LPT"))
            && stem.ends_with(|c: char| c.is_ascii_digit()));
    if name.is_empty() || device { format!("_{name}") } else { name }
}

/// What the files of a set say.
pub(crate) struct Texts<'a> {
    /// Each song's tags, without its gains and its measured loudness.
    pub(crate) tags: &'a [Tags],
    /// The picture.
    pub(crate) cover: Option<&'a Embedded>,
    /// What all songs are as one programme.
    pub(crate) whole: Whole,
}

/// A track that is being written.
struct Open {
    writer: media::Writer,
    meter: LoudnessMeter,
    /// Samples that the dither had held at full scale before it.
    clipped_before: u64,
}

/// Makes the folders that the files of a set stand in.
pub(crate) fn make_folders(set: &Set, out: &Path) -> Result<(), Trouble> {
    for path in set.paths.iter().flatten() {
        let at = out.join(path);
        let folder = at.parent().unwrap_or(out);
        std::fs::create_dir_all(folder).map_err(|e| Trouble::output(folder, plain(&e)))?;
    }
    Ok(())
}

/// Writes the tracks of a set without loss, cut out of a master, that an earlier run has not finished, and gives all of
/// them.
pub(crate) fn write(
    studio: &mut dyn Studio,
    master: &Song,
    set: &Set,
    cuts: &[(u64, u64)],
    (keys, texts): (&[String], &Texts<'_>),
    (out, work): (&Path, &Work),
) -> Result<Vec<Option<Locked>>, Trouble> {
    let finished = |place: usize| work.finished(out, set.paths[place].as_deref()?, &keys[place]);
    let mut all: Vec<Option<Locked>> = (0..cuts.len()).map(finished).collect();
    if set.paths.iter().zip(&all).all(|(path, done)| path.is_none() || done.is_some()) {
        return Ok(all);
    }
    let begins = cuts.first().map_or(0, |(from, _)| *from);
    let mut source = studio.open(master)?;
    source.skip(begins).map_err(|e| Trouble::Target(e.to_string()))?;
    studio.begin(&format!("Writing {}", set.format.title()), length(cuts));
    // One dither runs through the whole programme, so that no seam begins anew; it runs through finished tracks too,
    // so that the others have the same bits however often the release was interrupted.
    let lanes = if set.is_mono() { Layout::Mono } else { Layout::Stereo };
    let mut one = Buffer::new(Layout::Mono, BLOCK);
    let mut dither = match set.format.bits() {
        Some(bits) => Some(
            Dither::new(u32::from(bits), set.shaping, set.rate, lanes, DITHER_SEED)
                .map_err(|e| Trouble::Target(e.to_string()))?,
        ),
        None => None,
    };
    let mut cutter = Cutter::new(cuts.iter().map(|(from, to)| (from - begins, to - begins)));
    let mut left = cuts.last().map_or(0, |(_, to)| to - begins);
    let mut open: Option<(usize, Open)> = None;
    let mut buffer = Buffer::new(Layout::Stereo, BLOCK);
    while left > 0 {
        let mut block = buffer.block(left.min(BLOCK as u64) as usize);
        let frames = source.read(&mut block).map_err(|e| Trouble::Target(e.to_string()))?;
        if frames == 0 {
            break;
        }
        left -= frames as u64;
        let before = dither.as_ref().map_or(0, Dither::clipped);
        let mut block = block.part(0, frames);
        match &mut dither {
            // Of mono both channels get one dither, so that they stay the same to the bit.
            Some(dither) if set.is_mono() => {
                let mut lane = one.block(frames);
                lane.channel_mut(0).copy_from_slice(block.channel(0));
                dither.process(&mut lane);
                for channel in 0..2 {
                    block.channel_mut(channel).copy_from_slice(lane.channel(0));
                }
            }
            Some(dither) => dither.process(&mut block),
            None => {}
        }
        let clipped = dither.as_ref().map_or(0, Dither::clipped);
        cutter.push(block.view(), |place, view| -> Result<(), Trouble> {
            let Some(path) = set.paths[place].as_ref().filter(|_| all[place].is_none()) else { return Ok(()) };
            if open.as_ref().is_none_or(|(at, _)| *at != place) {
                if let Some((at, track)) = open.take() {
                    all[at] = Some(close(track, set, at, (keys, texts), (out, work), clipped)?);
                }
                let tags = &texts.tags[place];
                let room = tags.broadcast.as_ref().map_or(0, |_| tags.room(set.format, None));
                let (writer, meter) = begin(&out.join(path), set, room)?;
                open = Some((place, Open { writer, meter, clipped_before: before }));
            }
            if let Some((_, track)) = &mut open {
                track.meter.push(view);
                track.writer.write(view).map_err(|e| Trouble::output(out.join(path), e))?;
            }
            Ok(())
        })?;
        studio.advance(frames as u64)?;
    }
    if let Some((at, track)) = open.take() {
        let clipped = dither.as_ref().map_or(0, Dither::clipped);
        all[at] = Some(close(track, set, at, (keys, texts), (out, work), clipped)?);
    }
    Ok(all)
}

/// A track of a set in the making, and the meter of what goes in; `room` bytes are kept for tags.
pub(crate) fn begin(path: &Path, set: &Set, room: u32) -> Result<(media::Writer, LoudnessMeter), Trouble> {
    let writer = match set.format {
        media::Format::Wav(samples) if set.container == Wrapping::Rf64 => {
            media::Writer::create_rf64(path, samples, set.rate, Layout::Stereo, room)
        }
        _ => media::Writer::create_with_room(path, set.format, set.rate, Layout::Stereo, room),
    };
    let writer = writer.map_err(|e| Trouble::output(path, e))?;
    let meter = meter(set.rate, Layout::Stereo).map_err(|e| Trouble::output(path, e))?;
    Ok((writer, meter))
}

/// Puts a track that went through its codec in its place.
pub(crate) fn deliver_trial(
    trial: Trial,
    set: &Set,
    (keys, texts): (&[String], &Texts<'_>),
    (out, work): (&Path, &Work),
) -> Result<Locked, Trouble> {
    let song = trial.song;
    let tags = with_gains(&texts.tags[song], set.format, &trial.before, texts.whole);
    let at = out.join(set.paths[song].as_deref().unwrap_or_default());
    let (written, _) = trial.staged.put_in_place(&tags, texts.cover).map_err(|e| Trouble::output(&at, e))?;
    made(&written, set, (song, &keys[song]), (written.clipped, trial.after), (out, work))
}

fn close(
    track: Open,
    set: &Set,
    song: usize,
    (keys, texts): (&[String], &Texts<'_>),
    (out, work): (&Path, &Work),
    clipped: u64,
) -> Result<Locked, Trouble> {
    let at: PathBuf = out.join(set.paths[song].as_deref().unwrap_or_default());
    let levels = Levels::from(&track.meter.finish());
    let mut tags = with_gains(&texts.tags[song], set.format, &levels, texts.whole);
    if let Some(bext) = &mut tags.broadcast {
        bext.loudness = broadcast::loudness(&levels);
    }
    let written = track.writer.finish_tagged(&tags, texts.cover);
    let (written, _) = written.map_err(|e| Trouble::output(&at, e))?;
    let clipped = written.clipped + (clipped - track.clipped_before);
    made(&written, set, (song, &keys[song]), (clipped, levels), (out, work))
}

/// Remembers a track that stands in its place.
fn made(
    written: &media::Written,
    set: &Set,
    (song, key): (usize, &str),
    (clipped_samples, levels): (u64, Levels),
    (out, work): (&Path, &Work),
) -> Result<Locked, Trouble> {
    let path = set.paths[song].clone().unwrap_or_default();
    let at = out.join(&path);
    let (bytes, blake3) = hash_of(&at).map_err(|e| Trouble::output(&at, plain(&e)))?;
    let file = Locked {
        path,
        key: key.to_owned(),
        bytes,
        blake3,
        format: set.format.title(),
        song: Some(song),
        version: set.version.clone(),
        sample_rate_hz: set.rate,
        frames: written.frames,
        clipped_samples,
        levels,
    };
    work.finish(&file)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 4 GiB less the room for tags: 89 minutes of stereo floats at 96 kHz fit, 95 do not.
    #[test]
    fn plain_wav_ends_at_four_gibibytes() {
        let format = media::Format::Wav(media::SampleFormat::Float32);
        let set = |container| Set {
            format,
            rate: 96_000,
            shaping: Shaping::Flat,
            container,
            bext: true,
            paths: Vec::new(),
            version: None,
        };
        let frames = |minutes: u64| minutes * 60 * 96_000;
        assert!(set(Wrapping::Wav).too_large(frames(95)).unwrap().contains("4 GiB"));
        assert!(set(Wrapping::Wav).too_large(frames(89)).is_none());
        assert!([Wrapping::Auto, Wrapping::Rf64].iter().all(|c| set(*c).too_large(u64::MAX).is_none()));
    }

    #[test]
    fn names_are_taken_by_every_file_system() {
        assert_eq!(safe("01 AC/DC: \"Live?\""), "01 AC_DC_ _Live__");
        assert_eq!(safe("..hidden.. "), "hidden");
        assert_eq!(safe("con"), "_con");
        assert_eq!(safe("COM1.x"), "_COM1.x");
        assert_eq!(safe("Ænima – ünder"), "Ænima – ünder");
        assert_eq!(safe("  "), "_");
        assert!(safe(&"ü".repeat(300)).len() <= 200);
    }
}
