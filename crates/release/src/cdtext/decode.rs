//! Packs into texts, whoever wrote them.

use tonmeister_core::Diagnostic;
use tonmeister_core::codes::{Barcode, Isrc};

use super::pack::{PAYLOAD, Pack};
use super::{Block, CdText, Charset, Field, Genre, Language, PACK, TrackText};
use crate::toc::MOST_TRACKS;

/// Findings kept; a file of garbage has one for every pack.
const MOST_FINDINGS: usize = 32;

/// What packs say.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The texts. Blocks in MS-JIS are left out, with a finding.
    pub text: CdText,
    /// What was not as it should be: errors are damage, warnings are oddities that were read past.
    pub findings: Vec<Diagnostic>,
}

/// Reads packs. A header of four bytes (as drives answer) and zeros behind the last pack are passed over.
pub fn decode(bytes: &[u8]) -> Decoded {
    let mut found = Vec::new();
    let headed =
        bytes.len() % PACK == 4 && bytes.get(4).is_some_and(|b| (0x80..=0x8F).contains(b)) && !is_kind(bytes, 0);
    let body = if headed { &bytes[4..] } else { bytes };
    let (chunks, rest) = body.as_chunks::<PACK>();
    if rest.iter().any(|b| *b != 0) {
        let message = format!("the CD-Text ends in {} bytes that are no whole pack of {PACK}", rest.len());
        found.push(Diagnostic::error("cdtext-cut-off", message).help("copy the file again"));
    }
    let mut packs = Vec::new();
    for (number, chunk) in chunks.iter().enumerate() {
        let (pack, right) = Pack::read(chunk);
        if !(0x80..=0x8F).contains(&pack.kind) {
            if chunk.iter().any(|b| *b != 0) {
                let message = format!("CD-Text pack {number} has the unknown type {:02X}", pack.kind);
                found.push(Diagnostic::error("cdtext-type", message).help("write the CD-Text again"));
            }
            continue;
        }
        if !right {
            let message = format!("CD-Text pack {number} (type {:02X}) has a wrong checksum", pack.kind);
            let help = "the file is damaged, or its maker computes checksums wrongly: write the CD-Text again";
            found.push(Diagnostic::error("cdtext-crc", message).help(help));
        }
        packs.push(pack);
    }
    let numbers: Vec<u8> = (0..8).filter(|number| packs.iter().any(|p| p.block == *number)).collect();
    let mut blocks = Vec::new();
    for number in numbers {
        let own: Vec<Pack> = packs.iter().filter(|p| p.block == number).copied().collect();
        blocks.extend(block(number, &own, &mut found));
    }
    let kept = MOST_FINDINGS.min(found.len());
    let more = found.len() - kept;
    found.truncate(kept);
    if more > 0 {
        let message = format!("{more} more findings about the CD-Text are not listed");
        found.push(Diagnostic::error("cdtext-more", message).help("write the CD-Text again"));
    }
    Decoded { text: CdText { blocks }, findings: found }
}

fn is_kind(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(|b| (0x80..=0x8F).contains(b))
}

/// The 36 bytes of size information.
fn sizes(packs: &[Pack]) -> Option<[u8; 3 * PAYLOAD]> {
    let mut record = [0; 3 * PAYLOAD];
    for part in 0..3_u8 {
        let pack = packs.iter().find(|p| p.kind == 0x8F && p.track == part)?;
        record[usize::from(part) * PAYLOAD..][..PAYLOAD].copy_from_slice(&pack.payload);
    }
    Some(record)
}

fn block(number: u8, packs: &[Pack], found: &mut Vec<Diagnostic>) -> Option<Block> {
    let warn = |code, message: String| Diagnostic::warning(code, message).help("write the CD-Text again");
    if let Some((place, pack)) = packs.iter().enumerate().find(|(n, p)| usize::from(p.sequence) != *n) {
        let message = format!("pack {place} of CD-Text block {number} is numbered {}", pack.sequence);
        found.push(warn("cdtext-sequence", message));
    }
    let record = sizes(packs);
    if record.is_none() {
        found.push(warn("cdtext-sizes", format!("CD-Text block {number} has no size information")));
    }
    let highest = packs.iter().filter(|p| p.kind != 0x8F).map(|p| usize::from(p.track & 0x7F)).max().unwrap_or(0);
    let last = record.map_or(highest, |r| usize::from(r[2])).min(MOST_TRACKS);
    let charset = match record.map_or(0, |r| r[0]) {
        0 => Charset::Latin1,
        1 => Charset::Ascii,
        other => {
            let name = if other == 0x80 { "MS-JIS".to_owned() } else { format!("the character set {other:02X}") };
            let message = format!("CD-Text block {number} is in {name}, which is not read; it is left out");
            let help = "it is kept in the fileset's file; read it with the software that wrote it";
            found.push(Diagnostic::warning("cdtext-charset", message).help(help));
            return None;
        }
    };
    let mut block = Block { charset, tracks: vec![TrackText::default(); last], ..Block::default() };
    if let Some(record) = record {
        block.language = Language(record[28 + usize::from(number)]);
        block.copyrighted = record[3] != 0;
        check_counts(number, &record, packs, found);
    }
    for field in Field::ALL {
        for (track, text) in strings(number, field.pack_type(), packs, last, charset, found) {
            match track {
                0 => *block.disc.get_mut(field) = text,
                track => *block.tracks[track - 1].texts.get_mut(field) = text,
            }
        }
    }
    let alone = |kind, charset, found: &mut Vec<Diagnostic>| {
        strings(number, kind, packs, 0, charset, found).into_iter().next().map_or(String::new(), |(_, text)| text)
    };
    block.disc_id = alone(0x86, Charset::Ascii, found);
    block.closed = alone(0x8D, Charset::Latin1, found);
    block.genre = genre(packs);
    for (track, text) in strings(number, 0x8E, packs, last, Charset::Ascii, found) {
        if text.is_empty() {
            continue;
        }
        let wrong = if track == 0 {
            text.parse::<Barcode>().map(|code| block.ean = Some(code)).err()
        } else {
            text.parse::<Isrc>().map(|code| block.tracks[track - 1].isrc = Some(code)).err()
        };
        if let Some(wrong) = wrong {
            found.push(Diagnostic::warning("cdtext-code", format!("CD-Text: {wrong}")).help("write the CD-Text again"));
        }
    }
    Some(block)
}

