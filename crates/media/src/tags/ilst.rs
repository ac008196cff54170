//! iTunes' list of atoms, as M4A carries it. The bytes are lofty's work; which atom says what is ours.

use std::io::Cursor;

use lofty::config::{ParseOptions, ParsingMode, WriteOptions};
use lofty::file::AudioFile;
use lofty::mp4::{AdvisoryRating, Atom, AtomData, AtomIdent, DataType, Ilst, Mp4File};
use lofty::tag::TagExt;

use super::fields::{Field, Gathered, HOMES, values};
use super::guarded;
use super::picture::Embedded;
use super::{Advisory, Position, Tags};

const MEAN: &str = "com.apple.iTunes";

/// An `ilst` atom, header included, with what the tags say, pictures, and those atoms of an older list that are none of
/// ours.
pub(super) fn atom(tags: &Tags, pictures: &[Embedded], rest: Vec<Atom<'static>>) -> Result<Vec<u8>, String> {
    let mut list = Ilst::new();
    for (field, text) in values(tags) {
        let Some(key) = HOMES.iter().find(|home| home.field == field).and_then(|home| home.mp4.first()) else {
            continue;
        };
        match field {
            Field::Track | Field::Disc => {
                let position = if field == Field::Track { tags.track } else { tags.disc };
                if let Some(position) = position {
                    list.insert(number_atom(ident(key), position, field));
                }
            }
            Field::Bpm => {
                let beats = text.parse::<u16>().unwrap_or(0).to_be_bytes().to_vec();
                let data = AtomData::Unknown { code: DataType::BeSignedInteger, data: beats };
                list.insert(Atom::new(ident(key), data));
            }
            Field::ExactBpm if tags.bpm.is_some_and(|bpm| bpm.fract() == 0.0) => {}
            Field::Compilation | Field::Gapless => list.set_flag(ident(key), true),
            Field::Advisory => list.set_advisory_rating(match tags.advisory {
                Some(Advisory::Explicit) => AdvisoryRating::Explicit,
                Some(Advisory::Clean) => AdvisoryRating::Clean,
                _ => AdvisoryRating::Inoffensive,
            }),
            _ => list.insert(Atom::new(ident(key), AtomData::UTF8(text))),
        }
    }
    for picture in pictures {
        list.insert_picture(picture.to_lofty());
    }
    for atom in rest {
        list.insert(atom);
    }
    let mut out = Vec::new();
    list.dump_to(&mut out, WriteOptions::new().preferred_padding(0)).map_err(|e| e.to_string())?;
    Ok(out)
}

