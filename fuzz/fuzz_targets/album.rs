//! Whatever text stands in an album document: findings inside the text, or an album that reads as itself again and whose
//! songs find places, or are told why not. Good seeds are `crates/session/tests/albums` and `broken_album`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tonmeister_release::album::sequence::{Length, place};
use tonmeister_session::album::parse;

fuzz_target!(|text: &str| {
    let rack = tonmeister_dsp::rack();
    let told = |found: Vec<tonmeister_core::Diagnostic>| {
        assert!(!found.is_empty());
        for span in found.into_iter().filter_map(|finding| finding.span) {
            assert!(text.get(span).is_some());
        }
    };
    match parse(text, &rack) {
        Err(found) => told(found),
        Ok(document) => {
            let again = parse(text, &rack).unwrap_or_else(|found| panic!("{found:?}\n{text}"));
            assert_eq!(again.album(), document.album());
            // Songs of nothing at all, of a frame, of a minute and of ten hours.
            for frames in [0, 1, 2_880_000, 1_728_000_000] {
                let lengths = vec![Length { frames, tempo_bpm: None }; document.album().songs.len()];
                match place(&document, &lengths, 48_000) {
                    Err(found) => told(found),
                    Ok(timeline) => {
                        assert!(timeline.songs.windows(2).all(|pair| pair[0].start <= pair[1].start));
                        assert!(timeline.songs.iter().all(|song| song.start < song.end && song.end <= timeline.frames));
                    }
                }
            }
        }
    }
});
