//! Plays a 24-track mix for a long time while it is edited at random, and counts what goes wrong.
//!
//! ```text
//! cargo run --release -p tonmeister --example soak -- [--seconds 600] [--speed 1] [--periods 2] [--edits 10] [--structural 20] [--folder F]
//! ```
//!
//! The song is 24 tracks of one minute on disk (12 stereo, 12 mono, 24 bits), in a loop of 57 s; every strip has an equalizer
//! of six bands, a compressor and two sends; a plate, a delay, a compressor on the mix: the strips of the peers' contest.
//! `--periods` blocks are held, the one that sounds among them. `--edits` a second are random: mostly turns of faders, pans, mutes, sends, trims and parameters; one in `--structural`
//! puts an insert in or takes it out, changes a route, or locates. `--speed 0` plays as fast as it goes and waits for what edits
//! ask for: hours of edits in minutes. Once a second a line of what was counted is printed;
//! `bench/soak` runs it while another core is kept busy.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tonmeister::World;
use tonmeister::live::{Clocked, Live, LiveError, LiveOptions, Output, Pace, Player, Playing};
use tonmeister_core::{Buffer, Layout, Registry, Settings};
use tonmeister_media::{Format, SampleFormat, Writer};
use tonmeister_session::model::{Insert, Song, Tap};

const RATE: u32 = 48_000;
const SECONDS: u32 = 60;

struct Wishes {
    seconds: u64,
    speed: f64,
    periods: u32,
    edits: f64,
    structural: u64,
    folder: PathBuf,
}

/// A generator of the chance that is wanted (`xorshift64*`), the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, count: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % count
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.below(10_000) as f64 / 10_000.0
    }
}

fn wishes() -> Result<Wishes, String> {
    let folder = std::env::temp_dir().join("tonmeister-soak");
    let mut wishes = Wishes { seconds: 600, speed: 1.0, periods: 2, edits: 10.0, structural: 20, folder };
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value = args.next().ok_or_else(|| format!("{name} wants a value"))?;
        let refused = |_| format!("{name} wants a number, not {value}");
        match name.as_str() {
            "--seconds" => wishes.seconds = value.parse().map_err(refused)?,
            "--speed" => wishes.speed = value.parse().map_err(|_| format!("{name} wants a number, not {value}"))?,
            "--periods" => wishes.periods = value.parse().map_err(|_| format!("{name} wants a number, not {value}"))?,
            "--edits" => wishes.edits = value.parse().map_err(|_| format!("{name} wants a number, not {value}"))?,
            "--structural" => wishes.structural = value.parse().map_err(refused)?,
            "--folder" => wishes.folder = value.into(),
            _ => return Err(format!("there is no option {name}")),
        }
    }
    Ok(wishes)
}

/// The stems, unless they lie there already: noise in bursts, so that compressors and meters have something to do.
fn stems(folder: &Path) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    std::fs::create_dir_all(folder)?;
    let mut names = Vec::new();
    for track in 0..24_u64 {
        let name = format!("stem-{track:02}.wav");
        let path = folder.join(&name);
        names.push(name);
        if path.exists() {
            continue;
        }
        let layout = if track % 2 == 0 { Layout::Stereo } else { Layout::Mono };
        let frames = (RATE * SECONDS) as usize;
        let mut sound = match layout {
            Layout::Stereo => tonmeister_dsp::testing::stereo_noise(track + 1, 0.2, frames),
            Layout::Mono => Buffer::from_mono(tonmeister_dsp::testing::noise(track + 1, 0.2, frames)),
        };
        let beat = 12_000 + 1000 * track as usize;
        for channel in sound.block(frames).channels_mut() {
            for (n, x) in channel.iter_mut().enumerate() {
                *x *= (-((n % beat) as f32) / 6000.0).exp();
            }
        }
        let mut writer = Writer::create(&path, Format::Wav(SampleFormat::Int24), RATE, layout)?;
        writer.write(sound.view(frames))?;
        writer.finish()?;
    }
    Ok(names)
}

