//! Whatever stands in a cue sheet: findings inside the text, or a sheet that prints and reads back as itself. Good seeds are
//! cue sheets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tonmeister_release::cue::{FirstPause, decode, parse, print};

fuzz_target!(|bytes: &[u8]| {
    let text = decode(bytes);
    match parse(&text) {
        Err(found) => {
            assert!(!found.is_empty());
            for finding in found {
                assert!(finding.help.is_some());
                assert!(finding.span.is_none_or(|span| text.get(span).is_some()));
            }
        }
        Ok(parsed) => {
            let lengths = vec![44_100 * 600; parsed.sheet.files.len()];
            for first in [FirstPause::Told, FirstPause::Included, FirstPause::Added] {
                if let Ok(laid) = parsed.sheet.lay_out(&lengths, first) {
                    assert_eq!(laid.disc.tracks.len(), parsed.sheet.tracks.len());
                    let frames: u64 = laid.pieces.iter().map(|p| p.frames()).sum();
                    assert_eq!(frames, laid.disc.end.frames());
                }
            }
            if let Ok(printed) = print(&parsed.sheet) {
                // Names and texts may hold quotes at their ends, which a sheet cannot tell from its own.
                let again = parse(&printed).unwrap_or_else(|found| panic!("{found:?}\n{printed}"));
                assert_eq!(again.sheet.tracks.len(), parsed.sheet.tracks.len());
            }
        }
    }
});
