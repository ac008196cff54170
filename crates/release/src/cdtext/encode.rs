//! Texts into packs.

use tonmeister_core::Diagnostic;

use super::pack::{PAYLOAD, Pack};
use super::{Block, CdText, Charset, Field, MOST_PACKS};
use crate::toc::MOST_TRACKS;

/// The packs of the texts, as `CDTEXT.BIN` holds them, without a header. Empty when there is no text.
///
/// # Errors
/// Everything that does not fit: characters, more than 256 packs in a block, blocks of unlike track numbers. Nothing is
/// shortened or replaced.
pub fn encode(text: &CdText) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let mut found = Vec::new();
    if text.blocks.len() > 8 {
        let message = format!("the CD-Text has {} languages; 8 can be stored", text.blocks.len());
        found.push(Diagnostic::error("cdtext-blocks", message).help("leave languages out"));
    }
    let tracks = text.first().map_or(0, |block| block.tracks.len());
    if tracks > MOST_TRACKS || text.blocks.iter().any(|b| b.tracks.len() != tracks) {
        let message = "the languages of the CD-Text have unlike or too many tracks".to_owned();
        found.push(Diagnostic::error("cdtext-tracks", message).help("give every language the disc's 1 to 99 tracks"));
    }
    if !found.is_empty() {
        return Err(found);
    }
    let mut blocks: Vec<Vec<Pack>> = Vec::new();
    for (number, block) in text.blocks.iter().enumerate() {
        blocks.push(texts(number as u8, block, &mut found));
    }
    for (number, packs) in blocks.iter().enumerate() {
        let (count, most) = (packs.len(), MOST_PACKS - 3);
        if count > most {
            let message = format!(
                "the CD-Text in {} takes {count} packs of 12 characters; {most} fit, so it is about {} characters too long",
                text.blocks[number].language,
                (count - most) * PAYLOAD
            );
            let help = "leave out messages, arrangers or songwriters, or shorten the longest texts";
            found.push(Diagnostic::error("cdtext-too-long", message).help(help));
        }
    }
    if !found.is_empty() {
        return Err(found);
    }
    if blocks.iter().all(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let lasts: Vec<u8> = blocks.iter().map(|packs| (packs.len() + 2) as u8).collect();
    for (number, packs) in blocks.iter_mut().enumerate() {
        let sizes = sizes(text, number, packs, &lasts);
        packs.extend(sizes);
        for (sequence, pack) in packs.iter_mut().enumerate() {
            pack.sequence = sequence as u8;
        }
    }
    Ok(blocks.iter().flatten().flat_map(Pack::bytes).collect())
}

/// The packs of a block without its size information; sequence numbers come later.
fn texts(number: u8, block: &Block, found: &mut Vec<Diagnostic>) -> Vec<Pack> {
    let mut packs = Vec::new();
    let whose = |track: usize| if track == 0 { "the disc".to_owned() } else { format!("track {track}") };
    for field in Field::ALL {
        let all: Vec<&str> =
            std::iter::once(&block.disc).chain(block.tracks.iter().map(|t| &t.texts)).map(|t| t.get(field)).collect();
        if all.iter().all(|text| text.is_empty()) {
            continue;
        }
        let strings = all.iter().enumerate().map(|(track, text)| {
            block.charset.encode(text, &format!("CD-Text of {}, {}", whose(track), field.name()), found)
        });
        pack(number, field.pack_type(), &[], &strings.collect::<Vec<_>>(), &mut packs);
    }
    if !block.disc_id.is_empty() {
        let bytes = Charset::Ascii.encode(&block.disc_id, "CD-Text of the disc, catalog number", found);
        pack(number, 0x86, &[], &[bytes], &mut packs);
    }
    if let Some(genre) = &block.genre {
        let bytes = Charset::Ascii.encode(&genre.text, "CD-Text of the disc, genre", found);
        pack(number, 0x87, &genre.code.to_be_bytes(), &[bytes], &mut packs);
    }
    if !block.closed.is_empty() {
        let bytes = Charset::Latin1.encode(&block.closed, "CD-Text of the disc, closed information", found);
        pack(number, 0x8D, &[], &[bytes], &mut packs);
    }
    if block.ean.is_some() || block.tracks.iter().any(|t| t.isrc.is_some()) {
        let ean = block.ean.map_or(Vec::new(), |code| code.ean().as_bytes().to_vec());
        let isrcs = block.tracks.iter().map(|t| t.isrc.map_or(Vec::new(), |code| code.as_str().as_bytes().to_vec()));
        pack(number, 0x8E, &[], &std::iter::once(ean).chain(isrcs).collect::<Vec<_>>(), &mut packs);
    }
    packs
}

/// One pack type: what stands before the texts, then the texts of disc and tracks, each with a NUL behind it.
fn pack(block: u8, kind: u8, before: &[u8], strings: &[Vec<u8>], packs: &mut Vec<Pack>) {
    // Each byte with its track and its place in the text.
    let mut bytes: Vec<(u8, u8, usize)> = before.iter().map(|b| (*b, 0, 0)).collect();
    for (track, string) in strings.iter().enumerate() {
        // Binary bytes count as the beginning of the disc's text.
        let shift = if track == 0 { before.len() } else { 0 };
        let ended = string.iter().copied().chain([0]);
        bytes.extend(ended.enumerate().map(|(place, byte)| (byte, track as u8, place + shift)));
    }
    for piece in bytes.chunks(PAYLOAD) {
        let mut payload = [0; PAYLOAD];
        for (out, (byte, ..)) in payload.iter_mut().zip(piece) {
            *out = *byte;
        }
        let (_, track, place) = piece[0];
        let position = place.min(15) as u8;
        packs.push(Pack { kind, track, sequence: 0, double_byte: false, block, position, payload });
    }
}

/// The three packs that say how many there are of each type.
fn sizes(text: &CdText, number: usize, packs: &[Pack], lasts: &[u8]) -> [Pack; 3] {
    let block = &text.blocks[number];
    let mut record = [0; 3 * PAYLOAD];
    record[0] = block.charset.number();
    record[1] = 1;
    record[2] = block.tracks.len() as u8;
    record[3] = if block.copyrighted { 3 } else { 0 };
    for pack in packs {
        // At most 253 in all, so that a byte holds it.
        record[4 + usize::from(pack.kind & 15)] += 1;
    }
    record[4 + 15] = 3;
    for (slot, last) in record[20..28].iter_mut().zip(lasts) {
        *slot = *last;
    }
    for (slot, block) in record[28..36].iter_mut().zip(&text.blocks) {
        *slot = block.language.0;
    }
    std::array::from_fn(|part| {
        let mut payload = [0; PAYLOAD];
        payload.copy_from_slice(&record[part * PAYLOAD..][..PAYLOAD]);
        Pack {
            kind: 0x8F,
            track: part as u8,
            sequence: 0,
            double_byte: false,
            block: number as u8,
            position: 0,
            payload,
        }
    })
}