/// `trkn` has eight bytes, `disk` six: two, the number, how many, and for tracks two more.
fn number_atom(ident: AtomIdent<'static>, position: Position, field: Field) -> Atom<'static> {
    let mut data = vec![0, 0];
    data.extend_from_slice(&position.number.to_be_bytes());
    data.extend_from_slice(&position.of.unwrap_or(0).to_be_bytes());
    if field == Field::Track {
        data.extend_from_slice(&[0, 0]);
    }
    Atom::new(ident, AtomData::Unknown { code: DataType::Reserved, data })
}

/// The four bytes of an atom's name (`©` is one byte there), or a name of iTunes' own space.
fn ident(key: &'static str) -> AtomIdent<'static> {
    match fourcc(key) {
        Some(four) => AtomIdent::Fourcc(four),
        None => AtomIdent::Freeform { mean: MEAN.into(), name: key.into() },
    }
}

fn fourcc(key: &str) -> Option<[u8; 4]> {
    let special =
        key.starts_with('©') || matches!(key, "aART" | "cprt" | "rtng" | "trkn" | "disk" | "tmpo" | "cpil" | "pgap");
    let bytes: Vec<u8> = key.chars().map(|c| u32::from(c) as u8).collect();
    special.then(|| bytes.try_into().ok())?
}

/// Takes a list apart (`ilst`, header included): its fields and pictures are gathered, the atoms that are none of ours are
/// given back.
pub(super) fn gather(
    bytes: &[u8],
    gathered: &mut Gathered,
    pictures: &mut Vec<Embedded>,
) -> Result<Vec<Atom<'static>>, String> {
    let mut rest = Vec::new();
    for atom in parse(bytes)? {
        let key = match atom.ident() {
            AtomIdent::Fourcc([b'c', b'o', b'v', b'r']) => {
                let found = atom.data().filter_map(|data| match data {
                    AtomData::Picture(picture) => Some(Embedded { kind: 3, ..Embedded::of_lofty(picture) }),
                    _ => None,
                });
                pictures.extend(found);
                continue;
            }
            AtomIdent::Fourcc(four) => four.iter().map(|b| char::from(*b)).collect(),
            AtomIdent::Freeform { mean, name } if mean == MEAN => name.to_string(),
            AtomIdent::Freeform { mean, name } => format!("{mean}:{name}"),
        };
        let named = |home: &&super::fields::Home| home.mp4.iter().any(|ours| ours.eq_ignore_ascii_case(&key));
        let texts: Vec<Option<String>> = atom.data().map(|data| text(&key, data)).collect();
        if let Some(home) = HOMES.iter().find(named) {
            for text in texts.into_iter().flatten() {
                gathered.add(home.field, &key, &text);
            }
        } else {
            for text in texts {
                gathered.leave(key.clone(), text.unwrap_or_else(|| "(not a text)".to_owned()));
            }
            rest.extend(whole(atom));
        }
    }
    Ok(rest)
}

fn text(key: &str, data: &AtomData) -> Option<String> {
    match data {
        AtomData::UTF8(text) | AtomData::UTF16(text) => Some(text.clone()),
        AtomData::SignedInteger(value) => Some(value.to_string()),
        AtomData::UnsignedInteger(value) => Some(value.to_string()),
        AtomData::Bool(flag) => Some(u8::from(*flag).to_string()),
        AtomData::Unknown { data, .. } if matches!(key, "trkn" | "disk") => {
            let number = |at: usize| Some(u16::from_be_bytes([*data.get(at)?, *data.get(at + 1)?]));
            Some(format!("{}/{}", number(2)?, number(4).unwrap_or(0)))
        }
        AtomData::Unknown { data, .. } if (1..=4).contains(&data.len()) => {
            Some(data.iter().fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte)).to_string())
        }
        _ => None,
    }
}

/// The atom, if what is written of it can be read again.
fn whole(atom: Atom<'static>) -> Option<Atom<'static>> {
    let mut list = Ilst::new();
    list.insert(atom.clone());
    let mut bytes = Vec::new();
    guarded(|| list.dump_to(&mut bytes, WriteOptions::new().preferred_padding(0))).ok()?.ok()?;
    (parse(&bytes).ok()?.len() == 1).then_some(atom)
}

/// lofty reads a list in its container: a file of nothing but the list.
fn parse(bytes: &[u8]) -> Result<Vec<Atom<'static>>, String> {
    let handler = b"\0\0\0\0\0\0\0\0mdirappl\0\0\0\0\0\0\0\0\0";
    let meta = boxed(*b"meta", &[&[0; 4], &boxed(*b"hdlr", &[handler]), bytes]);
    let file = [boxed(*b"ftyp", &[b"M4A \0\0\0\0"]), boxed(*b"moov", &[&boxed(*b"udta", &[&meta])])].concat();
    let mut options = ParseOptions::new();
    let options = options.read_properties(false).parsing_mode(ParsingMode::BestAttempt);
    let mut mp4 = guarded(|| Mp4File::read_from(&mut Cursor::new(file), options))?.map_err(|e| e.to_string())?;
    Ok(mp4.remove_ilst().map(|list| list.into_iter().collect()).unwrap_or_default())
}

/// An atom of these parts.
pub(super) fn boxed(name: [u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let size: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = (size as u32 + 8).to_be_bytes().to_vec();
    out.extend_from_slice(&name);
    out.extend_from_slice(&parts.concat());
    out
}
