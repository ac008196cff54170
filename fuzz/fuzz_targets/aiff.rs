//! Whatever bytes follow an AIFF or AIFF-C header: an error or audio of the announced length, never a panic.
#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let form: &[u8] = [b"AIFF", b"AIFC"][usize::from(kind % 2)];
    let mut file = [b"FORM", &(rest.len() as u32 + 4).to_be_bytes()[..], form].concat();
    file.extend_from_slice(rest);
    reading::read_through("fuzz.aiff", file, u64::from(*kind));
});
