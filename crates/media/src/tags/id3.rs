//! `ID3v2.4`, as MP3, AIFF and WAV carry it. The bytes are lofty's work; which frame says what is ours.
//!
//! Texts are UTF-8, several of a kind are separated by a zero byte, and there is neither unsynchronisation nor an
//! extended header nor a footer: what the oldest readers of version 2.4 stumble over is not used.

use std::borrow::Cow;
use std::io::Cursor;

use lofty::TextEncoding::UTF8;
use lofty::config::{ParseOptions, ParsingMode, WriteOptions};
use lofty::file::AudioFile;
use lofty::id3::v2::{
    AttachedPictureFrame, CommentFrame, ExtendedTextFrame, Frame, FrameFlags, FrameId, Id3v2Tag, KeyValueFrame,
    TextInformationFrame, UnsynchronizedTextFrame,
};
use lofty::iff::wav::WavFile;
use lofty::picture::{MimeType, Picture, PictureType};
use lofty::tag::TagExt;

use super::Tags;
use super::fields::{Field, Gathered, HOMES, values};
use super::guarded;
use super::picture::Embedded;

/// No language is stated.
const NO_LANGUAGE: [u8; 3] = *b"und";

/// A tag with the frames of these tags and pictures, and those frames of an older tag that are none of ours.
pub(super) fn body(tags: &Tags, pictures: &[Embedded], rest: Vec<Frame<'static>>) -> Result<Vec<u8>, String> {
    let mut tag = Id3v2Tag::new();
    let language = tags.language.map_or(NO_LANGUAGE, |language| {
        let mut three = NO_LANGUAGE;
        three.iter_mut().zip(language.three().bytes()).for_each(|(slot, byte)| *slot = byte);
        three
    });
    let mut lists: Vec<(&str, String)> = Vec::new();
    for (field, text) in values(tags) {
        if field == Field::ExactBpm && tags.bpm.is_some_and(|bpm| bpm.fract() == 0.0) {
            continue;
        }
        let text = match field {
            Field::Track => pair(&text, tags.track.and_then(|track| track.of)),
            Field::Disc => pair(&text, tags.disc.and_then(|disc| disc.of)),
            _ => text,
        };
        let Some(home) = HOMES.iter().find(|home| home.field == field) else { continue };
        for key in home.id3.iter().take(if field == Field::Date { 2 } else { 1 }) {
            // Several of a kind are one frame.
            match lists
                .iter_mut()
                .find(|(other, _)| other == key)
                .filter(|_| !key.contains("PL:") && !key.contains("CL:"))
            {
                Some((_, list)) => *list = format!("{list}\0{text}"),
                None => lists.push((key, text.clone())),
            }
        }
    }
    let mut involved: Vec<(&str, Cow<'static, str>, Cow<'static, str>)> = Vec::new();
    for (key, text) in lists {
        let frame = match key.split_once(':') {
            Some(("TXXX", description)) => Frame::UserText(ExtendedTextFrame::new(UTF8, description, text)),
            Some(("COMM", "")) => Frame::Comment(CommentFrame::new(UTF8, language, "", text)),
            Some(("COMM", description)) => Frame::Comment(CommentFrame::new(UTF8, *b"eng", description, text)),
            Some((list, role)) => {
                involved.push((list, role.into(), text.into()));
                continue;
            }
            None if key == "USLT" => Frame::UnsynchronizedText(UnsynchronizedTextFrame::new(UTF8, language, "", text)),
            None => Frame::Text(TextInformationFrame::new(FrameId::Valid(key.into()), UTF8, text)),
        };
        tag.insert(frame);
    }
    for list in ["TIPL", "TMCL"] {
        let pairs: Vec<_> = involved
            .iter()
            .filter(|(of, ..)| *of == list)
            .map(|(_, role, name)| (role.clone(), name.clone()))
            .collect();
        if !pairs.is_empty() {
            tag.insert(Frame::KeyValue(KeyValueFrame::new(FrameId::Valid(list.into()), UTF8, pairs)));
        }
    }
    for picture in pictures {
        tag.insert(Frame::Picture(AttachedPictureFrame::new(UTF8, picture.to_lofty())));
    }
    for frame in rest {
        tag.insert(frame);
    }
    let mut out = Vec::new();
    tag.dump_to(&mut out, WriteOptions::new().preferred_padding(0)).map_err(|e| e.to_string())?;
    Ok(out)
}

/// `3/12`.
fn pair(number: &str, of: Option<u16>) -> String {
    of.map_or_else(|| number.to_owned(), |of| format!("{number}/{of}"))
}

/// Makes a tag longer by zeros, to exactly so many bytes; it must not be longer already.
pub(super) fn pad(tag: &mut Vec<u8>, size: usize) {
    tag.resize(size, 0);
    let body = size.saturating_sub(10) as u32;
    for (place, byte) in tag.iter_mut().skip(6).take(4).enumerate() {
        *byte = (body >> (7 * (3 - place))) as u8 & 0x7F;
    }
}

/// Takes a tag apart: its fields and pictures are gathered, the frames that are none of ours are given back.
pub(super) fn gather(
    bytes: &[u8],
    gathered: &mut Gathered,
    pictures: &mut Vec<Embedded>,
) -> Result<Vec<Frame<'static>>, String> {
    let mut rest = Vec::new();
    for frame in parse(bytes)? {
        if !take(&frame, gathered, pictures) {
            let (key, text) = shown(&frame);
            gathered.leave(key, text);
            rest.extend(whole(frame));
        }
    }
    Ok(rest)
}

