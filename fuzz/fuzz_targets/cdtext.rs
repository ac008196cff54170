//! Hostile CD-Text: read past, and what was read without a finding is written to be read as the same. Good seeds are files
//! `CDTEXT.BIN`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tonmeister_release::cdtext::{decode, encode};

fuzz_target!(|bytes: &[u8]| {
    let read = decode(bytes);
    assert!(read.findings.iter().all(|f| f.help.is_some()));
    if !read.findings.is_empty() {
        return;
    }
    // What was read may hold what is not written: control characters, or languages of unlike tracks.
    if let Ok(written) = encode(&read.text)
        && !written.is_empty()
    {
        let again = decode(&written);
        assert!(again.findings.is_empty(), "{:?}", again.findings);
        let held: Vec<_> = read.text.blocks.iter().filter(|b| again.text.blocks.contains(b)).collect();
        assert_eq!(held.len(), read.text.blocks.len());
    }
});
