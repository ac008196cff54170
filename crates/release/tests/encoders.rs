//! What the encoders make of real music is that music.

use std::path::{Path, PathBuf};

use tonmeister_core::{Buffer, Layout, Source};
use tonmeister_dsp::resample::Resampled;
use tonmeister_media as media;

const RATE: u32 = 48_000;

fn material() -> Option<PathBuf> {
    let folder = std::env::var_os("TONMEISTER_MATERIAL")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/material"), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: no material; set TONMEISTER_MATERIAL to a folder of recordings");
    None
}

fn peak(sound: &Buffer, from: usize) -> f32 {
    let channel =
        |c: usize| sound.view(sound.frames()).channel(c)[from..].iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    channel(0).max(channel(1))
}

/// With its pitch prefilter, the Opus encoder made single packets of this song that decode hundreds of times too loud: which
/// ones depends on where the packets begin. Found then: up to 384.
#[test]
fn opus_makes_no_noise_of_its_own() {
    let Some(folder) = material() else { return };
    let song = media::open(folder.join("finished/trackballs_tb_design.ogg")).unwrap().source;
    let mut source: Box<dyn Source> = Box::new(Resampled::new(song, RATE));
    let mut sound = Buffer::new(Layout::Stereo, 50 * RATE as usize);
    let frames = source.read(&mut sound.block(50 * RATE as usize)).unwrap();
    assert_eq!(frames, sound.frames());
    for from in [0, 400, 500, 700, 900] {
        let scratch = tempfile::tempdir().unwrap();
        let format = media::Format::Opus { kbps: 160 };
        let mut codec = media::Writer::create(scratch.path().join("a.opus"), format, RATE, Layout::Stereo).unwrap();
        codec.write(sound.view(frames).part(from, frames)).unwrap();
        let staged = codec.stage().unwrap();
        let mut decoded = staged.open().unwrap().source;
        let mut heard = Buffer::new(Layout::Stereo, frames - from);
        let mut at = 0;
        while at < heard.frames() {
            let end = (at + 4096).min(heard.frames());
            let got = decoded.read(&mut heard.block_range(at, end)).unwrap();
            assert!(got > 0, "it ends at {at}");
            at += got;
        }
        let (before, after) = (peak(&sound, from), peak(&heard, 0));
        println!("from {from}: {before:.3} in, {after:.3} out");
        assert!(after < 1.7 * before, "from {from}: {before:.3} in, {after:.3} out");
    }
}
