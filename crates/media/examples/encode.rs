//! Encodes a file and says how fast: `encode IN FORMAT OUT`, e.g. `encode mix.wav mp3-320 mix.mp3`.
//!
//! For comparing encoders: the input is read into memory first, so that the figure is the encoder's alone.

use std::error::Error;
use std::time::Instant;

use tonmeister_core::Buffer;
use tonmeister_media::{Format, Writer, open};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, format, output] = &arguments[..] else {
        return Err("three arguments: the input, a format such as mp3-320, the output".into());
    };
    let format: Format = format.parse()?;
    let mut opened = open(input)?;
    let frames = usize::try_from(opened.info.frames)?;
    let mut audio = Buffer::new(opened.info.layout, frames);
    let read = opened.source.read(&mut audio.block(frames))?;
    let begun = Instant::now();
    let mut writer = Writer::create(output, format, opened.info.sample_rate, opened.info.layout)?;
    let view = audio.view(read);
    for from in (0..read).step_by(4096) {
        writer.write(view.part(from, (from + 4096).min(read)))?;
    }
    let written = writer.finish()?;
    let seconds = begun.elapsed().as_secs_f64();
    let bytes = std::fs::metadata(output)?.len();
    println!(
        "{format}: {:.1}x, {:.2} s for {:.1} s, {bytes} bytes, {} clipped",
        opened.info.seconds() / seconds,
        seconds,
        opened.info.seconds(),
        written.clipped
    );
    Ok(())
}
