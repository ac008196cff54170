//! Whatever text stands in a document: findings inside the text, or a song that prints and reads back as itself, whose
//! versions are songs, and edits that lead back to every byte. Good seeds are the songs and the broken documents of
//! `crates/session/tests`.
#![no_main]

#[path = "../../crates/session/tests/common/draw.rs"]
#[allow(dead_code, reason = "only its edits are drawn here")]
mod draw;

use std::hash::{DefaultHasher, Hash, Hasher};

use draw::Draw;
use libfuzzer_sys::fuzz_target;
use tonmeister_core::Registry;
use tonmeister_session::{Document, diff, parse, print};

fuzz_target!(|text: &str| {
    let rack = tonmeister_dsp::rack();
    match parse(text, &rack) {
        Err(found) => {
            assert!(!found.is_empty());
            for span in found.into_iter().filter_map(|finding| finding.span) {
                assert!(text.get(span).is_some());
            }
        }
        Ok(document) => {
            assert_eq!(document.to_text(), text);
            let printed = print(document.song());
            let again = parse(&printed, &rack).unwrap_or_else(|found| panic!("{found:?}\n{printed}"));
            assert_eq!(again.song(), document.song());
            for version in &document.song().versions {
                let song = document.song().version(&version.id);
                let song = song.unwrap_or_else(|found| panic!("{found:?}\n{text}"));
                assert_eq!(song.lowered().lowered(), song.lowered());
                assert_eq!(diff(&song, &song), []);
            }
            edit_and_return(document, &rack);
        }
    }
});

/// Edits that follow from the text itself, so that a seed is a plain document.
fn edit_and_return(mut document: Document, rack: &Registry) {
    let mut hasher = DefaultHasher::new();
    document.text().hash(&mut hasher);
    let bytes: Vec<u8> = (0..16u64)
        .flat_map(|i| {
            i.hash(&mut hasher);
            hasher.finish().to_le_bytes()
        })
        .collect();
    let mut draw = Draw(&bytes);
    let mut back = Vec::new();
    for _ in 0..4 {
        let before = document.clone();
        let edit = draw.edit(before.song(), rack);
        match document.apply(&edit) {
            Ok(inverse) => back.push((before, inverse)),
            Err(_) => assert_eq!(document, before),
        }
    }
    for (before, inverse) in back.into_iter().rev() {
        let undone = document.apply(&inverse);
        assert!(undone.is_ok(), "{undone:?}");
        assert_eq!(document, before);
    }
}
