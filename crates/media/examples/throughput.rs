//! How fast files are read: `cargo run --release -p tonmeister-media --example throughput FILES…`
//!
//! Reads each file to its end in blocks of 4096 frames and prints the time, the bytes per second and the multiple of
//! real time; the last line sums up.

use std::time::{Duration, Instant};

use tonmeister_core::Buffer;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut time, mut bytes, mut seconds) = (Duration::ZERO, 0, 0.0);
    for path in std::env::args().skip(1) {
        let size = std::fs::metadata(&path)?.len();
        let start = Instant::now();
        let mut opened = tonmeister_media::open(&path)?;
        let mut buffer = Buffer::new(opened.info.layout, 4096);
        while opened.source.read(&mut buffer.block(4096))? == 4096 {}
        let taken = start.elapsed();
        report(&path, taken, size, opened.info.seconds());
        (time, bytes, seconds) = (time + taken, bytes + size, seconds + opened.info.seconds());
    }
    report("all", time, bytes, seconds);
    Ok(())
}

fn report(name: &str, taken: Duration, bytes: u64, audio_seconds: f64) {
    let taken = taken.as_secs_f64();
    println!("{name}: {taken:.3} s, {:.2} GB/s, {:.0} x real time", bytes as f64 / taken / 1e9, audio_seconds / taken);
}
