//! Faults put into clean material on purpose: every one must be found, and nothing else.

mod common;

use std::f64::consts::TAU;
use std::sync::OnceLock;

use common::{files, material, read};
use tonmeister_core::{Buffer, Layout, Severity, SourceInfo};
use tonmeister_dsp::testing::noise;
use tonmeister_measure::check::{Config, Finding, Inspection, Inspector, Member, compare_set};

const RATE: u32 = 48_000;

/// Without the rules of width, tone and neighbors, which are proved by injected faults in `find`.
fn old() -> Config {
    use tonmeister_core::Level;
    let others = [
        "near-mono",
        "mono-stretch",
        "one-sided",
        "mono-loss",
        "mono-loss-band",
        "out-of-phase",
        "low-end-wide",
        "resonance",
        "harsh",
        "muddy",
        "soft-clipped",
        "sibilant",
        "plosive",
        "delay-pair",
        "masked",
    ];
    others.into_iter().fold(Config::default(), |config, rule| match config.with_level(rule, Level::Allow) {
        Ok(config) => config,
        Err(error) => panic!("{error}"),
    })
}

fn inspect_at(rate: u32, audio: &Buffer) -> Inspection {
    let info = SourceInfo { sample_rate: rate, layout: audio.layout(), frames: audio.frames() as u64 };
    let mut inspector = Inspector::with_config(info, &old());
    inspector.push(audio.view(audio.frames()));
    inspector.finish()
}

fn inspect(audio: &Buffer) -> Inspection {
    inspect_at(RATE, audio)
}

fn rules(findings: &[Finding]) -> Vec<&'static str> {
    // Where a note breaks off for the next one the instruments here jump: those are clicks, and rightly found.
    let told = |f: &&Finding| f.rule != "click";
    let mut rules: Vec<_> = findings.iter().filter(told).map(|f| f.rule).collect();
    rules.dedup();
    rules
}

fn without_clicks(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.retain(|f| f.rule != "click");
    findings
}

/// Stored with that many bits, clipped at full scale as a converter does.
fn stored(samples: &[f64], bits: i32) -> Vec<f32> {
    let full = 2f64.powi(bits - 1);
    samples.iter().map(|s| ((s * full).round().clamp(-full, full - 1.0) / full) as f32).collect()
}

fn peak(samples: &[f64]) -> f64 {
    samples.iter().fold(0.0, |a, b| a.max(b.abs()))
}

/// Instruments, 6 s each: hits of noise, plucked strings, a voice of formants, a bass, a pad of saws.
fn instrument(kind: usize, seed: u64) -> Vec<f64> {
    let frames = 6 * RATE as usize;
    let grain = noise(seed, 1.0, frames);
    let mut out = vec![0.0; frames];
    let beat = 9_000 + 700 * (seed as usize % 7);
    let mut low = [0.0; 2];
    let mut string = vec![0.0; 600];
    for n in 0..frames {
        let since = n % beat;
        let t = since as f64 / f64::from(RATE);
        let note = 82.0 * 2f64.powf((((n / beat) * 5 + seed as usize) % 13) as f64 / 12.0);
        let period = (f64::from(RATE) / note) as usize;
        let white = f64::from(grain[n]);
        out[n] = match kind {
            0 => white * (-t * 25.0).exp(),
            1 => {
                // Karplus and Strong's string: a burst that goes round and loses its edge.
                let place = since % period;
                let next = (place + 1) % period;
                string[place] = if since < period { white } else { 0.499 * (string[place] + string[next]) };
                string[place]
            }
            2 => {
                let throat = (note * t).fract() - 0.5 + 0.1 * white;
                low[0] += 0.15 * (throat - low[0]);
                low[1] += 0.02 * (low[0] - low[1]);
                (low[0] - low[1]) * (1.0 - (-t * 60.0).exp())
            }
            3 => {
                (TAU * note * t).sin() * (-t * 2.0).exp() + 0.3 * (2.0 * TAU * note * t + 1.0).sin() * (-t * 5.0).exp()
            }
            _ => [0.997, 1.0, 1.004].iter().map(|d| (2.0 * note * d * n as f64 / f64::from(RATE)).fract() - 0.5).sum(),
        };
    }
    let mean = out.iter().sum::<f64>() / frames as f64;
    for s in &mut out {
        *s -= mean;
    }
    // A string's burst reaches 6.3 dB higher between its samples than on them: so low that it stays below full scale there.
    let gain = 0.45 / peak(&out);
    // As it would be delivered: from silence to silence.
    let fade = |n: usize| (n.min(frames - 1 - n) as f64 / 1440.0).min(1.0);
    out.iter().enumerate().map(|(n, s)| s * gain * fade(n)).collect()
}

