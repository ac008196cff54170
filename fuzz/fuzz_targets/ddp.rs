//! Hostile descriptions of a DDP fileset: read or refused, and a disc that was read can be checked. Good seeds are the files
//! `DDPID`, `DDPMS`, `PQDESCR` and `CHECKSUM.MD5` of a fileset.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use tonmeister_release::{ddp, pq};

fuzz_target!(|bytes: &[u8]| {
    let name = Path::new("fuzzed");
    let _ = ddp::Identifier::parse(name, bytes);
    let _ = ddp::parse_map(name, bytes);
    for (file, sum) in ddp::checksums(bytes) {
        assert!(!file.contains(['/', '\\']) && matches!(sum.len(), 8 | 32));
    }
    if let Ok(read) = ddp::parse_pq(name, bytes) {
        let found = read.disc.check();
        assert!(found.iter().chain(&read.findings).all(|f| f.help.is_some()));
        let sheet = pq::PqSheet::new(&read.disc, None, "fuzzed");
        assert_eq!(sheet.tracks.len(), read.disc.tracks.len());
        assert!(!sheet.to_string().is_empty());
    }
});
