//! Whatever bytes follow an AIFF or AIFF-C header: an error or audio of the announced length, never a panic.
#![no_main]

use std::io::Cursor;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use tonmeister_core::Buffer;
use tonmeister_media::{NonFinite, OpenOptions, open_input};

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let form: &[u8] = [b"AIFF", b"AIFC"][usize::from(kind % 2)];
    let mut file = [b"FORM", &(rest.len() as u32 + 4).to_be_bytes()[..], form].concat();
    file.extend_from_slice(rest);
    let options = OpenOptions { non_finite: NonFinite::Silence };
    let Ok(mut opened) = open_input(Path::new("fuzz.aiff"), Cursor::new(file), options) else { return };
    let mut buffer = Buffer::new(opened.info.layout, 1000);
    let mut frames = opened.source.skip(u64::from(*kind)).unwrap_or(0);
    while let Ok(got) = opened.source.read(&mut buffer.block(1000)) {
        if got == 0 {
            assert_eq!(frames, opened.info.frames, "the announced length is the length");
            break;
        }
        assert!(buffer.view(got).channels().flatten().all(|x| x.is_finite()));
        frames += got as u64;
    }
});