fn document(names: &[String]) -> String {
    let mut text = "[song]\ntitle = \"Soak\"\nsample_rate_hz = 48000\n".to_owned();
    for (i, name) in names.iter().enumerate() {
        let _ = write!(
            text,
            "\n[[track]]\nid = \"t{i}\"\naudio = \"{name}\"\nfader_db = -9.0\npan = {:.2}\n\n[[track.insert]]\n\
             effect = \"eq\"\nhighpass = {{ hz = {}.0, slope_db_oct = 12 }}\n\
             low_shelves = [{{ hz = 120.0, gain_db = -1.5 }}]\n\
             bells = [{{ hz = 400.0, gain_db = -2.0, q = 1.0 }}, {{ hz = 2500.0, gain_db = 1.5, q = 1.0 }}]\n\
             high_shelves = [{{ hz = 9000.0, gain_db = 1.0 }}]\n\n[[track.insert]]\neffect = \"compressor\"\n\
             threshold_db = -18.0\nratio = 3.0\nattack_ms = 10.0\nrelease_ms = 120.0\nknee_db = 2.0\nmakeup_db = 3.0\n\n\
             [[track.send]]\nto = \"reverb\"\nlevel_db = -16.0\n\n[[track.send]]\nto = \"delay\"\nlevel_db = -22.0\n",
            i as f64 / 16.0 - 0.72,
            30 + 5 * i
        );
    }
    text + "\n[[bus]]\nid = \"reverb\"\n\n[[bus.insert]]\neffect = \"reverb\"\nkind = \"plate\"\ndecay_s = 2.0\n\
            mix_percent = 100.0\n\n[[bus]]\nid = \"delay\"\n\n[[bus.insert]]\neffect = \"delay\"\ntime_ms = 375.0\n\
            feedback_percent = 50.0\nmix_percent = 100.0\n\n[[master.insert]]\neffect = \"compressor\"\n\
            threshold_db = -12.0\nratio = 2.0\nattack_ms = 20.0\nrelease_ms = 200.0\nknee_db = 2.0\nmakeup_db = 3.0\n"
}

/// A random edit. Whether it is a locate, and where to.
fn edit(song: &mut Song, registry: &Registry, chance: &mut Chance, structural: u64) -> Option<u64> {
    let at = chance.below(song.tracks.len() as u64) as usize;
    let strip = &mut song.tracks[at].strip;
    if structural > 0 && chance.below(structural) == 0 {
        match chance.below(4) {
            0 => return Some(chance.below(u64::from(RATE) * 50)),
            1 => {
                let tap = if strip.sends[1].tap == Tap::Post { Tap::Pre } else { Tap::Post };
                strip.sends[1].tap = tap;
            }
            _ if strip.inserts.len() > 2 => strip.inserts.truncate(2),
            _ => {
                let spec = registry.spec("gate").expect("the rack has a gate");
                let gate = Insert { id: "gate".into(), settings: Settings::new(spec), ..strip.inserts[0].clone() };
                strip.inserts.push(gate);
            }
        }
        return None;
    }
    match chance.below(8) {
        0 | 1 => strip.set("fader_db", chance.between(-30.0, 0.0)),
        2 => strip.set("pan", chance.between(-1.0, 1.0)),
        3 => strip.set("trim_db", chance.between(-6.0, 6.0)),
        4 => strip.sends[0].values[0] = chance.between(-40.0, -6.0),
        5 => strip.inserts[1].settings.set("threshold_db", chance.between(-40.0, 0.0)).expect("in range"),
        6 => strip.inserts[1].settings.set("ratio", chance.between(1.0, 10.0)).expect("in range"),
        _ => {
            let index = strip.inserts[0].settings.index_of("bells/1/gain_db").expect("it has a bell");
            strip.inserts[0].settings.set_at(index, chance.between(-6.0, 6.0)).expect("in range");
        }
    }
    None
}

/// Plays without a clock: a tenth of a second of sound, then its edits, then what they ask for is waited for.
fn free(wishes: &Wishes, world: &World, mut song: Song, live: &Live, mut player: Player) -> Result<(), LiveError> {
    let mut chance = Chance(0x746f_6e6d_6569_7374);
    let mut buffer = Buffer::new(Layout::Stereo, 256);
    let (mut frames, mut made) = (0_u64, 0_u64);
    let (mut first_mib, mut told) = (f64::NAN, Instant::now());
    let begun = Instant::now();
    live.play()?;
    while frames < wishes.seconds * u64::from(RATE) {
        live.settle();
        player.wait_for_clips(256);
        player.fill(&mut buffer.block(256));
        frames += 256;
        let seconds = frames as f64 / f64::from(RATE);
        while (made as f64) < seconds * wishes.edits {
            match edit(&mut song, world.registry(), &mut chance, wishes.structural) {
                Some(frame) => live.locate(frame),
                None => live.edit(&song),
            }
            made += 1;
        }
        if first_mib.is_nan() && seconds > 20.0 {
            first_mib = resident_mib();
        }
        if told.elapsed().as_secs() >= 5 || frames >= wishes.seconds * u64::from(RATE) {
            told = Instant::now();
            let status = live.status();
            println!(
                "{:.0} s: {seconds:.0} s of sound, {made} edits, {} plans ({} late), {} frames missed, {first_mib:.1} MiB after 20 s of \
                 sound, {:.1} MiB now, troubles {:?}",
                begun.elapsed().as_secs_f64(),
                status.plans,
                status.late_plans,
                status.missed_frames,
                resident_mib(),
                live.troubles(),
            );
        }
    }
    Ok(())
}