const KINDS: usize = 5;

fn clean() -> &'static [Vec<f64>] {
    static CLEAN: OnceLock<Vec<Vec<f64>>> = OnceLock::new();
    let each = |kind: usize| (1..=2).map(move |seed| instrument(kind, 11 * kind as u64 + seed));
    CLEAN.get_or_init(|| (0..KINDS).flat_map(each).collect())
}

#[test]
fn clean_files_are_not_accused() {
    for (i, signal) in clean().iter().enumerate() {
        for bits in [16, 24] {
            let other = instrument((i + 1) % KINDS, 77);
            let audio = Buffer::from_stereo(stored(signal, bits), stored(&other, bits));
            let none: [&str; 0] = [];
            assert_eq!(rules(&inspect(&audio).findings), none, "instrument {i}");
            assert_eq!(rules(&inspect(&Buffer::from_mono(stored(signal, bits))).findings), none, "instrument {i}");
        }
    }
}

#[test]
fn clipping_is_found_at_any_gain_and_word_length() {
    let (mut injected, mut found) = (0, 0);
    for (i, signal) in clean().iter().enumerate() {
        for cut_db in [1.0, 3.0, 9.0] {
            let level = peak(signal) / 10f64.powf(cut_db / 20.0);
            for (gain, bits) in [(1.0, 16), (1.0, 24), (0.25, 24), (1.0 / level, 16)] {
                let cut: Vec<f64> = signal.iter().map(|s| s.clamp(-level, level) * gain).collect();
                let audio = stored(&cut, bits);
                // What a person would count on paper: runs of three and more at the level.
                let flat = |run: &[f32]| run.iter().all(|s| f64::from(s.abs()) >= level * gain * (1.0 - 5e-5));
                if audio.windows(3).filter(|w| flat(w)).count() < 3 {
                    continue;
                }
                injected += 1;
                let inspection = inspect(&Buffer::from_mono(audio));
                let hit = inspection.findings.iter().find(|f| f.rule == "clipped");
                found += usize::from(hit.is_some());
                // Cutting unevenly leaves a lean behind as well.
                // Cut at full scale, the waveform overshoots between the samples.
                let fitting = ["clipped", "clipped-passage", "dc-offset", "true-peak", "click"];
                let others = inspection.findings.iter().filter(|f| !fitting.contains(&f.rule)).count();
                assert_eq!(others, 0, "instrument {i}, {cut_db} dB, gain {gain}: {:?}", rules(&inspection.findings));
                let first = signal.iter().position(|s| s.abs() >= level * (1.0 - 1e-4)).unwrap();
                let at = hit.unwrap().at.unwrap();
                assert!(at.from_s + 1e-3 >= first as f64 / f64::from(RATE), "{at:?}");
            }
        }
    }
    eprintln!("clipping: {found} of {injected}");
    assert!(injected >= 60 && found == injected);
}

