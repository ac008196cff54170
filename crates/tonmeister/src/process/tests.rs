//! One effect over one file: on its frames, of its length, and what was taken away.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use tempfile::TempDir;
use tonmeister_core::{Buffer, Layout};
use tonmeister_dsp::testing::{noise, stereo_noise};
use tonmeister_media::{Format, SampleFormat, Writer};

use super::ProcessOptions;
use crate::{Depth, Failure, ProcessReport, Silent, World};

const RATE: u32 = 44_100;
const FRAMES: usize = 30_000;

struct Bench {
    folder: TempDir,
    world: World,
}

impl Bench {
    fn new() -> Self {
        let bench = Bench { folder: tempfile::tempdir().expect("a folder"), world: World::new() };
        write(&bench.at("quiet.wav"), RATE, &stereo_noise(1, 0.05, FRAMES));
        write(&bench.at("loud.wav"), RATE, &stereo_noise(2, 0.9, FRAMES));
        write(&bench.at("mono.wav"), RATE, &Buffer::from_mono(noise(3, 0.5, FRAMES)));
        write(&bench.at("key.wav"), 22_050, &Buffer::from_mono(noise(4, 0.9, 5_000)));
        bench
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn options(&self, output: &str, set: &[(&str, &str)]) -> ProcessOptions {
        let mut options = ProcessOptions::new(self.at(output));
        options.depth = Depth::Float32;
        options.set = set.iter().map(|(address, value)| ((*address).into(), (*value).into())).collect();
        options
    }

    fn run(&self, effect: &str, input: &str, options: &ProcessOptions) -> Result<ProcessReport, Failure> {
        self.world.process(effect, &self.at(input), options, &mut Silent)
    }

    fn samples(&self, name: &str) -> Buffer {
        let mut source = tonmeister_media::open(self.at(name)).expect("the file").source;
        let info = source.info();
        let mut buffer = Buffer::new(info.layout, info.frames as usize);
        assert_eq!(source.read(&mut buffer.block(info.frames as usize)).expect("samples"), info.frames as usize);
        buffer
    }
}

fn write(path: &Path, rate: u32, audio: &Buffer) {
    let mut writer = Writer::create(path, Format::Wav(SampleFormat::Float32), rate, audio.layout()).expect("a file");
    writer.write(audio.view(audio.frames())).expect("its samples");
    writer.finish().expect("its end");
}

#[test]
fn what_is_left_alone_stays_on_its_frames_and_nothing_is_taken_away() {
    let bench = Bench::new();
    let mut options = bench.options("out.wav", &[("ceiling_dbtp", "-1")]);
    options.residual = Some(bench.at("gone.wav"));
    let report = bench.run("limiter", "quiet.wav", &options).expect("it runs");
    assert!(report.latency_frames > 0, "the limiter looks ahead");
    assert!(bench.samples("out.wav") == bench.samples("quiet.wav"));
    assert!(bench.samples("gone.wav") == Buffer::new(Layout::Stereo, FRAMES));
}

#[test]
fn output_and_residual_are_the_input_whatever_the_block_size() {
    let mut bench = Bench::new();
    let mut before = None;
    for block in [4096, 100, 7] {
        bench.world.block = block;
        let mut options = bench.options("out.wav", &[("ceiling_dbtp", "-12")]);
        options.residual = Some(bench.at("gone.wav"));
        let report = bench.run("limiter", "loud.wav", &options).expect("it runs");
        assert!(report.dynamics.expect("it is a dynamics processor").max_reduction_db > 6.0);
        let (out, gone, input) = (bench.samples("out.wav"), bench.samples("gone.wav"), bench.samples("loud.wav"));
        for channel in 0..2 {
            for i in 0..FRAMES {
                let sum = out.channel(channel)[i] + gone.channel(channel)[i];
                assert!((sum - input.channel(channel)[i]).abs() < 1.2e-7, "{block}: {i}");
            }
        }
        assert!(before.replace((out.clone(), gone.clone())).is_none_or(|(o, g)| o == out && g == gone), "{block}");
    }
}

#[test]
fn mono_stays_mono_and_a_tail_is_written_when_asked_for() {
    let bench = Bench::new();
    let set = [("time_ms", "1/8."), ("mix_percent", "50")];
    let mut options = bench.options("out.wav", &set);
    options.tempo_bpm = 150.0;
    let report = bench.run("delay", "mono.wav", &options).expect("it runs");
    assert_eq!(report.written.frames, FRAMES as u64);
    let time = report.settings.iter().find(|setting| setting.address == "time_ms").expect("the time");
    assert_eq!(time.value, "\"1/8.\"");
    options.tail = true;
    options.residual = Some(bench.at("gone.wav"));
    let (plain, report) = (bench.samples("out.wav"), bench.run("delay", "mono.wav", &options).expect("it runs"));
    assert!(report.written.frames > FRAMES as u64 + 13_000, "at least one echo: {}", report.written.frames);
    assert_eq!(report.residual.expect("a residual").frames, report.written.frames);
    let (ringing, gone) = (bench.samples("out.wav"), bench.samples("gone.wav"));
    assert_eq!(ringing.channel(0)[..FRAMES], *plain.channel(0));
    assert_eq!(gone.channel(0)[FRAMES], -ringing.channel(0)[FRAMES], "behind the input there is only the tail");
}

#[test]
fn a_key_of_another_rate_steers_it_and_silence_follows() {
    let bench = Bench::new();
    let mut options = bench.options("out.wav", &[("threshold_db", "-40"), ("ratio", "20"), ("release_ms", "5")]);
    options.key = Some(bench.at("key.wav"));
    bench.run("compressor", "quiet.wav", &options).expect("it runs");
    let (out, input) = (bench.samples("out.wav"), bench.samples("quiet.wav"));
    let level = |audio: &Buffer, from: usize, to: usize| -> f64 {
        audio.channel(0)[from..to].iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / (to - from) as f64
    };
    assert!(level(&out, 3_000, 9_000) < 0.05 * level(&input, 3_000, 9_000), "the key turns it down");
    let rest = level(&out, 25_000, FRAMES) / level(&input, 25_000, FRAMES);
    assert!((rest - 1.0).abs() < 1e-3, "and lets it go where it ends: {rest}");
    let refused = bench.run("eq", "quiet.wav", &ProcessOptions { set: Vec::new(), ..options }).expect_err("no key");
    assert!(refused.to_string().contains("listens to no side-chain"), "{refused}");
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_written() {
    type Set<'a> = &'a [(&'a str, &'a str)];
    let bench = Bench::new();
    let cases: [(&str, Set<'_>, &str); 12] = [
        ("comprssor", &[], "did you mean `compressor`?"),
        ("compressor", &[("treshold_db", "-3")], "did you mean `threshold_db`?"),
        ("compressor", &[("ratio", "300")], "a number from 1 to 100:1"),
        ("compressor", &[("ratio", "nan")], "expected a number"),
        ("compressor", &[("ratio", "1/4")], "expected a number"),
        ("compressor", &[("attack_ms", "1/3")], "expected a note"),
        ("compressor", &[("attack_ms", "4/1")], "at 120 BPM that is 8000 ms"),
        ("compressor", &[("detector", "rmss")], "did you mean `rms`?"),
        ("compressor", &[("auto_makeup", "1")], "expected true or false"),
        ("compressor", &[("ratio", "2"), ("ratio", "3")], "set twice"),
        ("eq", &[("bells/2/hz", "100")], "without gaps"),
        ("eq", &[("bells/hz", "100")], "did you mean `bells/1/hz`?"),
    ];
    for (effect, set, words) in cases {
        let refused = bench.run(effect, "quiet.wav", &bench.options("out.wav", set)).expect_err(words);
        assert!(matches!(refused, Failure::Usage(_)) && refused.to_string().contains(words), "{refused}");
    }
    let mut options = bench.options("out.wav", &[]);
    options.files = vec![("ir".into(), bench.at("key.wav"))];
    assert!(bench.run("eq", "quiet.wav", &options).expect_err("no file").to_string().contains("takes no file `ir`"));
    let mut options = bench.options("out.wav", &[]);
    options.residual = Some(bench.at("quiet.wav"));
    assert!(matches!(bench.run("eq", "quiet.wav", &options), Err(Failure::Output { .. })));
    assert!(matches!(bench.run("eq", "missing.wav", &bench.options("out.wav", &[])), Err(Failure::Input { .. })));
    bench.world.stop.store(true, Ordering::Relaxed);
    assert!(matches!(bench.run("eq", "quiet.wav", &bench.options("out.wav", &[])), Err(Failure::Interrupted)));
    let mut names: Vec<_> =
        std::fs::read_dir(bench.folder.path()).expect("it").map(|e| e.expect("a file").file_name()).collect();
    names.sort();
    assert_eq!(names, ["key.wav", "loud.wav", "mono.wav", "quiet.wav"], "nothing is left behind");
}

#[test]
fn every_effect_of_the_rack_is_listed_and_described() {
    let world = World::new();
    let listed: Vec<&str> = world.rack().iter().flat_map(|shelf| &shelf.effects).map(|effect| effect.id).collect();
    assert_eq!(listed.len(), world.registry().specs().count());
    for id in listed {
        let effect = world.describe(id).expect("it is there");
        let spec = world.registry().spec(id).expect("it is there");
        let count = spec.params.len() + spec.groups.iter().map(|group| group.params.len()).sum::<usize>();
        assert_eq!((effect.params.len(), effect.files.len()), (count, spec.files.len()), "{id}");
    }
}
