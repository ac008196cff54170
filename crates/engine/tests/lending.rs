//! Gains that are worked out once and laid on every part: the same bits as if each part had worked them out.
#![allow(missing_docs)]

mod support;

use std::sync::Arc;

use proptest::prelude::*;
use support::draw::lane;
use support::{bus, insert, library, run, send, song, track};
use tonmeister_core::{
    Block, BuildError, Context, Effect, EffectSpec, Frames, GainReduction, Processor, Registry, Settings, Stream, Tail,
};
use tonmeister_dsp::dynamics::{Compressor, Expander, Gate, TransientShaper, UpwardCompressor};
use tonmeister_dsp::testing::stereo_noise;
use tonmeister_engine::{Library, Stem, StemPath, Wanted, compile_all};
use tonmeister_session::model::{Curve, Destination, Song, Tap, Target};

/// An effect that does its own work always.
struct Unlent<E>(E);

struct Own(Box<dyn Processor>);

impl<E: Effect> Effect for Unlent<E> {
    const SPEC: &'static EffectSpec = E::SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Unlent(E::from_settings(settings))
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(Own(self.0.build(stream)?)))
    }
}

impl Processor for Own {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        self.0.process(block, context);
    }

    fn latency(&self) -> Frames {
        self.0.latency()
    }

    fn tail(&self) -> Tail {
        self.0.tail()
    }

    fn reset(&mut self) {
        self.0.reset();
    }

    fn gain_reduction(&self) -> Option<GainReduction> {
        self.0.gain_reduction()
    }
}

fn lending() -> Registry {
    let levelers = Registry::new().with::<Compressor>().with::<Expander>().with::<UpwardCompressor>();
    levelers.with::<Gate>().with::<TransientShaper>()
}

fn own() -> Registry {
    let levelers = Registry::new().with::<Unlent<Compressor>>().with::<Unlent<Expander>>();
    let levelers = levelers.with::<Unlent<UpwardCompressor>>().with::<Unlent<Gate>>();
    levelers.with::<Unlent<TransientShaper>>()
}

fn tapes() -> Arc<dyn Library> {
    library(&[("one", stereo_noise(1, 0.5, 20_000)), ("two", stereo_noise(2, 0.3, 17_001))])
}

/// Three tracks, a group, a room; the two dynamics stand on the group and on the master, with a look-ahead and a move.
fn desk(ids: [&'static str; 2], values: [f64; 2], unlinked: bool) -> Song {
    let registry = lending();
    let settings = |id: &str, at: f64| {
        let spec = registry.spec(id).unwrap();
        let mut settings = Settings::new(spec);
        for (key, value) in [("threshold_db", -40.0 + 20.0 * at), ("lookahead_ms", 3.0 * at), ("release_ms", 40.0)] {
            if spec.params.iter().any(|param| param.id == key) {
                settings = settings.with(key, value);
            }
        }
        if unlinked && spec.params.iter().any(|param| param.id == "link_percent") {
            settings = settings.with("link_percent", 30.0);
        }
        settings
    };
    let mut song = song();
    song.buses = vec![bus("group", Destination::Master), bus("room", Destination::Master)];
    song.tracks = vec![
        track("kick", "one", Destination::Bus(0)),
        track("snare", "two", Destination::Bus(0)),
        track("vocal", "two", Destination::Master),
    ];
    song.tracks[2].strip.sends.push(send(1, Tap::Post));
    song.tracks[1].strip.set("fader_db", -3.0);
    song.buses[0].strip.inserts = vec![insert(ids[0], settings(ids[0], values[0]))];
    song.master.strip.inserts =
        vec![insert(ids[1], settings(ids[1], values[1])), insert(ids[0], settings(ids[0], values[1]))];
    song.master.strip.inserts[1].id = "second".into();
    if let Some((param, _)) =
        registry.spec(ids[1]).unwrap().params.iter().enumerate().find(|(_, p)| p.id == "threshold_db")
    {
        let target = Target::Insert { insert: 0, param: tonmeister_core::ParamIndex(param as u32) };
        let points = [(0.0, -40.0, Curve::Linear), (0.2, -15.0, Curve::Hold), (0.3, -30.0, Curve::Linear)];
        song.master.strip.automation.push(lane(target, &points));
    }
    song
}

fn set(mix: &Song, without: &Song) -> Vec<(String, Song, Option<usize>)> {
    vec![
        ("mix".into(), mix.clone(), None),
        ("without".into(), without.clone(), Some(0)),
        ("own".into(), without.clone(), None),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Whatever works by level, on a divided group and twice on the master, moved or not, in stems and in versions that
    /// replay the mix: lent gains are the gains.
    #[test]
    fn lent_gains_are_the_gains(
        first in 0..5_usize, second in 0..5_usize, values in [0.0..1.0_f64, 0.0..1.0_f64], unlinked: bool, block in 1..2000_usize,
        groups: bool, before: bool,
    ) {
        let ids = ["compressor", "expander", "upward_compressor", "gate", "transient_shaper"];
        let mix = desk([ids[first], ids[second]], values, unlinked);
        let mut without = mix.clone();
        without.tracks[0].strip.set("mute", 1.0);
        let songs = set(&mix, &without);
        let stem = |ids: &[&str]| Stem { id: ids[0].into(), strips: ids.iter().map(|id| (*id).to_owned()).collect() };
        let wanted: Vec<Wanted<'_>> = songs.iter().map(|(version, song, replays)| Wanted {
            version: version.clone(),
            song,
            // Stems that divide the group, or do not.
            stems: if groups { Stem::of_groups(song) } else { vec![stem(&["kick"]), stem(&["snare", "vocal"])] },
            path: if before { StemPath::Before } else { StemPath::Through },
            replays: *replays,
            beside: None,
        }).collect();
        let library = tapes();
        let lent = compile_all(&wanted, &lending(), &*library, None).unwrap();
        let borrowers = lent.plan.nodes.iter().flat_map(|node| &node.inserts).filter(|i| i.lender.is_some()).count();
        let keyed = lent.plan.nodes.iter().flat_map(|node| &node.inserts).filter(|i| i.key.is_some()).count();
        prop_assert!(borrowers == keyed, "{borrowers} of {keyed} borrow");
        prop_assert!(borrowers > 0);
        let alone = compile_all(&wanted, &own(), &*library, None).unwrap();
        prop_assert!(alone.plan.nodes.iter().flat_map(|node| &node.inserts).all(|i| i.lender.is_none()));
        let (expected, told) = run(alone, &library, 1, block).unwrap();
        for threads in [1, 2] {
            let lent = compile_all(&wanted, &lending(), &*library, None).unwrap();
            let (outs, lent_told) = run(lent, &library, threads, block).unwrap();
            prop_assert!(outs == expected, "on {threads} threads");
            prop_assert_eq!(&lent_told.gain_reductions, &told.gain_reductions);
        }
    }
}