#[test]
fn faults_of_one_file_are_found_alone() {
    for (i, signal) in clean().iter().enumerate() {
        let left = stored(signal, 24);
        let right = stored(&instrument((i + 2) % KINDS, 99), 24);
        let stereo = |change: &dyn Fn(usize, usize, f32) -> f32| {
            let side = |c: usize, s: &[f32]| s.iter().enumerate().map(|(n, x)| change(c, n, *x)).collect();
            without_clicks(inspect(&Buffer::from_stereo(side(0, &left), side(1, &right))).findings)
        };
        let silent = stereo(&|_, n, _| if n % 2 == 0 { 1e-5 } else { -1e-5 });
        assert_eq!(rules(&silent), ["silent"]);
        let one_side = stereo(&|c, _, x| if c == 1 { 0.0 } else { x });
        assert_eq!((rules(&one_side), one_side[0].channel), (vec!["silent-channel"], Some(1)));
        let broken = stereo(&|c, n, x| if c == 1 && n == 5000 { f32::NAN } else { x });
        assert_eq!((rules(&broken), broken[0].severity), (vec!["non-finite"], Severity::Error));
        assert_eq!((broken[0].evidence("count"), broken[0].evidence("first")), (Some(1.0), Some(5000.0)));
        let hot = stereo(&|c, _, x| if c == 0 { x * 2.3 } else { x });
        assert_eq!((rules(&hot), hot[0].channel), (vec!["over-full-scale", "true-peak"], Some(0)));
        let leaning = stereo(&|c, _, x| if c == 1 { x + 0.02 } else { x });
        assert_eq!((rules(&leaning), leaning[0].severity), (vec!["dc-offset"], Severity::Warning));
        let mean = right.iter().map(|s| f64::from(s + 0.02)).sum::<f64>() / right.len() as f64;
        assert!((leaning[0].evidence("mean").unwrap() - mean).abs() < 1e-5);
        let late = stereo(&|_, n, x| if n < 200_000 { 0.0 } else { x });
        assert!(!rules(&late).contains(&"leading-silence"), "four seconds of silence are nothing");
        let half = left.iter().map(|s| s * 0.5).collect();
        let panned = without_clicks(inspect(&Buffer::from_stereo(left.clone(), half)).findings);
        assert_eq!(rules(&panned), ["dual-mono"]);
        assert!((panned[0].evidence("right_against_left").unwrap() + 6.02).abs() < 0.01);
    }
    let mut padded = vec![0.0; 600_000];
    padded.extend(stored(&clean()[0], 24));
    padded.resize(padded.len() + 700_000, 0.0);
    let padded = inspect(&Buffer::from_mono(padded));
    assert_eq!(rules(&padded.findings), ["leading-silence", "trailing-silence"]);
    assert!((padded.stats.leading_silence_s - 12.5).abs() < 0.01);
    assert!(padded.stats.trailing_silence_s >= 700_000.0 / 48_000.0);
}

/// One source at two microphones: each with its distance, its colour and its own noise.
fn microphones(source: &[f64], seed: u64, sign: f64, noise_db: f64) -> (Vec<f32>, Vec<f32>) {
    let hear = |delay: usize, colour: f64, seed: u64, sign: f64| -> Vec<f32> {
        let hiss = noise(seed, 1.0, source.len());
        // Uniform noise of peak p has the power p²/3.
        let power = source.iter().map(|s| s * s).sum::<f64>() / source.len() as f64;
        let level = (3.0 * power * 10f64.powf(noise_db / 10.0)).sqrt();
        let mut dull = 0.0;
        (0..source.len())
            .map(|n| {
                let x = n.checked_sub(delay).map_or(0.0, |n| source[n]);
                dull += 0.2 * (x - dull);
                (sign * (x + colour * dull) + level * f64::from(hiss[n])) as f32
            })
            .collect()
    };
    let delay = 5 + (seed as usize * 13) % 90;
    (hear(5, 0.6, seed, 1.0), hear(delay, -0.4, seed + 1000, sign))
}