/// Resident memory of this process, in MiB, where the system tells it.
fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok()).map_or(f64::NAN, |kib| kib / 1024.0)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let wishes = wishes()?;
    let names = stems(&wishes.folder)?;
    let path = wishes.folder.join("song.toml");
    std::fs::write(&path, document(&names))?;
    let world = World::new();
    let (document, _) = world.open_document(&path)?;
    let mut song = document.song().clone();
    let cycle = Some((u64::from(RATE), 58 * u64::from(RATE)));
    let options = LiveOptions { cycle, ..LiveOptions::default() };
    let begun = Instant::now();
    let (live, player): (Live, Player) = world.live(&song, &wishes.folder, &options)?;
    println!(
        "ready after {:.0} ms; the song's effects are {} frames late",
        begun.elapsed().as_secs_f64() * 1e3,
        live.plan().outputs[0].latency
    );
    if wishes.speed == 0.0 {
        return Ok(free(&wishes, &world, song, &live, player)?);
    }
    let playing: Box<dyn Playing> =
        Box::new(Clocked::null(Pace::Wall(wishes.speed)).holding(wishes.periods)).start(player)?;
    live.play()?;
    let mut chance = Chance(0x746f_6e6d_6569_7374);
    let (mut made, mut locates, mut told) = (0_u64, 0_u64, 0);
    let mut slowest = Duration::ZERO;
    let mut preparing_since: Option<Instant> = None;
    let begun = Instant::now();
    let mut first_mib = f64::NAN;
    loop {
        let wall = begun.elapsed().as_secs_f64();
        let sound = wall * wishes.speed;
        if sound >= wishes.seconds as f64 {
            break;
        }
        // As many edits for a second of sound, whatever the speed.
        while (made as f64) < sound * wishes.edits {
            match edit(&mut song, world.registry(), &mut chance, wishes.structural) {
                Some(frame) => {
                    locates += 1;
                    live.locate(frame);
                }
                None => live.edit(&song),
            }
            made += 1;
        }
        let status = live.status();
        match (status.preparing, preparing_since) {
            (true, None) => preparing_since = Some(Instant::now()),
            (false, Some(since)) => {
                slowest = slowest.max(since.elapsed());
                preparing_since = None;
            }
            _ => {}
        }
        for trouble in live.troubles() {
            println!("trouble: {trouble}");
        }
        if wall as u64 > told {
            told = wall as u64;
            let performance = playing.performance();
            let mib = resident_mib();
            if told >= 20 && first_mib.is_nan() {
                first_mib = mib;
            }
            println!(
                "{told} s: {:.0} s of sound, {made} edits ({locates} locates), {} plans ({} late), {} xruns of {} blocks, load \
                 {:.1} %, 99.9 % in {:.2} ms, worst {:.2} ms of {:.2} (made in {:.2}, worked on for {:.2}, {} of them heavy; woken {:.2} late), {} frames missed, {mib:.1} MiB",
                performance.blocks as f64 * 256.0 / f64::from(RATE),
                status.plans,
                status.late_plans,
                performance.xruns,
                performance.blocks,
                100.0 * performance.load,
                performance.most_ms,
                performance.worst_ms,
                performance.block_ms,
                performance.made_ms,
                performance.worked_ms,
                performance.heavy,
                performance.woken_ms,
                status.missed_frames,
            );
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let status = live.status();
    let performance = playing.stop()?;
    println!(
        "realtime {}, in memory {}, longest preparation {:.0} ms, memory {first_mib:.1} MiB after 20 s and {:.1} MiB at the end",
        performance.realtime,
        performance.in_memory,
        slowest.as_secs_f64() * 1e3,
        resident_mib()
    );
    let good = performance.xruns == 0 && status.missed_frames == 0;
    println!("{}", if good { "passed" } else { "FAILED" });
    std::process::exit(i32::from(!good));
}
