//! DR14 against the values that the open reference implementation (`dr14_t.meter`) gives for the same decoded samples.

mod common;

use common::{material, read};
use tonmeister_measure::loudness::{LoudnessMeter, Options, Peaks};

/// Real music, and the DR of left and right as the reference computes them (in `f64`, on samples decoded by ffmpeg).
const REFERENCE: &[(&str, [f64; 2])] = &[
    ("finished/0ad_honor_bound.ogg", [9.510, 10.394]),
    ("finished/colobot_constructive.ogg", [10.230, 10.750]),
    ("finished/etr_race1.ogg", [11.094, 9.612]),
    ("finished/frozen_bubble_1p.ogg", [10.569, 10.501]),
    ("finished/hyperrogue_crossroads.ogg", [11.582, 12.240]),
    ("finished/joshua_morin_on_the_run.ogg", [11.908, 11.686]),
    ("finished/lincity_pronobozo.ogg", [9.288, 9.078]),
    ("finished/mars_ezer_ev.ogg", [6.078, 5.783]),
    ("finished/naev_ambiphonic.ogg", [5.546, 5.386]),
    ("finished/naev_combat3.ogg", [9.144, 10.128]),
    ("finished/neverball_track1.ogg", [12.224, 12.201]),
    ("finished/nexuiz_brokenlight.ogg", [5.173, 4.362]),
    ("finished/plee_castle.ogg", [13.920, 13.920]),
    ("finished/pushover_electro.ogg", [6.777, 7.001]),
    ("finished/singularity_coherence.ogg", [5.336, 5.460]),
    ("finished/stk_hacienda.ogg", [8.167, 7.815]),
    ("finished/supertux_darkforestkeep.ogg", [9.617, 9.825]),
    ("finished/trackballs_tb_design.ogg", [10.395, 11.157]),
    ("finished/tuxmath_rush.ogg", [11.617, 11.489]),
    ("finished/wesnoth_knolls.ogg", [10.511, 10.453]),
    ("finished/widelands_24.ogg", [11.104, 11.134]),
    ("finished/zaz_mus1.ogg", [9.394, 9.066]),
    ("songs/beyond_the_horizon/reference_mix.flac", [12.343, 6.724]),
    ("songs/dear_jon_doe_hiphop/reference_mix.flac", [11.055, 10.889]),
    ("songs/evr_caesium/reference_mix.flac", [15.223, 15.019]),
    ("songs/freedoom_orchestral_e1m5/reference_mix.flac", [10.340, 9.901]),
    ("songs/freedoom_rock_e2m3/reference_mix.flac", [8.155, 8.663]),
    ("songs/sectoid_feelings/reference_mix.flac", [8.757, 9.803]),
    ("songs/twilight_area_dnb/reference_mix.flac", [10.959, 11.588]),
];

#[test]
fn real_music_has_the_dynamic_range_that_the_reference_finds() {
    let mut worst = 0.0_f64;
    for (file, expected) in REFERENCE {
        let Some(path) = material(file) else { return };
        let (rate, audio) = read(&path);
        let options = Options { peaks: Peaks::Sample, ..Options::default() };
        let mut meter = LoudnessMeter::with_options(rate, audio.layout(), options).unwrap();
        meter.push(audio.view(audio.frames()));
        let found = meter.finish();
        for (channel, expected) in found.channels.iter().zip(expected) {
            worst = worst.max((channel.dr_db.unwrap() - expected).abs());
        }
        let rounded = (expected[0].midpoint(expected[1])).round();
        assert_eq!(found.dr_db.map(f64::round), Some(rounded), "{file}");
    }
    println!("{} files: at most {worst:.4} dB from the reference", REFERENCE.len());
    // Measured: 0.001 dB, which is the rounding of the values above.
    assert!(worst < 0.002, "{worst} dB");
}
