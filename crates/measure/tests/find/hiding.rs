//! One track over another.

use realfft::RealFftPlanner;
use tonmeister_core::Buffer;
use tonmeister_measure::check::{Config, Finding, Member, compare_set};

use crate::tally::{Count, Dice, Excerpt, Kind, Table, all, cut, inspect, rms_dbfs, whole};

/// 12 s of every stem that sounds in them.
fn stems() -> Option<Vec<Excerpt>> {
    let load = |file: &std::path::PathBuf| {
        let all = whole(file);
        let part = cut(&all, 15 * all.rate as usize, 12 * all.rate as usize);
        (rms_dbfs(&part.audio) > -50.0).then_some(part)
    };
    Some(all(Kind::Stems)?.iter().filter_map(load).collect())
}

/// Whether it sounds for more than a second and a half; what does not is not compared.
fn sounds_long_enough(e: &Excerpt) -> bool {
    let frames = (0.35 * f64::from(e.rate)) as usize;
    let moments = (0..e.audio.frames() / frames).map(|n| rms_dbfs(&cut(e, n * frames, frames).audio));
    let levels: Vec<f64> = moments.collect();
    let loudest = levels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    levels.iter().filter(|level| **level > loudest - 30.0).count() > 4
}

/// A steady noise with the spectrum of a sound: the same magnitudes, other phases.
fn cloud(sound: &[f32], seed: u64, db: f64) -> Vec<f32> {
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, back) = (planner.plan_fft_forward(sound.len()), planner.plan_fft_inverse(sound.len()));
    let mut spectrum = forward.make_output_vec();
    forward.process(&mut sound.to_vec(), &mut spectrum).unwrap();
    let mut dice = Dice::new(seed);
    let last = spectrum.len() - 1;
    for bin in &mut spectrum[1..last] {
        let (sin, cos) = dice.between(0.0, std::f64::consts::TAU).sin_cos();
        *bin *= realfft::num_complex::Complex32::new(cos as f32, sin as f32);
    }
    spectrum[0] = 0.0.into();
    spectrum[last] = 0.0.into();
    let mut out = back.make_output_vec();
    back.process(&mut spectrum, &mut out).unwrap();
    let gain = (10f64.powf(db / 20.0) / sound.len() as f64) as f32;
    for x in &mut out {
        *x *= gain;
    }
    out
}

fn compared(stem: &Excerpt, over: Vec<f32>, config: &Config) -> Option<Finding> {
    let (a, b) = (inspect(stem.rate, &stem.audio), inspect(stem.rate, &Buffer::from_mono(over)));
    let both = [Member { name: "stem", inspection: &a }, Member { name: "cloud", inspection: &b }];
    compare_set(&both, config).into_iter().find(|f| f.rule == "masked" && f.files[0] == "stem")
}

/// How much louder the noise that hides is.
const PUT_DB: [f64; 5] = [10.0, 12.0, 14.0, 16.0, 20.0];

#[test]
fn a_cloud_over_a_track_is_found_and_one_under_it_is_not() {
    let Some(stems) = stems() else { return };
    let always = Config::default().with_limit("masked", 0.0).unwrap();
    let mut table = Table::new("masked");
    let mut counts = [Count::default(); PUT_DB.len()];
    for (n, stem) in stems.iter().enumerate().step_by(2).filter(|(_, stem)| sounds_long_enough(stem)) {
        let middle: Vec<f32> = match stem.audio.layout().channels() {
            // Of the power that both channels have together.
            2 => stem.audio.channel(0).iter().zip(stem.audio.channel(1)).map(|(l, r)| l + r).collect(),
            _ => stem.audio.channel(0).to_vec(),
        };
        let mut last = -1.0;
        for db in [-20.0, -10.0, 0.0].into_iter().chain(PUT_DB) {
            let found = compared(stem, cloud(&middle, n as u64 + 1, db), &always);
            let share = found.as_ref().and_then(|f| f.evidence("share")).unwrap_or(0.0);
            assert!(share >= last - 1e-9, "{}: {share} at {db} dB after {last}", stem.name);
            last = share;
            if db == -10.0 {
                for count in &mut counts {
                    count.without(share >= 0.7);
                }
            }
            if let Some(n) = PUT_DB.iter().position(|put| *put == db) {
                counts[n].with_fault(share >= 0.7);
                if share < 0.7 {
                    eprintln!("masked missed: {} under {db} dB, {share:.2}", stem.name);
                }
            }
        }
    }
    for (db, count) in PUT_DB.into_iter().zip(counts) {
        table.row(format!("noise of its spectrum, {db:+} dB"), count);
        if db >= 12.0 {
            count.assert_good("masked");
        }
    }
}

/// Of the songs as their composers balanced them, few tracks are called hidden: 10 of 73 measured, all of them pads,
/// doubles and percussion under something louder in the same bands.
#[test]
fn balanced_songs_have_few_hidden_tracks() {
    let Some(files) = all(Kind::Stems) else { return };
    let excerpts: Vec<Excerpt> = files.iter().map(|f| whole(f)).collect();
    let inspections: Vec<_> = excerpts.iter().map(|e| inspect(e.rate, &e.audio)).collect();
    let song = |e: &Excerpt| e.name.split('/').next().unwrap_or_default().to_owned();
    let mut songs: Vec<String> = excerpts.iter().map(song).collect();
    songs.dedup();
    let (mut hidden, mut tracks) = (0, 0);
    for title in songs {
        let members: Vec<Member<'_>> = excerpts
            .iter()
            .zip(&inspections)
            .filter(|(e, _)| song(e) == title)
            .map(|(e, inspection)| Member { name: &e.name, inspection })
            .collect();
        tracks += members.len();
        for finding in compare_set(&members, &Config::default()) {
            hidden += usize::from(finding.rule == "masked");
        }
    }
    eprintln!("masked: {hidden} of {tracks} tracks");
    assert!(hidden * 6 <= tracks);
}
