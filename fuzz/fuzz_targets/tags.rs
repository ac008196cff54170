//! Whatever bytes follow the beginning of any container: tags or an error, never a panic.
#![no_main]

use std::io::Cursor;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use tonmeister_media::tags::tags_input;

/// How each container begins, as far as that is the same in every file.
const BEGINNINGS: [&[u8]; 8] = [
    b"RIFF\xFF\xFF\xFF\x7FWAVE",
    b"RF64\xFF\xFF\xFF\xFFWAVEds64",
    b"FORM\x7F\xFF\xFF\xFFAIFF",
    b"fLaC",
    b"ID3\x04\x00\x00",
    b"OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00",
    b"\x00\x00\x00\x10ftypM4A \x00\x00\x00\x00",
    // A WAV whose every chunk is ours: the data is empty, so all that follows is chunks.
    b"RIFF\xFF\xFF\xFF\x7FWAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1F\x00\x00\x80\x3E\x00\x00\x02\x00\x10\x00",
];

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let file = [BEGINNINGS[usize::from(*kind) % BEGINNINGS.len()], rest].concat();
    if let Ok(got) = tags_input(Path::new("fuzz"), Cursor::new(file)) {
        for diagnostic in got.tags.check(tonmeister_media::Container::Wav) {
            assert!(!diagnostic.message.is_empty());
        }
    }
});