#[test]
fn turned_microphones_are_found_and_right_ones_are_not() {
    let mut pairs = 0;
    for kind in [0, 1, 2, 4] {
        for seed in 1..=3 {
            let source = instrument(kind, seed);
            for sign in [1.0, -1.0] {
                let (near, far) = microphones(&source, seed, sign, -20.0);
                let stereo = inspect(&Buffer::from_stereo(near.clone(), far.clone()));
                let (a, b) = (inspect(&Buffer::from_mono(near)), inspect(&Buffer::from_mono(far)));
                let set = compare_set(
                    &[Member { name: "near", inspection: &a }, Member { name: "far", inspection: &b }],
                    &old(),
                );
                let turned = sign < 0.0;
                let what = format!("instrument {kind}, seed {seed}, sign {sign}: {:?}", stereo.stats.sides);
                assert_eq!(rules(&stereo.findings).contains(&"polarity-stereo"), turned, "{what}");
                assert_eq!(rules(&set), if turned { vec!["polarity-pair"] } else { vec![] }, "{what}");
                pairs += 1;
            }
        }
    }
    eprintln!("polarity: all {pairs} pairs judged rightly");
}

#[test]
fn different_instruments_are_no_pairs() {
    let inspections: Vec<Inspection> = clean().iter().map(|s| inspect(&Buffer::from_mono(stored(s, 24)))).collect();
    let members: Vec<Member<'_>> = inspections.iter().map(|inspection| Member { name: "", inspection }).collect();
    assert_eq!(compare_set(&members, &old()), []);
}

#[test]
fn the_odd_one_out_is_named() {
    let signal = stored(&clean()[0], 24);
    let inspect_frames = |rate: u32, frames: usize| inspect_at(rate, &Buffer::from_mono(signal[..frames].to_vec()));
    let usual: Vec<Inspection> = (0..3).map(|_| inspect_frames(48_000, 240_000)).collect();
    let short = inspect_frames(48_000, 239_000);
    let slow = inspect_frames(44_100, 220_500);
    let mut members: Vec<Member<'_>> = usual.iter().map(|i| Member { name: "usual", inspection: i }).collect();
    members.push(Member { name: "short", inspection: &short });
    members.push(Member { name: "slow", inspection: &slow });
    let findings = compare_set(&members, &old());
    let named: Vec<_> = findings.iter().map(|f| (f.rule, f.files[0].as_str())).collect();
    assert_eq!(named, [("sample-rate-differs", "slow"), ("length-differs", "short")]);
    let apart = findings[1].evidence("difference").unwrap();
    assert!((apart + 1000.0 / 48_000.0).abs() < 1e-9);
}

/// Stems of one song that are 12 s long, one with another rate in its header: all of 48 changes between the families are
/// found, on the right file and once; the lengths of music and of files alike are none.
#[test]
fn a_rate_that_is_not_its_own_is_named() {
    let silent = |rate: u32, frames: usize| inspect_at(rate, &Buffer::new(Layout::Mono, frames));
    let named = |all: &[&Inspection]| -> Vec<(&'static str, String)> {
        let names: Vec<String> = (0..all.len()).map(|n| n.to_string()).collect();
        let members = all.iter().zip(&names).map(|(inspection, name)| Member { name, inspection });
        let found = compare_set(&members.collect::<Vec<_>>(), &old());
        found.iter().map(|f| (f.rule, f.files[0].clone())).collect()
    };
    let (discs, films) = ([44_100, 88_200], [48_000, 96_000, 32_000]);
    let mut changes = 0;
    for (usual, others) in [(&discs[..], &films[..]), (&films[..], &discs[..])] {
        for rate in usual {
            let right = silent(*rate, 12 * *rate as usize);
            for other in others {
                // The header says another rate; or the audio is of another rate, and the header says the usual one.
                let header = silent(*other, 12 * *rate as usize);
                let audio = silent(*rate, 12 * *other as usize + 1);
                for (at, wrong) in [(0, &header), (2, &header), (0, &audio), (3, &audio)] {
                    let mut all = vec![&right; 4];
                    all[at] = wrong;
                    let mut found = named(&all);
                    found.retain(|(rule, _)| *rule != "sample-rate-differs");
                    assert_eq!(found, [("wrong-rate", at.to_string())], "{rate} Hz, {other} Hz");
                    changes += 1;
                }
            }
        }
    }
    assert_eq!(changes, 48);
    // Of two files, one; and a file that is half or two thirds as long is just shorter.
    let (right, wrong) = (silent(48_000, 576_000), silent(48_000, 529_200));
    assert_eq!(named(&[&right, &wrong]).len(), 1);
    for frames in [1_152_000, 768_000, 864_000, 530_000] {
        let found = named(&[&right, &right, &right, &silent(48_000, frames)]);
        assert_eq!(found, [("length-differs", "3".into())], "{frames} frames");
    }
}