/// The frame as it can be written again: it is no longer compressed. None when it is so damaged that what is written
/// could not be read.
fn whole(mut frame: Frame<'static>) -> Option<Frame<'static>> {
    if frame.flags().encryption.is_none() {
        frame.set_flags(FrameFlags::default());
    }
    let mut tag = Id3v2Tag::new();
    tag.insert(frame.clone());
    let mut bytes = Vec::new();
    guarded(|| tag.dump_to(&mut bytes, WriteOptions::new().preferred_padding(0))).ok()?.ok()?;
    (parse(&bytes).ok()?.len() == 1).then_some(frame)
}

/// lofty reads a tag in its container: a WAV of nothing but the tag is the smallest there is.
fn parse(bytes: &[u8]) -> Result<Vec<Frame<'static>>, String> {
    let mut file = b"RIFF\0\0\0\0WAVEid3 ".to_vec();
    file.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    file.extend_from_slice(bytes);
    file.extend(std::iter::repeat_n(0, bytes.len() % 2));
    let size = (file.len() as u32 - 8).to_le_bytes();
    file[4..8].copy_from_slice(&size);
    let mut options = ParseOptions::new();
    let options = options.read_properties(false).parsing_mode(ParsingMode::BestAttempt);
    let mut wav = guarded(|| WavFile::read_from(&mut Cursor::new(file), options))?.map_err(|e| e.to_string())?;
    Ok(wav.remove_id3v2().map(|tag| tag.into_iter().collect()).unwrap_or_default())
}

/// Takes what a frame says; false when it is none of ours.
fn take(frame: &Frame<'static>, gathered: &mut Gathered, pictures: &mut Vec<Embedded>) -> bool {
    let mut put = |key: &str, text: &str| {
        let home = HOMES.iter().find(|home| home.id3.contains(&key));
        if let Some(home) = home {
            let pairs = matches!(home.field, Field::Track | Field::Disc);
            let parts: Vec<&str> = if pairs { vec![text] } else { text.split('\0').collect() };
            for part in parts {
                gathered.add(home.field, key, part);
            }
        }
        home.is_some()
    };
    match frame {
        Frame::Text(text) => put(frame.id_str(), &text.value),
        Frame::Timestamp(time) => put(frame.id_str(), &time.timestamp.to_string()),
        Frame::UserText(text) => put(&format!("TXXX:{}", text.description.to_ascii_uppercase()), &text.content),
        Frame::Comment(comment) => put(&format!("COMM:{}", comment.description), &comment.content),
        Frame::UnsynchronizedText(lyrics) => put("USLT", &lyrics.content),
        Frame::KeyValue(list) => {
            // All or none, so that a list with a role of somebody else's stays whole.
            let key = |role: &str| format!("{}:{}", frame.id_str(), role.to_ascii_lowercase());
            let known = |role: &str| HOMES.iter().any(|home| home.id3.contains(&key(role).as_str()));
            let ours = list.key_value_pairs.iter().all(|(role, _)| known(role));
            if ours {
                for (role, name) in list.key_value_pairs.iter() {
                    put(&key(role), name);
                }
            }
            ours
        }
        Frame::Picture(picture) => {
            pictures.push(Embedded::of_lofty(&picture.picture));
            true
        }
        _ => false,
    }
}

/// A frame as a key and a text, for whoever wants to see what is left.
fn shown(frame: &Frame<'static>) -> (String, String) {
    match frame {
        Frame::Text(text) => (frame.id_str().to_owned(), text.value.replace('\0', "; ")),
        Frame::Timestamp(time) => (frame.id_str().to_owned(), time.timestamp.to_string()),
        Frame::UserText(text) => (format!("TXXX:{}", text.description), text.content.replace('\0', "; ")),
        Frame::Comment(comment) => (format!("COMM:{}", comment.description), comment.content.to_string()),
        Frame::Url(url) => (frame.id_str().to_owned(), url.url().to_owned()),
        Frame::UserUrl(url) => (format!("WXXX:{}", url.description), url.content.to_string()),
        Frame::KeyValue(list) => {
            let pairs: Vec<String> =
                list.key_value_pairs.iter().map(|(role, name)| format!("{role}: {name}")).collect();
            (frame.id_str().to_owned(), pairs.join("; "))
        }
        _ => (frame.id_str().to_owned(), "(not a text)".to_owned()),
    }
}

impl Embedded {
    /// As lofty wants it.
    pub(super) fn to_lofty(&self) -> Picture {
        let mime = MimeType::from_str(&self.mime);
        let mut builder =
            Picture::unchecked(self.bytes.clone()).pic_type(PictureType::from_u8(self.kind)).mime_type(mime);
        if !self.description.is_empty() {
            builder = builder.description(self.description.clone());
        }
        builder.build()
    }

    /// From what lofty has read.
    pub(super) fn of_lofty(picture: &Picture) -> Embedded {
        Embedded {
            kind: picture.pic_type().as_u8(),
            mime: picture.mime_type().map(|mime| mime.as_str().to_owned()).unwrap_or_default(),
            description: picture.description().unwrap_or_default().to_owned(),
            bytes: picture.data().to_vec(),
        }
    }
}
