//! LIST-INFO of WAV: short texts with four-letter names. Its `ISRC` means "source", never the recording's code.

use super::fields::{Field, Gathered, values};
use super::{Role, Tags};
use crate::input::text;
use crate::wav::chunks::{chunk, inside};

const HOMES: &[(Field, [u8; 4])] = &[
    (Field::Title, *b"INAM"),
    (Field::Artist, *b"IART"),
    (Field::Album, *b"IPRD"),
    (Field::Track, *b"ITRK"),
    (Field::Date, *b"ICRD"),
    (Field::Genre, *b"IGNR"),
    (Field::Copyright, *b"ICOP"),
    (Field::Comment, *b"ICMT"),
    (Field::Language, *b"ILNG"),
    (Field::Credit(Role::Composer), *b"IMUS"),
    (Field::Credit(Role::Engineer), *b"IENG"),
    (Field::Encoder, *b"ISFT"),
];

/// The list's body, `INFO` included; none when there is nothing to say.
pub(super) fn body(tags: &Tags) -> Option<Vec<u8>> {
    let mut texts: Vec<([u8; 4], String)> = Vec::new();
    for (field, text) in values(tags) {
        let Some((_, name)) = HOMES.iter().find(|(home, _)| *home == field) else { continue };
        match texts.iter_mut().find(|(other, _)| other == name) {
            Some((_, list)) => *list = format!("{list}; {text}"),
            None => texts.push((*name, text)),
        }
    }
    let chunks = texts.iter().flat_map(|(name, text)| chunk(*name, &[text.as_bytes(), &[0]].concat()));
    (!texts.is_empty()).then(|| b"INFO".iter().copied().chain(chunks).collect())
}

/// Gathers what the list (without `INFO`) says where `id3 ` has said nothing; what is none of ours is given back.
pub(super) fn gather(list: &[u8], gathered: &mut Gathered) -> Vec<([u8; 4], Vec<u8>)> {
    let mut rest = Vec::new();
    for (name, body) in inside(list) {
        if let Some((field, _)) = HOMES.iter().find(|(_, home)| *home == name) {
            gathered.fill(*field, &text(body));
        } else {
            gathered.leave(crate::input::fourcc(name), text(body));
            rest.push((name, body.to_vec()));
        }
    }
    rest
}
