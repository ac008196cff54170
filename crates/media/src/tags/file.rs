//! Reading the tags of a file, and writing them.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use tonmeister_core::{Diagnostic, Severity};

use super::fields::Gathered;
use super::picture::Embedded;
use super::{Tags, aiff, flac, id3, mp4, ogg, riff};
use crate::error::MediaError;
use crate::info::Container;
use crate::input::{Bytes, Input};
use crate::open::{Kind, id3_length, sniff};
use crate::write::Format;
use crate::write::beside::Beside;

/// No sane file has more bytes of tags, pictures included; a damaged one must not fill the memory.
pub(super) const MOST: u64 = 64 << 20;

/// What a file says about its music.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tagged {
    /// What is understood.
    pub tags: Tags,
    /// Its pictures, as they stand there.
    pub pictures: Vec<Embedded>,
    /// What is not understood: keys as the container names them, and texts. A code that is no code is here too.
    pub unknown: Vec<(String, String)>,
}

/// Tags and pictures on their way into a file.
pub(super) struct New<'a> {
    pub(super) tags: &'a Tags,
    pub(super) pictures: &'a [Embedded],
}

/// Reads the tags of a file of any kind that is read. Only its metadata is read, never its audio.
///
/// # Errors
/// When the file is missing, is no audio, its container has no tags (a bare AAC stream, CAF), or its metadata is damaged.
pub fn tags(path: impl AsRef<Path>) -> Result<Tagged, MediaError> {
    let path = path.as_ref();
    let (mut input, len) = crate::open::file(path)?;
    Ok(read(&mut Bytes { path, input: &mut *input, len })?.0)
}

/// Reads tags from bytes that are anywhere; `name` stands for them in messages.
pub fn tags_input(name: &Path, mut input: impl Input) -> Result<Tagged, MediaError> {
    let len = input.seek(SeekFrom::End(0)).map_err(|e| MediaError::io(name, "read", e))?;
    Ok(read(&mut Bytes { path: name, input: &mut input, len })?.0)
}