#[test]
fn nothing_and_less_than_a_tile_are_inspected() {
    assert_eq!(rules(&inspect(&Buffer::new(Layout::Stereo, 0)).findings), ["empty"]);
    assert_eq!(rules(&inspect(&Buffer::new(Layout::Mono, 10)).findings), ["silent"]);
    assert_eq!(compare_set(&[], &old()), []);
}

#[test]
fn the_cut_does_not_matter() {
    let source = instrument(1, 5);
    let (left, right) = microphones(&source, 5, -1.0, -20.0);
    let clipped = left.iter().map(|s| s.clamp(-0.3, 0.3)).collect();
    let audio = Buffer::from_stereo(clipped, right);
    let info = SourceInfo { sample_rate: RATE, layout: Layout::Stereo, frames: audio.frames() as u64 };
    let whole = inspect(&audio);
    for size in [1, 100, 1024, 5000] {
        let mut inspector = Inspector::with_config(info, &old());
        for at in (0..audio.frames()).step_by(size) {
            inspector.push(audio.view(audio.frames()).part(at, audio.frames().min(at + size)));
        }
        let cut = inspector.finish();
        assert_eq!((cut.findings, cut.stats), (whole.findings.clone(), whole.stats.clone()), "blocks of {size}");
    }
}

/// Noise of a mix's color, with a resonance, pressed by a curve.
fn rings_and_is_pressed() -> Buffer {
    let frames = 9 * RATE as usize + 77;
    let side = |seed: u64| -> Vec<f32> {
        let (mut low, mut band) = (0.0, [0.0; 2]);
        let w = TAU * 3000.0 / f64::from(RATE);
        let colored = noise(seed, 0.3, frames).into_iter().map(|x| {
            low += 0.02 * (f64::from(x) - low);
            // A pole near the unit circle: rings at 3 kHz.
            let rings = x as f64 * 0.02 + 2.0 * 0.992 * w.cos() * band[0] - 0.992 * 0.992 * band[1];
            band = [rings, band[0]];
            8.0 * low + 0.2 * f64::from(x) + rings
        });
        colored.map(|x| (0.9 * (3.0 * x).tanh()) as f32).collect()
    };
    Buffer::from_stereo(side(11), side(12))
}

#[test]
fn the_cut_does_not_matter_to_any_rule() {
    let audio = rings_and_is_pressed();
    let info = SourceInfo { sample_rate: RATE, layout: Layout::Stereo, frames: audio.frames() as u64 };
    let heard = |size: usize| {
        let mut inspector = Inspector::new(info);
        for at in (0..audio.frames()).step_by(size) {
            inspector.push(audio.view(audio.frames()).part(at, audio.frames().min(at + size)));
        }
        inspector.finish()
    };
    let whole = heard(audio.frames());
    for rule in ["resonance", "soft-clipped"] {
        assert!(rules(&whole.findings).contains(&rule), "{rule}: {:?}", whole.findings);
    }
    for size in [1, 100, 1024, 5000] {
        let cut = heard(size);
        assert_eq!((cut.findings, cut.stats), (whole.findings.clone(), whole.stats.clone()), "blocks of {size}");
    }
}