fn check_counts(number: u8, record: &[u8; 36], packs: &[Pack], found: &mut Vec<Diagnostic>) {
    for kind in 0x80..=0x8F_u8 {
        let stated = usize::from(record[4 + usize::from(kind - 0x80)]);
        let there = packs.iter().filter(|p| p.kind == kind).count();
        if stated != there {
            let message = format!(
                "CD-Text block {number} says it has {stated} packs of type {kind:02X} and has {there}: packs are missing"
            );
            found.push(Diagnostic::error("cdtext-count", message).help("write the CD-Text again"));
        }
    }
}

/// The texts of one pack type with their tracks (0 the disc), in order; texts behind the last track are passed over.
fn strings(
    number: u8,
    kind: u8,
    packs: &[Pack],
    last: usize,
    charset: Charset,
    found: &mut Vec<Diagnostic>,
) -> Vec<(usize, String)> {
    let own: Vec<&Pack> = packs.iter().filter(|p| p.kind == kind).collect();
    let Some(first) = own.first() else { return Vec::new() };
    let mut track = usize::from(first.track & 0x7F);
    let mut all: Vec<(usize, String)> = Vec::new();
    let mut text: Vec<u8> = Vec::new();
    let mut astray = None;
    let mut foreign = None;
    for pack in &own {
        let told = (usize::from(pack.track & 0x7F), usize::from(pack.position));
        if track <= last && told != (track, text.len().min(15)) {
            astray.get_or_insert(pack.sequence);
        }
        for byte in pack.payload {
            if byte != 0 {
                text.push(byte);
                continue;
            }
            if track <= last {
                // A lone TAB stands for the text of the track before.
                let before = all.last().map(|(_, text)| text.clone());
                let repeated = (text == [b'\t']).then_some(before).flatten();
                if charset == Charset::Ascii && text.iter().any(|b| *b > 0x7F) {
                    foreign.get_or_insert(track);
                }
                all.push((track, repeated.unwrap_or_else(|| text.iter().map(|b| char::from(*b)).collect())));
            } else if !text.is_empty() {
                astray.get_or_insert(pack.sequence);
            }
            text.clear();
            track += 1;
        }
    }
    if !text.is_empty() {
        let message = format!("the last text of type {kind:02X} in CD-Text block {number} has no end");
        found.push(Diagnostic::error("cdtext-no-end", message).help("write the CD-Text again"));
        if track <= last {
            all.push((track, text.iter().map(|b| char::from(*b)).collect()));
        }
    }
    if let Some(sequence) = astray {
        let message = format!(
            "pack {sequence} of CD-Text block {number} (type {kind:02X}) names another track or place than its text has"
        );
        found.push(Diagnostic::warning("cdtext-astray", message).help("write the CD-Text again"));
    }
    if let Some(track) = foreign {
        let message =
            format!("a text of type {kind:02X} for track {track} is not ASCII as it should be; read as ISO 8859-1");
        found.push(Diagnostic::warning("cdtext-not-ascii", message).help("write the CD-Text again"));
    }
    all
}

/// Two bytes of number, then a text. Some writers repeat the number in every pack.
fn genre(packs: &[Pack]) -> Option<Genre> {
    let mut own = packs.iter().filter(|p| p.kind == 0x87);
    let first = own.next()?;
    let [high, low, head @ ..] = first.payload;
    let mut text = head.to_vec();
    for pack in own {
        let [a, b, rest @ ..] = pack.payload;
        // No text has a byte 0 inside, so that a number repeated there is known by it.
        let ended = text.contains(&0);
        if !ended && a == 0 && [a, b] == [high, low] {
            text.extend(rest);
        } else {
            text.extend(pack.payload);
        }
    }
    let end = text.iter().position(|b| *b == 0).unwrap_or(text.len());
    let text = text[..end].iter().map(|b| char::from(*b)).collect();
    Some(Genre { code: u16::from_be_bytes([high, low]), text })
}
