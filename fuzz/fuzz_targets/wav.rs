//! Whatever bytes follow a RIFF, RF64 or BW64 header: an error or audio of the announced length, never a panic.
#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let magic: &[u8] = [b"RIFF", b"RF64", b"BW64", b"RIFF"][usize::from(kind % 4)];
    let mut file = [magic, &(rest.len() as u32 + 4).to_le_bytes(), b"WAVE"].concat();
    file.extend_from_slice(rest);
    reading::read_through("fuzz.wav", file, u64::from(*kind));
});
