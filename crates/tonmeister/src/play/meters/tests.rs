use super::super::tests::{options, song};
use super::*;
use crate::measure::MeasureOptions;
use crate::mix::MixOptions;
use crate::output::Depth;
use crate::play::{Listener, PlayOptions};
use crate::progress::Silent;
use crate::world::World;

#[test]
fn meters_have_names() {
    let told = |text: &str| text.parse::<LiveMeter>();
    assert_eq!(told("vu"), Ok(LiveMeter::Needle("vu")));
    assert_eq!(told("reduction"), Ok(LiveMeter::Reduction(None)));
    assert_eq!(told("reduction:drums/gate"), Ok(LiveMeter::Reduction(Some("drums/gate".into()))));
    for wrong in ["", "vu:", "vu2", "reduction:", "loudness:x", "All"] {
        let refused = told(wrong).unwrap_err();
        assert!(refused.contains("ppm-ebu") && refused.contains("reduction:STRIP"), "{wrong}: {refused}");
    }
    let all = expanded(&[LiveMeter::Needle("vu"), LiveMeter::All, LiveMeter::Reduction(Some("a".into()))]);
    assert_eq!(all.len(), SOUNDING.len() + 3);
    assert_eq!(all[0], LiveMeter::Needle("vu"));
    assert!(is_meant(None, "master/limiter") && !is_meant(None, "mastering/limiter"));
    assert!(is_meant(Some("a"), "a/gate") && is_meant(Some("a/gate"), "a/gate") && !is_meant(Some("a/gat"), "a/gate"));
}

/// What stands there at the end is what *measure* says of the same render, to the last digit, and what *mix* says of its dynamics.
#[test]
fn what_live_needles_reach_is_what_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let (world, path) = (World::new(), song(folder.path()));
    let played = folder.path().join("played.wav");
    let meters = vec![LiveMeter::All, LiveMeter::Reduction(Some("b".into()))];
    let to = PlayOptions { meters: meters.clone(), ..options(Listener::File(played.clone(), Depth::Float32)) };
    let report = world.play(&path, &to, &mut Silent, &mut |remark| panic!("{remark}")).unwrap();
    let live = report.meters.unwrap();
    assert_eq!(live.unheard_frames, 0);
    let measured = world.measure(&played, &MeasureOptions::default(), &mut Silent).unwrap().loudness;
    let needles = world.needles(&played, &MeasureOptions::default(), &mut Silent).unwrap().meters;
    assert!(live.loudness.as_ref() == Some(&measured), "{:?}\n{measured:?}", live.loudness);
    assert_eq!((live.needles.len(), needles.len()), (SOUNDING.len(), 9));
    assert!(live.needles[2..] == needles[..], "{:?}\n{needles:?}", live.needles);
    let high = |place: usize, channel: usize| live.needles[place].highest[channel].db;
    for channel in 0..2 {
        assert_eq!(high(0, channel), measured.channels[channel].sample_peak_dbfs);
        assert_eq!(high(1, channel), measured.channels[channel].true_peak_dbtp);
    }
    let mix = MixOptions::whole(folder.path().join("mix.wav"), Depth::Float32);
    let mixed = world.mix(&path, &mix, &mut Silent).unwrap();
    let [told] = &live.reductions[..] else { panic!("{:?}", live.reductions) };
    let compressor = mixed.dynamics.iter().find(|d| d.address == told.address).unwrap();
    assert!(
        told.most_db > 3.0 && (told.most_db - compressor.max_reduction_db).abs() < 1e-4,
        "{told:?} and {compressor:?}"
    );

    // By the clock, with somebody who looks on: the same, and needles that moved meanwhile.
    let nobody = PlayOptions { meters, ..options(Listener::Nobody(8.0)) };
    let mut shown = Vec::new();
    let show = &mut |needles: &LiveNeedles| shown.push(needles.clone());
    let again = world.play_watched(&path, &nobody, &mut Silent, &mut |_| (), show).unwrap();
    assert_eq!(again.meters.unwrap(), live);
    assert!(shown.len() > 2 && shown.iter().all(|s| s.rows.len() == SOUNDING.len() + 2), "{}", shown.len());
    let vu = |s: &LiveNeedles| s.rows[3].needles[0].1;
    assert!(shown.iter().any(|s| vu(s).level_db > -30.0), "{shown:?}");
    assert!(shown.iter().all(|s| vu(s).held_db >= vu(s).level_db && vu(s).highest_db >= vu(s).held_db));
    let last = shown.last().unwrap();
    let (loudness, reduction) = (&last.rows[SOUNDING.len()], &last.rows[SOUNDING.len() + 1]);
    assert_eq!(loudness.needles.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["M", "S", "I"]);
    assert_eq!(reduction.title, "b/compressor");
    assert!(shown.iter().any(|s| s.rows[SOUNDING.len() + 1].needles[0].1.level_db > 1.0));
}

#[test]
fn dynamics_that_are_not_there_are_not_watched() {
    let folder = tempfile::tempdir().unwrap();
    let (world, path) = (World::new(), song(folder.path()));
    for of in [None, Some("a"), Some("b/gate"), Some("nobody")] {
        let meters = vec![LiveMeter::Reduction(of.map(str::to_owned))];
        let options = PlayOptions { meters, ..options(Listener::Nobody(100.0)) };
        let refused = world.play(&path, &options, &mut Silent, &mut |_| ()).unwrap_err().to_string();
        assert!(refused.contains(of.unwrap_or("master")) && refused.contains("b/compressor"), "{refused}");
    }
}
