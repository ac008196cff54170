//! Vorbis comments: `KEY=text` in UTF-8 (xiph.org, *Ogg Vorbis I format specification: comment field and header*).

use super::Tags;
use super::fields::{Field, Gathered, HOMES, values};
use super::picture::Embedded;
use crate::input::array;

/// A comment header without the packet's signature.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Comments {
    /// Which encoder made the file; kept when the tags are written again.
    pub(super) vendor: String,
    pub(super) items: Vec<(String, String)>,
}

/// No sane header has more comments; a damaged one must not make lists of what it claims.
const MOST_ITEMS: usize = 65_536;

impl Comments {
    /// Reads a header. What is cut off is left out; bytes that are not UTF-8 become U+FFFD.
    pub(super) fn parse(body: &[u8]) -> Option<Comments> {
        let mut at = 0;
        let vendor = text_at(body, &mut at)?;
        let count = array(body, at).map(u32::from_le_bytes)? as usize;
        at += 4;
        let mut comments = Comments { vendor, items: Vec::new() };
        for _ in 0..count.min(MOST_ITEMS) {
            let Some(item) = text_at(body, &mut at) else { break };
            if let Some((key, value)) = item.split_once('=') {
                comments.items.push((key.to_ascii_uppercase(), value.to_owned()));
            }
        }
        Some(comments)
    }

    /// The header's bytes.
    pub(super) fn body(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, &[&self.vendor]);
        out.extend_from_slice(&(self.items.len() as u32).to_le_bytes());
        for (key, value) in &self.items {
            put(&mut out, &[key, "=", value]);
        }
        out
    }

    /// Gathers fields and pictures; comments that are none of ours are given back.
    pub(super) fn gather(&self, gathered: &mut Gathered, pictures: &mut Vec<Embedded>) -> Vec<(String, String)> {
        let mut rest = Vec::new();
        for (key, value) in &self.items {
            let home = HOMES.iter().find(|home| home.vorbis.contains(&key.as_str()));
            let picture = (key == "METADATA_BLOCK_PICTURE")
                .then(|| data_encoding::BASE64.decode(value.trim().as_bytes()).ok())
                .flatten()
                .and_then(|block| Embedded::of_flac_block(&block));
            match (home, picture) {
                (Some(home), _) => gathered.add(home.field, key, value),
                (None, Some(picture)) => pictures.push(picture),
                (None, None) => {
                    gathered.leave(key, value);
                    rest.push((key.clone(), value.clone()));
                }
            }
        }
        rest
    }
}

/// A text behind its length.
fn text_at(body: &[u8], at: &mut usize) -> Option<String> {
    let size = array(body, *at).map(u32::from_le_bytes)? as usize;
    let start = *at + 4;
    let text = body.get(start..start.checked_add(size)?)?;
    *at = start + size;
    Some(String::from_utf8_lossy(text).into_owned())
}

fn put(out: &mut Vec<u8>, parts: &[&str]) {
    let size: usize = parts.iter().map(|part| part.len()).sum();
    out.extend_from_slice(&(size as u32).to_le_bytes());
    out.extend_from_slice(parts.concat().as_bytes());
}

/// The comments of the tags. Opus has its own gains and no others (RFC 7845 §5.2.1).
pub(super) fn items(tags: &Tags, opus: bool) -> Vec<(String, String)> {
    let mut items = Vec::new();
    for (field, text) in values(tags) {
        let wanted = match field {
            Field::TrackGain | Field::TrackPeak | Field::AlbumGain | Field::AlbumPeak => !opus,
            Field::R128Track | Field::R128Album => opus,
            _ => true,
        };
        let home = HOMES.iter().find(|home| home.field == field);
        if let Some(key) = home.and_then(|home| home.vorbis.first()).filter(|_| wanted) {
            items.push(((*key).to_owned(), text));
        }
    }
    items
}