#[test]
fn findings_serialise() {
    let signal: Vec<f32> = stored(&instrument(0, 1), 24).iter().map(|s| s.clamp(-0.2, 0.2)).collect();
    let json = serde_json::to_value(inspect(&Buffer::from_mono(signal))).unwrap();
    assert_eq!(json["findings"][0]["rule"], "clipped");
    assert_eq!(json["findings"][0]["severity"], "warning");
    assert!(json["stats"]["channels"][0]["flat_tops"].as_u64().unwrap() > 3);
}

/// Real stems and released tracks: none is called broken, none clipped, and the one turned pair is really one: the
/// right side of that harp is the left side turned, 1.2 ms away (correlation −0.96).
#[test]
fn real_music_is_not_called_broken() {
    let Some(songs) = material("songs") else { return };
    let mut files_of = vec![
        files(&songs.join("freedoom_orchestral_e1m5"), &["flac"]),
        files(&songs.join("evr_caesium"), &["flac"]).into_iter().step_by(2).collect(),
        files(&songs.join("twilight_area_dnb"), &["flac"]).into_iter().step_by(3).collect(),
    ];
    if let Some(finished) = material("finished") {
        files_of.push(files(&finished, &["ogg"]).into_iter().step_by(5).collect());
    }
    for set in files_of {
        let inspected: Vec<(String, Inspection)> = set
            .iter()
            .map(|file| {
                let (rate, audio) = read(file);
                (file.file_stem().unwrap().to_string_lossy().into_owned(), inspect_at(rate, &audio))
            })
            .collect();
        for (name, inspection) in &inspected {
            for finding in &inspection.findings {
                assert!(finding.severity < Severity::Error, "{name}: {finding:?}");
                assert_ne!(finding.rule, "clipped", "{name}: {finding:?}");
                assert!(finding.rule != "polarity-stereo" || name == "harp", "{name}: {finding:?}");
            }
        }
        let members: Vec<Member<'_>> = inspected.iter().map(|(name, inspection)| Member { name, inspection }).collect();
        for finding in compare_set(&members, &old()) {
            assert_eq!(finding.rule, "sample-rate-differs", "{finding:?}");
        }
    }
}

/// Real stems with faults put in.
#[test]
fn faults_in_real_stems_are_found() {
    let Some(songs) = material("songs") else { return };
    let stems = ["sectoid_feelings/guitars", "freedoom_rock_e2m3/drums_snare", "evr_caesium/backing_vocal_main"];
    for stem in stems {
        let (rate, audio) = read(&songs.join(format!("{stem}.flac")));
        let frames = audio.frames();
        let mono: Vec<f64> =
            (0..frames).map(|n| f64::from(audio.channel(0)[n]) + f64::from(audio.channel(1)[n])).collect();
        let level = peak(&mono) * 0.5;
        let clipped: Vec<f64> = mono.iter().map(|s| s.clamp(-level, level) * 0.7).collect();
        let found = inspect_at(rate, &Buffer::from_mono(stored(&clipped, 24)));
        assert!(rules(&found.findings).contains(&"clipped"), "{stem}: {:?}", found.stats);
        for sign in [1.0, -1.0] {
            let (near, far) = microphones(&mono, 7, sign, -20.0);
            let (a, b) = (inspect_at(rate, &Buffer::from_mono(near)), inspect_at(rate, &Buffer::from_mono(far)));
            let members = [Member { name: "near", inspection: &a }, Member { name: "far", inspection: &b }];
            assert_eq!(
                rules(&compare_set(&members, &old())).contains(&"polarity-pair"),
                sign < 0.0,
                "{stem}, sign {sign}"
            );
        }
    }
}
