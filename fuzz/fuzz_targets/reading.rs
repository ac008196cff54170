//! What must hold of every file that opens, whatever its bytes.

use std::io::Cursor;
use std::path::Path;

use tonmeister_core::Buffer;
use tonmeister_media::{NonFinite, OpenOptions, open_input};

/// Opens the bytes; if they are a file, skips some frames and reads the rest: as many as were announced, all finite.
pub(crate) fn read_through(name: &str, file: Vec<u8>, skip: u64) {
    let options = OpenOptions { non_finite: NonFinite::Silence };
    let Ok(mut opened) = open_input(Path::new(name), Cursor::new(file), options) else { return };
    let mut buffer = Buffer::new(opened.info.layout, 1000);
    let mut frames = opened.source.skip(skip).unwrap_or(0);
    while let Ok(got) = opened.source.read(&mut buffer.block(1000)) {
        if got == 0 {
            assert_eq!(frames, opened.info.frames, "the announced length is the length");
            break;
        }
        assert!(buffer.view(got).channels().flatten().all(|x| x.is_finite()));
        frames += got as u64;
    }
}