/// What was read that is none of ours, to be written again as it was.
enum Rest {
    Flac(u64, super::vorbis::Comments),
    Ogg(super::vorbis::Comments),
    Mpeg(u64, Vec<lofty::id3::v2::Frame<'static>>),
    Mp4(Vec<lofty::mp4::Atom<'static>>),
    Riff(riff::Rest),
    Aiff(Vec<lofty::id3::v2::Frame<'static>>),
}

fn read(file: &mut Bytes<'_>) -> Result<(Tagged, Rest, Container), MediaError> {
    if file.len == 0 {
        return Err(MediaError::Empty { path: file.path.to_owned() });
    }
    let (mut gathered, mut pictures, mut own) = (Gathered::default(), Vec::new(), Tags::default());
    let kind = sniff(file)?;
    let head = file.read_some(0, 10, 10)?;
    let behind = id3_length(&head);
    let (rest, container) = match kind {
        Kind::Wav => (Rest::Riff(riff::read(file, &mut gathered, &mut pictures, &mut own)?), Container::Wav),
        Kind::Aiff => (Rest::Aiff(aiff::read(file, &mut gathered, &mut pictures)?), Container::Aiff),
        Kind::Opus | Kind::Coded(Container::Ogg) => {
            (Rest::Ogg(ogg::read(file, &mut gathered, &mut pictures)?), Container::Ogg)
        }
        Kind::Coded(Container::Flac) => {
            (Rest::Flac(behind, flac::read(file, behind, &mut gathered, &mut pictures)?), Container::Flac)
        }
        Kind::Coded(Container::Mp4) => (Rest::Mp4(mp4::read(file, &mut gathered, &mut pictures)?), Container::Mp4),
        Kind::Coded(Container::Mpeg) => {
            if behind > MOST {
                return Err(MediaError::damaged(file.path, 0, "more than 64 MiB of tags"));
            }
            let bytes = file.read_some(0, behind, MOST as usize)?;
            let damaged = |found| MediaError::damaged(file.path, 0, format!("tags that cannot be read: {found}"));
            let frames = match behind {
                0 => Vec::new(),
                _ => id3::gather(&bytes, &mut gathered, &mut pictures).map_err(damaged)?,
            };
            (Rest::Mpeg(behind.min(file.len), frames), Container::Mpeg)
        }
        Kind::Coded(container) => {
            let found = format!("{container}, which has no tags that are read here");
            return Err(MediaError::unsupported(file.path, found, "convert it to M4A, which keeps the sound as it is"));
        }
    };
    let (tags, unknown) = gathered.tags();
    let tags = Tags { broadcast: own.broadcast, markers: own.markers, ..tags };
    Ok((Tagged { tags, pictures, unknown }, rest, container))
}

/// Gives a file these tags, and this front cover if there is one; its audio stays as it is, byte for byte.
///
/// The tags become exactly these. What [`tags`] tells as unknown is kept, and so are the pictures when `cover` is none.
/// The file is copied beside its place, tagged there, synced and renamed: an interruption leaves the old file. The
/// warnings of [`Tags::check`] are given back.
///
/// # Errors
/// When the tags break a rule ([`Tags::check`]), the file is damaged, or the disk is full.
pub fn rewrite(path: impl AsRef<Path>, tags: &Tags, cover: Option<&Embedded>) -> Result<Vec<Diagnostic>, MediaError> {
    let path = path.as_ref();
    let io = |e| MediaError::io(path, "read", e);
    let mut old = File::open(path).map_err(io)?;
    let mut new = Beside::create(path)?;
    std::io::copy(&mut old, &mut new).map_err(|e| MediaError::io(path, "written", e))?;
    let warnings = write_to(new.file(), path, tags, cover)?;
    new.put_in_place()?;
    Ok(warnings)
}

impl Tags {
    /// The bytes that these tags and this cover take before the audio of a file of that format: for
    /// [`Writer::create_with_room`](crate::Writer::create_with_room). 0 where nothing is gained by keeping room.
    pub fn room(&self, format: Format, cover: Option<&Embedded>) -> u32 {
        match format {
            Format::Wav(_) => self.broadcast.as_ref().map_or(0, riff::room),
            Format::Flac(_) => flac::room(self, cover),
            _ => 0,
        }
    }
}

/// Writes tags into a file that is open and not in its place yet, such as
/// [`Writer::finish_with`](crate::Writer::finish_with) hands out once the sound is complete and can be measured; `name`
/// stands for it in messages. What holds of [`rewrite`] holds here, but that the file itself is changed.
pub fn write_to(
    file: &mut File,
    name: &Path,
    tags: &Tags,
    cover: Option<&Embedded>,
) -> Result<Vec<Diagnostic>, MediaError> {
    write_with_limit(file, name, tags, cover, u64::from(u32::MAX))
}

/// [`write_to`] with another place where RIFF becomes RF64, so that tests need not write 4 GiB.
pub(super) fn write_with_limit(
    file: &mut File,
    name: &Path,
    tags: &Tags,
    cover: Option<&Embedded>,
    limit: u64,
) -> Result<Vec<Diagnostic>, MediaError> {
    let len = file.seek(SeekFrom::End(0)).map_err(|e| MediaError::io(name, "read", e))?;
    let (old, rest, container) = read(&mut Bytes { path: name, input: &mut *file, len })?;
    let found = tags.check(container);
    let wrong: Vec<String> = found
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .map(|diagnostic| match &diagnostic.help {
            Some(help) => format!("{} ({help})", diagnostic.message),
            None => diagnostic.message.clone(),
        })
        .collect();
    if !wrong.is_empty() {
        return Err(refused(name, &wrong.join("; ")));
    }
    let pictures = match cover {
        Some(cover) => vec![cover.clone()],
        None => old.pictures,
    };
    let new = New { tags, pictures: &pictures };
    match rest {
        Rest::Flac(at, rest) => flac::write(file, name, at, &new, rest)?,
        Rest::Ogg(rest) => ogg::write(file, name, &new, rest)?,
        Rest::Mp4(rest) => mp4::write(file, name, &new, rest)?,
        Rest::Riff(rest) => riff::write(file, name, &new, rest, limit)?,
        Rest::Aiff(rest) => aiff::write(file, name, &new, rest)?,
        Rest::Mpeg(old, rest) => {
            let mut tag = id3::body(tags, &pictures, rest).map_err(|found| refused(name, &found))?;
            write_mpeg(file, old, &mut tag).map_err(|e| MediaError::io(name, "written", e))?;
        }
    }
    Ok(found)
}

/// The bytes of `ID3v1`, which stands at the end of a file and begins with `TAG`.
const ID3V1: u64 = 128;

/// The tag stands before the frames; what is left over of the old one's room is padding. A tag of version 1 at the end
/// would contradict and is taken away.
fn write_mpeg(file: &mut File, old: u64, tag: &mut Vec<u8>) -> std::io::Result<()> {
    let len = file.seek(SeekFrom::End(0))?;
    if len >= old + ID3V1 {
        let mut name = [0; 3];
        file.seek(SeekFrom::Start(len - ID3V1))?;
        std::io::Read::read_exact(file, &mut name)?;
        if &name == b"TAG" {
            file.set_len(len - ID3V1)?;
        }
    }
    if !tag.is_empty() && (tag.len() as u64) < old {
        id3::pad(tag, old as usize);
    }
    super::shift::splice(file, 0, old, tag)?;
    file.flush()
}

/// Runs a step of another crate's parser. Damage in a file must not take the program down.
pub(crate) fn guarded<T>(step: impl FnOnce() -> T) -> Result<T, String> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(step))
        .map_err(|_| "its numbers contradict each other".to_owned())
}

pub(super) fn refused(path: &Path, found: &str) -> MediaError {
    MediaError::Refused { path: path.to_owned(), found: found.to_owned() }
}
